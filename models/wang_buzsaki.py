"""Wang and Buzsaki's fast-spiking interneuron of the hippocampus."""

from brian2 import cm, ms, msiemens, mV, uF

from bioplast.definition import Neuron, Parameter

# exprel(x) = (exp(x) - 1)/x, which is 1 at x = 0, removes the 0/0 of alpha_m and alpha_n; the paper has for alpha_m
# -0.1*(v + 35)/(exp(-0.1*(v + 35)) - 1), which is 1/exprel(-(v + 35)/10). The activation m is instantaneous,
# m_inf = alpha_m/(alpha_m + beta_m), written so that alpha_m is computed once.
wang_buzsaki = Neuron(
    """
    dv/dt = (I - g_Na*m_inf**3*h*(v - E_Na) - g_K*n**4*(v - E_K) - g_L*(v - E_L))/C_m : volt
    dh/dt = phi*(alpha_h*(1 - h) - beta_h*h) : 1
    dn/dt = phi*(alpha_n*(1 - n) - beta_n*n) : 1
    m_inf = 1/(1 + beta_m/alpha_m) : 1
    alpha_m = 1/exprel(-(v + 35*mV)/(10*mV))/ms : hertz
    beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : hertz
    alpha_h = 0.07*exp(-(v + 58*mV)/(20*mV))/ms : hertz
    beta_h = 1/(1 + exp(-(v + 28*mV)/(10*mV)))/ms : hertz
    alpha_n = 0.1/exprel(-(v + 34*mV)/(10*mV))/ms : hertz
    beta_n = 0.125*exp(-(v + 44*mV)/(80*mV))/ms : hertz
    """,
    # A spike is an upward crossing of v_spike. There is no reset: before the next one v has to fall below v_back, so
    # that small swings of a depolarized cell are no spikes.
    threshold="v > v_spike",
    refractory="v > v_back",
    method="rk4",
    dt=0.02 * ms,
    parameters={
        "C_m": Parameter(
            1 * (uF / cm**2), low=0.5 * (uF / cm**2), high=2 * (uF / cm**2), meaning="membrane capacitance"
        ),
        "g_Na": Parameter(
            35 * (msiemens / cm**2),
            low=15 * (msiemens / cm**2),
            high=70 * (msiemens / cm**2),
            meaning="maximal sodium conductance",
        ),
        "g_K": Parameter(
            9 * (msiemens / cm**2),
            low=3 * (msiemens / cm**2),
            high=30 * (msiemens / cm**2),
            meaning="maximal potassium conductance",
        ),
        "g_L": Parameter(
            0.1 * (msiemens / cm**2),
            low=0.02 * (msiemens / cm**2),
            high=0.5 * (msiemens / cm**2),
            scale="log",
            meaning="leak conductance",
        ),
        "E_Na": Parameter(55 * mV, low=30 * mV, high=70 * mV, meaning="sodium reversal potential"),
        "E_K": Parameter(-90 * mV, low=-100 * mV, high=-70 * mV, meaning="potassium reversal potential"),
        "E_L": Parameter(-65 * mV, low=-75 * mV, high=-50 * mV, meaning="leak reversal potential"),
        "phi": Parameter(5, low=1, high=10, meaning="speed of the gates, 1 is Hodgkin and Huxley's at 6.3 C"),
        "v_spike": Parameter(0 * mV, shared=True, meaning="potential whose upward crossing is a spike"),
        "v_back": Parameter(-40 * mV, shared=True, meaning="potential that v falls below between two spikes"),
    },
    initial={
        "v": -64 * mV,
        "h": "alpha_h/(alpha_h + beta_h)",
        "n": "alpha_n/(alpha_n + beta_n)",
    },
    input="I",
    meaning="Wang-Buzsaki model of a fast-spiking hippocampal interneuron",
    source="Wang and Buzsaki (1996), J. Neurosci. 16:6402, doi:10.1523/JNEUROSCI.16-20-06402.1996",
)
