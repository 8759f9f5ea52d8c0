"""The BCM rule: depression below and potentiation above a threshold that slides with the postsynaptic activity."""

from brian2 import Hz, ms, nS, second, siemens

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = (
    "Bienenstock, Cooper and Munro (1982), J. Neurosci. 2:32, doi:10.1523/JNEUROSCI.02-01-00032.1982\n"
    "Intrator and Cooper (1992), Neural Networks 5:3, doi:10.1016/S0893-6080(05)80003-6 (the mean square as threshold)"
)

# The sliding threshold of the postsynaptic neuron, which needs its rate first: neuron + firing_rate + bcm_threshold.
bcm_threshold = Receptor(
    """
    dtheta_M/dt = (nu**2/nu_0 - theta_M)/tau_theta : hertz
    """,
    requires={"nu": Hz},
    parameters={
        "nu_0": Parameter(10 * Hz, low=1 * Hz, high=100 * Hz, scale="log", meaning="rate at which the threshold rests"),
        "tau_theta": Parameter(
            1000 * ms, low=100 * ms, high=100000 * ms, scale="log", meaning="sliding of the threshold"
        ),
    },
    initial={"theta_M": "nu_0"},
    meaning="sliding threshold of the BCM rule",
    source=_SOURCE,
)

bcm = Synapse(
    """
    dw/dt = eta*nu_pre*nu_post*(nu_post - theta_M_post) : 1 (clock-driven)
    """,
    on_pre="""
    w = clip(w, 0, w_max)
    g_ampa_post += g_max*w
    """,
    requires_pre={"nu": Hz},
    requires_post={"nu": Hz, "theta_M": Hz, "g_ampa": siemens},
    method="euler",
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the weight w = 1"),
        "eta": Parameter(
            1e-5 * second**2, low=1e-8 * second**2, high=1e-3 * second**2, scale="log", meaning="learning rate"
        ),
        "w_max": Parameter(10, low=1, high=100, scale="log", meaning="largest weight"),
    },
    initial={"w": 1},
    meaning="BCM rule, rate-based plasticity with a sliding threshold",
    source=_SOURCE,
)
