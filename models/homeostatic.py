"""Homeostasis: weights of a neuron are scaled together, towards a target rate or a target sum."""

from brian2 import Hz, ms, nS, siemens

from bioplast.definition import Parameter, Receptor, Synapse

# Needs the postsynaptic rate over a long window: neuron + firing_rate with tau_nu = 100 s.
synaptic_scaling = Synapse(
    """
    dw/dt = beta*w*(nu_goal - nu_post) + gamma*w*q : 1 (clock-driven)
    dq/dt = nu_goal - nu_post : 1 (clock-driven)
    """,
    on_pre="g_ampa_post += g_max*w",
    requires_post={"nu": Hz, "g_ampa": siemens},
    method="euler",
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the weight w = 1"),
        "nu_goal": Parameter(20 * Hz, low=1 * Hz, high=100 * Hz, scale="log", meaning="target rate"),
        "beta": Parameter(4e-5, low=1e-6, high=1, scale="log", meaning="proportional gain (per second and hertz)"),
        "gamma": Parameter(1e-7 * Hz, low=0 * Hz, high=1e-3 * Hz, meaning="integral gain (per second**2 and hertz)"),
    },
    initial={"w": 1},
    source="van Rossum, Bi and Turrigiano (2000), J. Neurosci. 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000",
)

weight_sum = Receptor(
    """
    w_sum : 1
    """,
    source="Diehl and Cook (2015), Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099",
)

# The paper divides by the sum between two stimuli; here it happens continuously, with the time constant tau_w.
weight_normalisation = Synapse(
    """
    w_sum_post = w : 1 (summed)
    dw/dt = w*(1 - w_sum_post/W_total)/tau_w : 1 (clock-driven)
    """,
    on_pre="g_ampa_post += g_max*w",
    requires_post={"w_sum": 1, "g_ampa": siemens},
    method="euler",
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the weight w = 1"),
        "W_total": Parameter(78, low=1, high=1000, scale="log", meaning="sum of the weights of a neuron"),
        "tau_w": Parameter(100 * ms, low=10 * ms, high=10000 * ms, scale="log", meaning="time of the normalisation"),
    },
    initial={"w": 1},
    source="Diehl and Cook (2015), Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099",
)
