"""Pair STDP whose changes depend on a power of the weight, all pairs counting."""

from brian2 import ms, nS, siemens

from bioplast.definition import Parameter, Synapse

# mu = 0 is additive STDP, mu = 1 multiplicative.
guetig_stdp = Synapse(
    """
    w : 1
    dP/dt = -P/tau_STDP : 1 (event-driven)
    dM/dt = -M/tau_STDP : 1 (event-driven)
    """,
    on_pre="""
    g_ampa_post += g_max*w
    P += 1
    w = clip(w - eta*alpha*w**mu*M, 0, 1)
    """,
    on_post="""
    M += 1
    w = clip(w + eta*(1 - w)**mu*P, 0, 1)
    """,
    requires_post={"g_ampa": siemens},
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance at the full weight w = 1"),
        "eta": Parameter(0.005, low=0, high=0.1, meaning="learning rate (lambda in the paper)"),
        "alpha": Parameter(1.05, low=0.5, high=2, meaning="depression in units of potentiation"),
        "mu": Parameter(1, low=0, high=1, meaning="how much the changes depend on the weight"),
        "tau_STDP": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of both"),
    },
    initial={"w": 0.5},
    meaning="pair-based STDP, additive to multiplicative",
    source="Guetig, Aharonov, Rotter and Sompolinsky (2003), J. Neurosci. 23:3697, "
    "doi:10.1523/JNEUROSCI.23-09-03697.2003",
)
