"""Symmetric STDP of an inhibitory synapse: coincident spikes potentiate in either order, presynaptic ones depress."""

from brian2 import Hz, ms, nS, siemens

from bioplast.definition import Parameter, Synapse

symmetric_stdp = Synapse(
    """
    w : 1
    dx_i/dt = -x_i/tau_STDP : 1 (event-driven)
    dx_j/dt = -x_j/tau_STDP : 1 (event-driven)
    """,
    on_pre="""
    g_gaba_a_post += g_max*w
    x_j += 1
    w = clip(w + eta*(x_i - 2*rho_0*tau_STDP), 0, w_max)
    """,
    on_post="""
    x_i += 1
    w = clip(w + eta*x_j, 0, w_max)
    """,
    requires_post={"g_gaba_a": siemens},
    parameters={
        "g_max": Parameter(1 * nS, low=0 * nS, high=50 * nS, meaning="conductance of the weight w = 1"),
        "eta": Parameter(0.01, low=0, high=0.1, meaning="learning rate"),
        "rho_0": Parameter(5 * Hz, low=0 * Hz, high=50 * Hz, meaning="target rate of the postsynaptic neuron"),
        "tau_STDP": Parameter(20 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="window of coincidence"),
        "w_max": Parameter(10, low=1, high=100, scale="log", meaning="largest weight"),
    },
    initial={"w": 0.5},
    meaning="symmetric STDP of an inhibitory synapse",
    source="Vogels, Sprekeler, Zenke, Clopath and Gerstner (2011), Science 334:1569, doi:10.1126/science.1211095",
)
