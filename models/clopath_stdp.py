"""Clopath's voltage rule: the presynaptic spike and the postsynaptic potential, not its spikes, change the weight."""

from brian2 import ms, mV, nS, siemens, volt

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = "Clopath, Buesing, Vasilaki and Gerstner (2010), Nature Neuroscience 13:344, doi:10.1038/nn.2479"

# What the rule needs on the postsynaptic neuron; u in the paper is v.
clopath_traces = Receptor(
    """
    du_minus/dt = (v - u_minus)/tau_u_minus : volt
    du_plus/dt = (v - u_plus)/tau_u_plus : volt
    """,
    requires={"v": volt},
    parameters={
        "tau_u_minus": Parameter(
            10 * ms, low=1 * ms, high=100 * ms, scale="log", meaning="low-pass of v for depression"
        ),
        "tau_u_plus": Parameter(
            7 * ms, low=1 * ms, high=100 * ms, scale="log", meaning="low-pass of v for potentiation"
        ),
    },
    initial={"u_minus": "v", "u_plus": "v"},
    meaning="low-pass filtered membrane potentials for voltage-based STDP",
    source=_SOURCE,
)

# A_LTD is constant, as in slices. [y]+ of the paper is y*int(y > 0).
clopath_stdp = Synapse(
    """
    dw/dt = A_LTP*x*above_plus*above_minus*int(w < w_max) : 1 (clock-driven)
    dx/dt = -x/tau_x : hertz (clock-driven)
    above_plus = (v_post - theta_plus)*int(v_post > theta_plus) : volt
    above_minus = (u_plus_post - theta_minus)*int(u_plus_post > theta_minus) : volt
    """,
    on_pre="""
    g_ampa_post += g_max*w
    w = clip(w - A_LTD*(u_minus_post - theta_minus)*int(u_minus_post > theta_minus), 0, w_max)
    x += 1/tau_x
    """,
    requires_post={"g_ampa": siemens, "v": volt, "u_minus": volt, "u_plus": volt},
    method="euler",
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the weight w = 1"),
        "A_LTD": Parameter(14e-5 / mV, low=0 / mV, high=1e-3 / mV, meaning="amplitude of depression"),
        "A_LTP": Parameter(8e-5 / mV**2, low=0 / mV**2, high=1e-3 / mV**2, meaning="amplitude of potentiation"),
        "theta_minus": Parameter(-70.6 * mV, low=-80 * mV, high=-60 * mV, meaning="threshold of the averages of v"),
        "theta_plus": Parameter(-45.3 * mV, low=-60 * mV, high=-30 * mV, meaning="threshold of v for potentiation"),
        "tau_x": Parameter(15 * ms, low=5 * ms, high=100 * ms, scale="log", meaning="trace of presynaptic spikes"),
        "w_max": Parameter(3, low=1, high=10, scale="log", meaning="largest weight"),
    },
    initial={"w": 1},
    meaning="voltage-based STDP",
    source=_SOURCE,
)
