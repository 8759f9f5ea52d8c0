"""Integrate-and-fire with spike-frequency adaptation: each spike opens a conductance that decays."""

from brian2 import ms, mV

from bioplast.definition import Neuron, Parameter

# The cell rests at a/b. With d below it spikes hyperpolarize, which is adaptation; with d above it they depolarize. The
# paper's e is e_g, since e is Euler's number: g' = (e_g*delta(t) - g)/tau, a step of e_g/tau at each spike.
adaptive_lif = Neuron(
    """
    dv/dt = I + a - b*v + g*(d - v) : volt
    dg/dt = -g/tau : hertz
    """,
    threshold="v >= v_thresh",
    reset="v = c; g += e_g/tau",
    method="rk4",
    dt=0.1 * ms,
    parameters={
        "a": Parameter(-3.25 * mV / ms, low=-20 * mV / ms, high=5 * mV / ms, meaning="constant drive"),
        "b": Parameter(0.05 / ms, low=0 / ms, high=0.5 / ms, meaning="leak rate, 1/b is the membrane time constant"),
        "c": Parameter(-65 * mV, low=-80 * mV, high=-51 * mV, meaning="reset of v"),
        "d": Parameter(-80 * mV, low=-120 * mV, high=0 * mV, meaning="reversal potential of the adaptation"),
        "e_g": Parameter(0.5, low=0, high=10, meaning="adaptation that a spike adds, the area under its g"),
        "tau": Parameter(100 * ms, low=1 * ms, high=500 * ms, scale="log", meaning="decay of the adaptation"),
        "v_thresh": Parameter(-50 * mV, low=-50 * mV, high=-30 * mV, meaning="threshold"),
    },
    initial={"v": -65 * mV, "g": 0 / ms},
    input="I",
    meaning="integrate-and-fire neuron with spike-frequency adaptation",
    source="Izhikevich (2004), IEEE Trans. Neural Networks 15:1063, section III-B, doi:10.1109/TNN.2004.832719",
)
