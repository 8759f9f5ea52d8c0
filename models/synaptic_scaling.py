"""Synaptic scaling: all weights of a neuron grow or shrink together, towards a target rate."""

from brian2 import Hz, nS, siemens

from bioplast.definition import Parameter, Synapse

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
    meaning="homeostatic synaptic scaling",
    source="van Rossum, Bi and Turrigiano (2000), J. Neurosci. 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000",
)
