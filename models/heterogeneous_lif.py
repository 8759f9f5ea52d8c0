"""The leaky integrate-and-fire neuron whose four numbers evolve, each neuron with its own."""

from brian2 import Mohm, ms, mV

from bioplast.definition import Neuron, Parameter

# Potentials count from the rest of the equal neurons that the heterogeneous ones are compared with.
heterogeneous_lif = Neuron(
    """
    dv/dt = (v_rest - v + R*I)/tau_m : volt
    """,
    threshold="v >= v_th",
    reset="v = v_rest",
    # exact for an input that is constant over a step
    method="exponential_euler",
    parameters={
        "tau_m": Parameter(20 * ms, low=1 * ms, high=500 * ms, scale="log", meaning="membrane time constant"),
        "v_th": Parameter(10 * mV, low=-20 * mV, high=60 * mV, meaning="threshold"),
        "v_rest": Parameter(0 * mV, low=-30 * mV, high=30 * mV, meaning="rest, and reset after a spike"),
        "R": Parameter(100 * Mohm, low=1 * Mohm, high=2000 * Mohm, scale="log", meaning="membrane resistance"),
    },
    initial={"v": "v_rest"},
    input="I",
    meaning="leaky integrate-and-fire neuron with four numbers of its own",
    source="Shen, Zhao, Dong, Li and Zeng (2023), Dive into the Power of Neuronal Heterogeneity, "
    "doi:10.48550/arXiv.2305.11484",
)
