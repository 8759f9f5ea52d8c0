"""The integrate-and-fire neuron: leaky, and perfect when b = 0."""

from brian2 import ms, mV

from bioplast.definition import Neuron, Parameter

# The cell rests at a/b. The method needs no division by b, so that the perfect integrator, b = 0, is one of the cells.
integrate_and_fire = Neuron(
    """
    dv/dt = I + a - b*v : volt
    """,
    threshold="v >= v_thresh",
    reset="v = c",
    method="rk4",
    dt=0.1 * ms,
    parameters={
        "a": Parameter(-3.25 * mV / ms, low=-20 * mV / ms, high=5 * mV / ms, meaning="constant drive"),
        "b": Parameter(0.05 / ms, low=0 / ms, high=0.5 / ms, meaning="leak rate, 1/b is the membrane time constant"),
        "c": Parameter(-65 * mV, low=-80 * mV, high=-51 * mV, meaning="reset of v"),
        "v_thresh": Parameter(-50 * mV, low=-50 * mV, high=-30 * mV, meaning="threshold"),
    },
    initial={"v": -65 * mV},
    input="I",
    meaning="integrate-and-fire neuron, leaky or perfect",
    source="Izhikevich (2004), IEEE Trans. Neural Networks 15:1063, section III-A, doi:10.1109/TNN.2004.832719",
)
