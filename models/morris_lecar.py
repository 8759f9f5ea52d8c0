"""Morris and Lecar's calcium and potassium oscillator, with the numbers of the Hopf regime (class 2)."""

from brian2 import cm, hertz, ms, msiemens, mV, uF

from bioplast.definition import Neuron, Parameter

# Class 1 (a saddle-node on the limit cycle): g_Ca = 4 mS/cm^2, V_3 = 12 mV, V_4 = 17.4 mV, phi = 1/(15 ms). Bistable (a
# homoclinic orbit of the saddle): the same with phi = 0.23/ms.
morris_lecar = Neuron(
    """
    dv/dt = (I - g_L*(v - V_L) - g_Ca*m_inf*(v - V_Ca) - g_K*w*(v - V_K))/C : volt
    dw/dt = phi*(w_inf - w)/tau_w : 1
    m_inf = 0.5*(1 + tanh((v - V_1)/V_2)) : 1
    w_inf = 0.5*(1 + tanh((v - V_3)/V_4)) : 1
    tau_w = 1/cosh((v - V_3)/(2*V_4)) : 1
    """,
    # A spike is an upward crossing of v_spike. There is no reset: before the next one v has to fall below v_back, so
    # that small swings of a depolarized cell are no spikes.
    threshold="v > v_spike",
    refractory="v > v_back",
    method="rk4",
    dt=0.05 * ms,
    parameters={
        "C": Parameter(
            20 * (uF / cm**2), low=5 * (uF / cm**2), high=40 * (uF / cm**2), scale="log", meaning="membrane capacitance"
        ),
        "g_L": Parameter(
            2 * (msiemens / cm**2),
            low=0.5 * (msiemens / cm**2),
            high=5 * (msiemens / cm**2),
            meaning="leak conductance",
        ),
        "g_Ca": Parameter(
            4.4 * (msiemens / cm**2),
            low=1 * (msiemens / cm**2),
            high=10 * (msiemens / cm**2),
            meaning="maximal calcium conductance",
        ),
        "g_K": Parameter(
            8 * (msiemens / cm**2),
            low=2 * (msiemens / cm**2),
            high=20 * (msiemens / cm**2),
            meaning="maximal potassium conductance",
        ),
        "V_L": Parameter(-60 * mV, low=-80 * mV, high=-40 * mV, meaning="leak reversal potential"),
        "V_Ca": Parameter(120 * mV, low=80 * mV, high=150 * mV, meaning="calcium reversal potential"),
        "V_K": Parameter(-84 * mV, low=-100 * mV, high=-60 * mV, meaning="potassium reversal potential"),
        "V_1": Parameter(-1.2 * mV, low=-20 * mV, high=10 * mV, meaning="half activation of calcium"),
        "V_2": Parameter(18 * mV, low=5 * mV, high=30 * mV, meaning="spread of the calcium activation"),
        "V_3": Parameter(2 * mV, low=-20 * mV, high=20 * mV, meaning="half activation of potassium"),
        "V_4": Parameter(30 * mV, low=10 * mV, high=40 * mV, meaning="spread of the potassium activation"),
        "phi": Parameter(
            0.04 / ms, low=5 * hertz, high=0.5 / ms, scale="log", meaning="rate of the potassium activation"
        ),
        "v_spike": Parameter(0 * mV, shared=True, meaning="potential whose upward crossing is a spike"),
        "v_back": Parameter(-20 * mV, shared=True, meaning="potential that v falls below between two spikes"),
    },
    # The rest for the numbers above and I = 0.
    initial={"v": -60.855 * mV, "w": "w_inf"},
    input="I",
    meaning="Morris-Lecar model of the barnacle muscle fibre",
    source="Morris and Lecar (1981), Biophys. J. 35:193, doi:10.1016/S0006-3495(81)84782-0\n"
    "Rinzel and Ermentrout (1998), in Koch and Segev (eds.), Methods in Neuronal Modeling, 2nd ed., chapter 7",
)
