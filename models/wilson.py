"""Wilson's neuron of the human and mammalian neocortex: polynomials for the gates of four currents."""

from brian2 import cm, ms, msiemens, mV, uF

from bioplast.definition import Neuron, Parameter

# The paper counts potentials in units of 100 mV: its V is v_d. The numbers are those of a regular-spiking cell. Fast
# spiking: tau_R = 1.5 ms, g_T = 0.25, g_H = 0. Intrinsically bursting: g_T = 1.2, g_H = 3.4. Continuously bursting:
# g_T = 2.25, g_H = 9.5 mS/cm^2.
wilson = Neuron(
    """
    dv/dt = (I - g_Na*(v - E_Na) - g_R*R*(v - E_K) - g_T*T*(v - E_T) - g_H*H*(v - E_K))/C_m : volt
    dR/dt = (1.24 + 3.7*v_d + 3.2*v_d**2 - R)/tau_R : 1
    dT/dt = (8*(v_d + 0.725)**2 - T)/tau_T : 1
    dH/dt = (3*T - H)/tau_H : 1
    g_Na = (17.8 + 47.6*v_d + 33.8*v_d**2)*msiemens/cm**2 : siemens/meter**2
    v_d = v/(100*mV) : 1
    """,
    # A spike is an upward crossing of v_spike. There is no reset: before the next one v has to fall below v_back, so
    # that small swings of a depolarized cell are no spikes.
    threshold="v > v_spike",
    refractory="v > v_back",
    method="rk4",
    dt=0.01 * ms,
    parameters={
        "C_m": Parameter(
            1 * (uF / cm**2), low=0.5 * (uF / cm**2), high=4 * (uF / cm**2), meaning="membrane capacitance"
        ),
        "g_R": Parameter(
            26 * (msiemens / cm**2),
            low=10 * (msiemens / cm**2),
            high=50 * (msiemens / cm**2),
            meaning="conductance of the potassium current R",
        ),
        "g_T": Parameter(
            0.1 * (msiemens / cm**2),
            low=0 * (msiemens / cm**2),
            high=4 * (msiemens / cm**2),
            meaning="conductance of the calcium current T",
        ),
        "g_H": Parameter(
            5 * (msiemens / cm**2),
            low=0 * (msiemens / cm**2),
            high=15 * (msiemens / cm**2),
            meaning="conductance of the calcium-mediated potassium current H",
        ),
        "E_Na": Parameter(50 * mV, low=40 * mV, high=60 * mV, meaning="sodium reversal potential"),
        "E_K": Parameter(-95 * mV, low=-105 * mV, high=-85 * mV, meaning="potassium reversal potential"),
        "E_T": Parameter(120 * mV, low=80 * mV, high=150 * mV, meaning="calcium reversal potential"),
        "tau_R": Parameter(4.2 * ms, low=0.5 * ms, high=10 * ms, scale="log", meaning="time constant of R"),
        "tau_T": Parameter(14 * ms, low=3 * ms, high=60 * ms, scale="log", meaning="time constant of T"),
        "tau_H": Parameter(45 * ms, low=10 * ms, high=300 * ms, scale="log", meaning="time constant of H"),
        "v_spike": Parameter(-20 * mV, shared=True, meaning="potential whose upward crossing is a spike"),
        "v_back": Parameter(-45 * mV, shared=True, meaning="potential that v falls below between two spikes"),
    },
    initial={
        "v": -75 * mV,
        "R": "1.24 + 3.7*v_d + 3.2*v_d**2",
        "T": "8*(v_d + 0.725)**2",
        "H": "3*T",
    },
    input="I",
    meaning="Wilson's polynomial model of a neocortical neuron",
    source="Wilson (1999), J. Theor. Biol. 200:375, doi:10.1006/jtbi.1999.1002",
)
