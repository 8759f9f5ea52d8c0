"""The adaptive exponential integrate-and-fire neuron."""

from brian2 import ms, mV, nA, nS, pA, pF

from bioplast.definition import Neuron, Parameter

adex = Neuron(
    """
    dv/dt = (-g_L*(v - E_L) + g_L*Delta_T*exp((v - V_T)/Delta_T) - w + I)/C : volt
    dw/dt = (a*(v - E_L) - w)/tau_w : amp
    """,
    threshold="v > v_peak",
    reset="v = V_r; w += b",
    # A method with steps inside the step would see the exponential beyond the spike, where it overflows.
    method="euler",
    dt=0.02 * ms,
    parameters={
        "C": Parameter(281 * pF, low=50 * pF, high=500 * pF, meaning="membrane capacitance"),
        "g_L": Parameter(30 * nS, low=1 * nS, high=50 * nS, scale="log", meaning="leak conductance"),
        "E_L": Parameter(-70.6 * mV, low=-80 * mV, high=-55 * mV, meaning="leak reversal potential"),
        "V_T": Parameter(-50.4 * mV, low=-55 * mV, high=-40 * mV, meaning="threshold"),
        "Delta_T": Parameter(2 * mV, low=0.5 * mV, high=5 * mV, scale="log", meaning="slope factor"),
        "a": Parameter(4 * nS, low=-20 * nS, high=50 * nS, meaning="coupling of the adaptation to v"),
        "tau_w": Parameter(144 * ms, low=5 * ms, high=500 * ms, scale="log", meaning="adaptation time constant"),
        "b": Parameter(0.0805 * nA, low=-100 * pA, high=400 * pA, meaning="step of the adaptation at a spike"),
        "V_r": Parameter(-70.6 * mV, low=-80 * mV, high=-40 * mV, meaning="reset potential"),
        "v_peak": Parameter(20 * mV, shared=True, meaning="potential where a spike is cut"),
    },
    initial={"v": "E_L", "w": 0 * pA},
    input="I",
    meaning="adaptive exponential integrate-and-fire neuron",
    source="Brette and Gerstner (2005), J. Neurophysiol. 94:3637, doi:10.1152/jn.00686.2005",
)
