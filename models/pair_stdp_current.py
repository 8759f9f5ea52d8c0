"""Pair-based spike-timing-dependent plasticity of a current-based synapse, all pairs counting."""

from brian2 import amp, ms, nA

from bioplast.definition import Parameter, Synapse

# The rule of pair_stdp for neurons without conductances, such as lif + exponential_current.
pair_stdp_current = Synapse(
    """
    w : 1
    dP/dt = -P/tau_plus : 1 (event-driven)
    dM/dt = -M/tau_minus : 1 (event-driven)
    """,
    on_pre="""
    I_syn_post += w_max*w
    P += A_plus
    w = clip(w + M, 0, 1)
    """,
    on_post="""
    M -= A_minus
    w = clip(w + P, 0, 1)
    """,
    requires_post={"I_syn": amp},
    parameters={
        "w_max": Parameter(0.1 * nA, low=0 * nA, high=10 * nA, meaning="jump of the current at the full weight w = 1"),
        "A_plus": Parameter(0.005, low=0, high=1, meaning="potentiation by a pair at zero lag"),
        "A_minus": Parameter(0.00525, low=0, high=1, meaning="depression by a pair at zero lag"),
        "tau_plus": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of potentiation"),
        "tau_minus": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of depression"),
    },
    initial={"w": 0.5},
    meaning="additive pair-based STDP of a current-based synapse",
    source="Song, Miller and Abbott (2000), Nature Neuroscience 3:919, doi:10.1038/78829",
)
