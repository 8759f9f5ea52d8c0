"""The decision network reduced to two variables: the NMDA gates of two excitatory populations that inhibit each other.

The fast variables follow at once, and the inhibitory population is part of the effective couplings. One neuron of a
group is one trial. It lies here and not among the models: those are cells, with a potential and an input.
"""

from brian2 import Hz, ms, nA, second

from bioplast.definition import Neuron, Parameter, Receptor

_SOURCE = "Wong and Wang (2006), J. Neurosci. 26:1314, doi:10.1523/JNEUROSCI.3733-05.2006"

# The rate is 0/0 at a*x = b, as in the paper; with noise no input is exactly that.
wong_wang = Neuron(
    """
    dS_1/dt = -S_1/tau_S + (1 - S_1)*gamma*r_1 : 1
    dS_2/dt = -S_2/tau_S + (1 - S_2)*gamma*r_2 : 1
    r_1 = (a*x_1 - b)/(1 - exp(-d*(a*x_1 - b))) : hertz
    r_2 = (a*x_2 - b)/(1 - exp(-d*(a*x_2 - b))) : hertz
    x_1 = J_11*S_1 - J_12*S_2 + I_0 + I_1 + I_noise_1 : amp
    x_2 = J_11*S_2 - J_12*S_1 + I_0 + I_2 + I_noise_2 : amp
    I_1 = J_ext*mu*(1 + c) : amp
    I_2 = J_ext*mu*(1 - c) : amp
    mu = mu_0*int(t >= t_on) : hertz
    dI_noise_1/dt = -I_noise_1/tau_AMPA + sigma*sqrt(1/tau_AMPA)*xi_1 : amp
    dI_noise_2/dt = -I_noise_2/tau_AMPA + sigma*sqrt(1/tau_AMPA)*xi_2 : amp
    """,
    method="euler",
    dt=0.5 * ms,
    parameters={
        "a": Parameter(270 * Hz / nA, shared=True, meaning="gain of the rate"),
        "b": Parameter(108 * Hz, shared=True, meaning="offset of the rate"),
        "d": Parameter(0.154 * second, shared=True, meaning="curvature of the rate at its onset"),
        "tau_S": Parameter(100 * ms, shared=True, meaning="decay of the NMDA gates"),
        "gamma": Parameter(0.641, shared=True, meaning="rise of the NMDA gates with the rate"),
        "J_11": Parameter(0.2609 * nA, shared=True, meaning="recurrent excitation"),
        "J_12": Parameter(0.0497 * nA, shared=True, meaning="inhibition by the other population"),
        "I_0": Parameter(0.3255 * nA, shared=True, meaning="mean of the background input"),
        "J_ext": Parameter(0.52e-3 * nA / Hz, shared=True, meaning="current for each hertz of the stimulus"),
        "tau_AMPA": Parameter(2 * ms, shared=True, meaning="correlation time of the noise"),
        "sigma": Parameter(0.02 * nA, shared=True, meaning="amplitude of the noise"),
        "mu_0": Parameter(30 * Hz, shared=True, meaning="stimulus at zero coherence"),
        "t_on": Parameter(500 * ms, shared=True, meaning="onset of the stimulus"),
        "c": Parameter(0.0, low=-1, high=1, meaning="coherence, as a share"),
    },
    initial={"S_1": 0.1, "S_2": 0.1},
    meaning="two competing populations, reduced to their NMDA gates",
    source=_SOURCE,
)

# What a run is read by: the mean rate of a window is the difference of two counts, divided by its length; E is the
# evidence for population 1, which a perfect integrator of the same input would have gathered.
readout = Receptor(
    """
    dn_1/dt = r_1 : 1
    dn_2/dt = r_2 : 1
    dE/dt = int(t >= t_on)*(I_1 + I_noise_1 - I_2 - I_noise_2) : coulomb
    """,
    requires={"r_1": Hz, "r_2": Hz, "I_1": nA, "I_2": nA, "I_noise_1": nA, "I_noise_2": nA, "t_on": second},
    meaning="spikes of a cell of each population since the start, and the evidence",
    source=_SOURCE,
)
