"""Pair-based spike-timing-dependent plasticity of an AMPA synapse, all pairs counting."""

from brian2 import ms, nS, siemens

from bioplast.definition import Parameter, Synapse

pair_stdp = Synapse(
    """
    w : 1
    dP/dt = -P/tau_plus : 1 (event-driven)
    dM/dt = -M/tau_minus : 1 (event-driven)
    """,
    on_pre="""
    g_ampa_post += g_max*w
    P += A_plus
    w = clip(w + M, 0, 1)
    """,
    on_post="""
    M -= A_minus
    w = clip(w + P, 0, 1)
    """,
    requires_post={"g_ampa": siemens},
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance at the full weight w = 1"),
        "A_plus": Parameter(0.005, low=0, high=0.1, meaning="potentiation by a pair at zero lag"),
        "A_minus": Parameter(0.00525, low=0, high=0.1, meaning="depression by a pair at zero lag"),
        "tau_plus": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of potentiation"),
        "tau_minus": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of depression"),
    },
    initial={"w": 0.5},
    meaning="additive pair-based STDP",
    source="Song, Miller and Abbott (2000), Nature Neuroscience 3:919, doi:10.1038/78829",
)
