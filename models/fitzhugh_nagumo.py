"""FitzHugh and Nagumo's relaxation oscillator, in the form of Izhikevich and FitzHugh."""

from brian2 import ms

from bioplast.definition import Neuron, Parameter

# The equations have no units; tau says how long a unit of their time is. A spike lasts about 10 of them.
fitzhugh_nagumo = Neuron(
    """
    dv/dt = (v - v**3/3 - w + I)/tau : 1
    dw/dt = phi*(v + a - b*w)/tau : 1
    """,
    # A spike is an upward crossing of v_spike. There is no reset: before the next one v has to fall below v_back, so
    # that small swings of a depolarized cell are no spikes.
    threshold="v > v_spike",
    refractory="v > v_back",
    method="rk4",
    dt=0.05 * ms,
    parameters={
        "a": Parameter(0.7, low=-0.5, high=1.5, meaning="offset of the recovery"),
        "b": Parameter(0.8, low=0, high=2, meaning="decay of the recovery"),
        "phi": Parameter(0.08, low=0.001, high=1, scale="log", meaning="speed of the recovery, relative to that of v"),
        "tau": Parameter(1 * ms, low=0.1 * ms, high=10 * ms, scale="log", meaning="unit of time"),
        "v_spike": Parameter(0.5, shared=True, meaning="value whose upward crossing is a spike"),
        "v_back": Parameter(-0.8, shared=True, meaning="value that v falls below between two spikes"),
    },
    # The rest for the numbers above and I = 0.
    initial={"v": -1.19940804, "w": -0.62426004},
    input="I",
    meaning="FitzHugh-Nagumo model of an excitable membrane",
    source="FitzHugh (1961), Biophys. J. 1:445, doi:10.1016/S0006-3495(61)86902-6\n"
    "Izhikevich and FitzHugh (2006), Scholarpedia 1(9):1349, doi:10.4249/scholarpedia.1349",
)
