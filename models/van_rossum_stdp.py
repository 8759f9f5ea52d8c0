"""Pair STDP whose depression is proportional to the weight, all pairs counting."""

from brian2 import ms, nS, psiemens, siemens

from bioplast.definition import Parameter, Synapse

van_rossum_stdp = Synapse(
    """
    w : siemens
    dP/dt = -P/tau_STDP : 1 (event-driven)
    dM/dt = -M/tau_STDP : 1 (event-driven)
    """,
    on_pre="""
    g_ampa_post += w
    P += 1
    w *= clip(1 - c_d*M, 0, 1)
    """,
    on_post="""
    M += 1
    w += c_p*P
    """,
    requires_post={"g_ampa": siemens},
    parameters={
        "c_p": Parameter(
            7 * psiemens, low=0 * psiemens, high=100 * psiemens, meaning="potentiation by a pair at zero lag"
        ),
        "c_d": Parameter(0.003, low=0, high=0.1, meaning="depression by a pair at zero lag, as a fraction of w"),
        "tau_STDP": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of both"),
    },
    initial={"w": 0.2 * nS},
    meaning="pair-based STDP with multiplicative depression",
    source="van Rossum, Bi and Turrigiano (2000), J. Neurosci. 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000",
)
