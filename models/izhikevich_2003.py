"""Izhikevich's simple model as published in 2003."""

from brian2 import ms, mV

from bioplast.definition import Neuron, Parameter

izhikevich_2003 = Neuron(
    """
    dv/dt = (0.04*v**2/mV + 5*v + 140*mV)/ms - u + I : volt
    du/dt = a*(b*v - u) : volt/second
    """,
    threshold="v > v_peak",
    reset="v = c; u += d",
    method="euler",
    dt=0.5 * ms,
    parameters={
        "a": Parameter(0.02 / ms, low=0.001 / ms, high=1 / ms, scale="log", meaning="recovery rate"),
        "b": Parameter(0.2 / ms, low=-1 / ms, high=1 / ms, meaning="sensitivity of the recovery to v"),
        "c": Parameter(-65 * mV, low=-80 * mV, high=-40 * mV, meaning="reset of v"),
        "d": Parameter(8 * mV / ms, low=-25 * mV / ms, high=10 * mV / ms, meaning="step of u at a spike"),
        "v_peak": Parameter(30 * mV, shared=True, meaning="peak of the spike"),
    },
    initial={"v": "c", "u": "b*v"},
    input="I",
    meaning="Izhikevich's simple model of a spiking neuron",
    source="Izhikevich (2003), IEEE Trans. Neural Networks 14:1569, doi:10.1109/TNN.2003.820440",
)
