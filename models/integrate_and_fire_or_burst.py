"""The integrate-and-fire-or-burst neuron of the thalamus: a leaky cell with a low-threshold calcium current."""

from brian2 import cm, ms, msiemens, mV, uF

from bioplast.definition import Neuron, Parameter

# The calcium current activates at once above V_h (m_inf is 1 or 0) and inactivates slowly; below V_h it recovers.
integrate_and_fire_or_burst = Neuron(
    """
    dv/dt = (I - g_L*(v - V_L) - g_T*m_inf*h*(v - V_T))/C_m : volt
    dh/dt = -m_inf*h/tau_h_minus + (1 - m_inf)*(1 - h)/tau_h_plus : 1
    m_inf = int(v > V_h) : 1
    """,
    threshold="v > V_theta",
    reset="v = V_reset",
    method="rk4",
    dt=0.05 * ms,
    parameters={
        "C_m": Parameter(
            2 * (uF / cm**2), low=0.5 * (uF / cm**2), high=4 * (uF / cm**2), meaning="membrane capacitance"
        ),
        "g_L": Parameter(
            0.035 * (msiemens / cm**2),
            low=0.01 * (msiemens / cm**2),
            high=0.2 * (msiemens / cm**2),
            scale="log",
            meaning="leak conductance",
        ),
        "V_L": Parameter(-65 * mV, low=-80 * mV, high=-50 * mV, meaning="leak reversal potential"),
        "g_T": Parameter(
            0.07 * (msiemens / cm**2),
            low=0 * (msiemens / cm**2),
            high=0.3 * (msiemens / cm**2),
            meaning="maximal low-threshold calcium conductance",
        ),
        "V_T": Parameter(120 * mV, low=80 * mV, high=150 * mV, meaning="calcium reversal potential"),
        "V_h": Parameter(-60 * mV, low=-80 * mV, high=-40 * mV, meaning="potential where the calcium current opens"),
        "tau_h_minus": Parameter(20 * ms, low=2 * ms, high=100 * ms, scale="log", meaning="inactivation, above V_h"),
        "tau_h_plus": Parameter(100 * ms, low=10 * ms, high=500 * ms, scale="log", meaning="recovery, below V_h"),
        "V_theta": Parameter(-35 * mV, low=-45 * mV, high=-20 * mV, meaning="threshold"),
        "V_reset": Parameter(-50 * mV, low=-80 * mV, high=-46 * mV, meaning="reset potential"),
    },
    initial={"v": "V_L", "h": "1 - m_inf"},
    input="I",
    meaning="integrate-and-fire-or-burst model of a thalamic relay neuron",
    source="Smith, Cox, Sherman and Rinzel (2000), J. Neurophysiol. 83:588, doi:10.1152/jn.2000.83.1.588",
)
