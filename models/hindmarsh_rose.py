"""Hindmarsh and Rose's model of bursting."""

from brian2 import ms

from bioplast.definition import Neuron, Parameter

# The paper's x is v. The equations have no units; tau says how long a unit of their time is.
hindmarsh_rose = Neuron(
    """
    dv/dt = (y - a*v**3 + b*v**2 - z + I)/tau : 1
    dy/dt = (c - d*v**2 - y)/tau : 1
    dz/dt = r*(s*(v - x_1) - z)/tau : 1
    """,
    # A spike is an upward crossing of v_spike. There is no reset: before the next one v has to fall below v_back, so
    # that small swings of a depolarized cell are no spikes.
    threshold="v > v_spike",
    refractory="v > v_back",
    method="rk4",
    dt=0.05 * ms,
    parameters={
        "a": Parameter(1, low=0.7, high=2, meaning="cubic coefficient"),
        "b": Parameter(3, low=1.5, high=4, meaning="quadratic coefficient"),
        "c": Parameter(1, low=-1, high=3, meaning="constant of the fast recovery"),
        "d": Parameter(5, low=2, high=8, meaning="coupling of the fast recovery to v"),
        "r": Parameter(0.005, low=0.0001, high=0.1, scale="log", meaning="slowness of the adaptation"),
        "s": Parameter(4, low=-2, high=8, meaning="coupling of the adaptation to v"),
        "x_1": Parameter(-1.6, low=-2.5, high=0, meaning="value of v where the adaptation vanishes"),
        "tau": Parameter(1 * ms, low=0.5 * ms, high=5 * ms, scale="log", meaning="unit of time"),
        "v_spike": Parameter(1, shared=True, meaning="value whose upward crossing is a spike"),
        "v_back": Parameter(-0.5, shared=True, meaning="value that v falls below between two spikes"),
    },
    # The rest of the fast equations where the adaptation is zero, which is the rest of all three when I = 0.
    initial={"v": "x_1", "y": "c - d*v**2", "z": 0},
    input="I",
    meaning="Hindmarsh-Rose model of a bursting neuron",
    source="Hindmarsh and Rose (1984), Proc. R. Soc. Lond. B 221:87, doi:10.1098/rspb.1984.0024",
)
