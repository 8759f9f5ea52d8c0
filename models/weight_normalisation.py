"""Weight normalisation: all weights of a neuron are scaled together, towards a target sum."""

from brian2 import ms, nS, siemens

from bioplast.definition import Parameter, Receptor, Synapse

weight_sum = Receptor(
    """
    w_sum : 1
    """,
    meaning="sum of the afferent weights",
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
    meaning="homeostatic normalisation of the sum of the weights",
    source="Diehl and Cook (2015), Front. Comput. Neurosci. 9:99, doi:10.3389/fncom.2015.00099",
)
