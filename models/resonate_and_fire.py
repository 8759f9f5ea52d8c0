"""The resonate-and-fire neuron: a damped oscillation of which a spike is the upper edge."""

from brian2 import ms

from bioplast.definition import Neuron, Parameter

# The paper's z = u + i*v: u is current-like, v voltage-like, and the complex z' = I + (b + i*omega)*z is written out.
# Its b = -1 and omega = 10 are per time unit; here a time unit is 10 ms. It resets z to i, that is u = 0, v = 1.
resonate_and_fire = Neuron(
    """
    du/dt = I + b*u - omega*v : 1
    dv/dt = omega*u + b*v : 1
    """,
    threshold="v > v_th",
    reset="u = u_0; v = v_0",
    method="rk4",
    dt=0.05 * ms,
    parameters={
        "b": Parameter(-0.1 / ms, low=-1 / ms, high=0 / ms, meaning="attraction to rest"),
        "omega": Parameter(1 / ms, low=0.05 / ms, high=3 / ms, scale="log", meaning="angular frequency"),
        "u_0": Parameter(0, low=-3, high=3, meaning="reset of u"),
        "v_0": Parameter(1, low=-3, high=1, meaning="reset of v"),
        "v_th": Parameter(1, low=1, high=3, meaning="threshold"),
    },
    initial={"u": 0, "v": 0},
    input="I",
    meaning="resonate-and-fire neuron",
    source="Izhikevich (2001), Neural Networks 14:883, doi:10.1016/S0893-6080(01)00078-8",
)
