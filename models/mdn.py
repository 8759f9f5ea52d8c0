"""The meta-dynamic neuron (MDN): a quadratic membrane potential and a recovery variable."""

from brian2 import ms

from bioplast.definition import Neuron, Parameter

# The paper steps its equations with an Euler step of 1; that step is a millisecond here, and changing it changes the
# model. Its input is I = sigmoid(W*x + bias), between 0 and 1.
mdn = Neuron(
    """
    dv/dt = (v**2 - v - u + I)/ms : 1
    du/dt = a*(b*v - u)/ms : 1
    """,
    threshold="v > v_th",
    reset="v = c; u += d",
    method="euler",
    dt=1 * ms,
    parameters={
        "a": Parameter(0.02, low=0, high=1, meaning="recovery rate, per step"),
        "b": Parameter(0.2, low=-1, high=1, meaning="sensitivity of the recovery to v"),
        "c": Parameter(0, low=-1, high=0.5, meaning="reset of v"),
        "d": Parameter(0.08, low=-1, high=1, meaning="step of u at a spike"),
        "v_th": Parameter(0.5, shared=True, meaning="threshold"),
    },
    initial={"v": 0, "u": 0.08},
    input="I",
    meaning="meta-dynamic neuron with a quadratic membrane potential",
    source="Cheng, Zhang, Jia and Xu (2023), Neurocomputing 531:217, doi:10.1016/j.neucom.2023.02.029",
)
