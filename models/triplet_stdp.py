"""Triplet STDP: two traces on either side, so that the change depends on the frequency; all spikes counting."""

from brian2 import ms, nS, siemens

from bioplast.definition import Parameter, Synapse

# The full all-to-all model, fitted to the pairings in visual cortex. A weight of 1 is the one before the protocol.
triplet_stdp = Synapse(
    """
    w : 1
    dr_1/dt = -r_1/tau_plus : 1 (event-driven)
    dr_2/dt = -r_2/tau_x : 1 (event-driven)
    do_1/dt = -o_1/tau_minus : 1 (event-driven)
    do_2/dt = -o_2/tau_y : 1 (event-driven)
    """,
    on_pre="""
    g_ampa_post += g_max*w
    w = clip(w - o_1*(A2_minus + A3_minus*r_2), 0, w_max)
    r_1 += 1
    r_2 += 1
    """,
    on_post="""
    w = clip(w + r_1*(A2_plus + A3_plus*o_2), 0, w_max)
    o_1 += 1
    o_2 += 1
    """,
    requires_post={"g_ampa": siemens},
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the weight w = 1"),
        "A2_plus": Parameter(5e-10, low=0, high=0.1, meaning="potentiation by a pair"),
        "A3_plus": Parameter(6.2e-3, low=0, high=0.1, meaning="potentiation by a triplet post-pre-post"),
        "A2_minus": Parameter(7e-3, low=0, high=0.1, meaning="depression by a pair"),
        "A3_minus": Parameter(2.3e-4, low=0, high=0.1, meaning="depression by a triplet pre-post-pre"),
        "tau_plus": Parameter(16.8 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="decay of r_1"),
        "tau_x": Parameter(101 * ms, low=20 * ms, high=1000 * ms, scale="log", meaning="decay of r_2"),
        "tau_minus": Parameter(33.7 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="decay of o_1"),
        "tau_y": Parameter(125 * ms, low=20 * ms, high=1000 * ms, scale="log", meaning="decay of o_2"),
        "w_max": Parameter(2, low=1, high=10, scale="log", meaning="largest weight"),
    },
    initial={"w": 1},
    meaning="triplet STDP",
    source="Pfister and Gerstner (2006), J. Neurosci. 26:9673, doi:10.1523/JNEUROSCI.1425-06.2006",
)
