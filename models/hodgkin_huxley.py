"""The squid giant axon of Hodgkin and Huxley, in today's sign convention with the rest at -65 mV."""

from brian2 import cm, ms, msiemens, mV, uF

from bioplast.definition import Neuron, Parameter

# exprel(x) = (exp(x) - 1)/x, which is 1 at x = 0, removes the 0/0 of alpha_m and alpha_n; the paper has for alpha_m
# 0.1*(v + 40)/(1 - exp(-(v + 40)/10)), which is 1/exprel(-(v + 40)/10). tau_h and tau_n are those of Rubin and
# Wechselberger; with 1 the equations are the paper's.
hodgkin_huxley = Neuron(
    """
    dv/dt = (I - g_Na*m**3*h*(v - E_Na) - g_K*n**4*(v - E_K) - g_L*(v - E_L))/C_m : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = (alpha_h*(1 - h) - beta_h*h)/tau_h : 1
    dn/dt = (alpha_n*(1 - n) - beta_n*n)/tau_n : 1
    alpha_m = 1/exprel(-(v + 40*mV)/(10*mV))/ms : hertz
    beta_m = 4*exp(-(v + 65*mV)/(18*mV))/ms : hertz
    alpha_h = 0.07*exp(-(v + 65*mV)/(20*mV))/ms : hertz
    beta_h = 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : hertz
    alpha_n = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms : hertz
    beta_n = 0.125*exp(-(v + 65*mV)/(80*mV))/ms : hertz
    """,
    # A spike is an upward crossing of v_spike. There is no reset: before the next one v has to fall below v_back, so
    # that small swings of a depolarized cell are no spikes.
    threshold="v > v_spike",
    refractory="v > v_back",
    method="exponential_euler",
    dt=0.01 * ms,
    parameters={
        "C_m": Parameter(
            1 * (uF / cm**2), low=0.5 * (uF / cm**2), high=2 * (uF / cm**2), meaning="membrane capacitance"
        ),
        "g_Na": Parameter(
            120 * (msiemens / cm**2),
            low=50 * (msiemens / cm**2),
            high=200 * (msiemens / cm**2),
            meaning="maximal sodium conductance",
        ),
        "g_K": Parameter(
            36 * (msiemens / cm**2),
            low=10 * (msiemens / cm**2),
            high=80 * (msiemens / cm**2),
            meaning="maximal potassium conductance",
        ),
        "g_L": Parameter(
            0.3 * (msiemens / cm**2),
            low=0.1 * (msiemens / cm**2),
            high=1 * (msiemens / cm**2),
            meaning="leak conductance",
        ),
        "E_Na": Parameter(50 * mV, low=30 * mV, high=70 * mV, meaning="sodium reversal potential"),
        "E_K": Parameter(-77 * mV, low=-100 * mV, high=-70 * mV, meaning="potassium reversal potential"),
        "E_L": Parameter(-54.387 * mV, low=-70 * mV, high=-50 * mV, meaning="leak reversal potential"),
        "tau_h": Parameter(1, low=0.2, high=20, scale="log", meaning="slowness of the sodium inactivation"),
        "tau_n": Parameter(1, low=0.2, high=100, scale="log", meaning="slowness of the potassium activation"),
        "v_spike": Parameter(0 * mV, shared=True, meaning="potential whose upward crossing is a spike"),
        "v_back": Parameter(-40 * mV, shared=True, meaning="potential that v falls below between two spikes"),
    },
    initial={
        "v": -65 * mV,
        "m": "alpha_m/(alpha_m + beta_m)",
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
    },
    input="I",
    meaning="Hodgkin-Huxley model of the squid giant axon",
    source="Hodgkin and Huxley (1952), J. Physiol. 117:500, doi:10.1113/jphysiol.1952.sp004764\n"
    "Rubin and Wechselberger (2007), Biol. Cybern. 97:5 (slowness of the gates)",
)
