"""The quadratic integrate-and-fire neuron, the normal form of a cell that starts to fire at a saddle-node."""

from brian2 import ms, mV

from bioplast.definition import Neuron, Parameter

# Near rest the membrane time constant is 1/(a*(v_thresh - v_rest)), 10 ms with these numbers.
quadratic_integrate_and_fire = Neuron(
    """
    dv/dt = I + a*(v - v_rest)*(v - v_thresh) : volt
    """,
    threshold="v > v_peak",
    reset="v = v_reset",
    method="rk4",
    dt=0.05 * ms,
    parameters={
        "a": Parameter(
            1 / 150 / mV / ms, low=0.0005 / mV / ms, high=0.1 / mV / ms, scale="log", meaning="curvature of v'"
        ),
        "v_rest": Parameter(-65 * mV, low=-80 * mV, high=-55 * mV, meaning="resting potential"),
        "v_thresh": Parameter(-50 * mV, low=-55 * mV, high=-30 * mV, meaning="threshold of an instantaneous pulse"),
        "v_reset": Parameter(-70 * mV, low=-90 * mV, high=-30 * mV, meaning="reset of v"),
        "v_peak": Parameter(30 * mV, shared=True, meaning="peak of the spike"),
    },
    initial={"v": "v_rest"},
    input="I",
    meaning="quadratic integrate-and-fire neuron",
    source="Latham et al. (2000), J. Neurophysiol. 83:808, doi:10.1152/jn.2000.83.2.808\n"
    "Izhikevich (2004), IEEE Trans. Neural Networks 15:1063, section III-E, doi:10.1109/TNN.2004.832719",
)
