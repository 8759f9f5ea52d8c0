"""Izhikevich's simple model as the author's code of 2004 steps it."""

from brian2 import ms, mV

from bioplast.definition import Neuron, Parameter

# Patterns G and L of figure 1 have linear = 4.1/ms and constant = 108 mV/ms; pattern R has du/dt = a*b*(v + 65 mV),
# that is v_u = -65 mV and u_leak = 0. All other patterns have the defaults.
izhikevich_2004 = Neuron(
    """
    dv/dt = quadratic*v**2 + linear*v + constant - u + I : volt
    du/dt = a*(b*(v - v_u) - u_leak*u) : volt/second
    """,
    threshold="v > v_peak",
    reset="v = c; u += d",
    method="sequential",
    dt=0.25 * ms,
    parameters={
        "a": Parameter(0.02 / ms, low=-0.1 / ms, high=1 / ms, meaning="recovery rate"),
        "b": Parameter(0.2 / ms, low=-1 / ms, high=1 / ms, meaning="sensitivity of the recovery to v"),
        "c": Parameter(-65 * mV, low=-80 * mV, high=-40 * mV, meaning="reset of v"),
        "d": Parameter(6 * mV / ms, low=-25 * mV / ms, high=10 * mV / ms, meaning="step of u at a spike"),
        "quadratic": Parameter(0.04 / mV / ms, meaning="coefficient of v**2"),
        "linear": Parameter(5 / ms, low=4 / ms, high=6 / ms, meaning="coefficient of v"),
        "constant": Parameter(140 * mV / ms, low=100 * mV / ms, high=150 * mV / ms, meaning="constant drive of v"),
        "v_u": Parameter(0 * mV, low=-70 * mV, high=0 * mV, meaning="potential that the recovery is measured from"),
        "u_leak": Parameter(1, low=0, high=1, meaning="1, or 0 for a recovery without decay"),
        "v_peak": Parameter(30 * mV, shared=True, meaning="peak of the spike"),
    },
    initial={"v": -70 * mV, "u": "b*v"},
    input="I",
    meaning="Izhikevich's simple model, v and u updated one after the other",
    source="Izhikevich (2004), IEEE Trans. Neural Networks 15:1063, figure 1, doi:10.1109/TNN.2004.832719",
)
