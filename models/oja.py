"""Oja's rule: Hebbian growth and a decay that keeps the norm of the weights at 1/sqrt(alpha)."""

from brian2 import Hz, nS, second, siemens

from bioplast.definition import Parameter, Synapse

# x and y of the paper are the rates nu of the two neurons.
oja = Synapse(
    """
    dw/dt = eta*(nu_post*nu_pre - alpha*nu_post**2*w) : 1 (clock-driven)
    """,
    on_pre="g_ampa_post += g_max*w",
    requires_pre={"nu": Hz},
    requires_post={"nu": Hz, "g_ampa": siemens},
    method="euler",
    parameters={
        "g_max": Parameter(0.15 * nS, low=0 * nS, high=10 * nS, meaning="conductance of the weight w = 1"),
        "eta": Parameter(1e-4 * second, low=1e-6 * second, high=0.01 * second, scale="log", meaning="learning rate"),
        "alpha": Parameter(1, low=0.1, high=10, scale="log", meaning="decay: the norm becomes 1/sqrt(alpha)"),
    },
    initial={"w": 0.5},
    meaning="Oja's rule, Hebbian plasticity that normalises the weights",
    source="Oja (1982), J. Math. Biol. 15:267, doi:10.1007/BF00275687",
)
