"""The probabilistic meta-neuron: an adaptive meta-LIF neuron with escape noise."""

from brian2 import ms, mV

from bioplast.definition import Parameter
from bioplast.models.meta_lif import meta_lif

# It fires at the rate exp((v - theta)/delta_u)/tau_esc,
# and for delta_u -> 0 it is meta_lif.
probabilistic_meta_lif = meta_lif.replace(
    name="probabilistic_meta_lif",
    threshold="rand() < 1 - exp(-exp((v - theta)/delta_u)*dt/tau_esc)",
    parameters={
        **meta_lif.parameters,
        "delta_u": Parameter(2 * mV, low=0.1 * mV, high=10 * mV, scale="log", meaning="width of the escape zone"),
        "tau_esc": Parameter(1 * ms, low=0.1 * ms, high=100 * ms, scale="log", meaning="mean wait at the threshold"),
    },
    meaning="adaptive meta-LIF neuron with escape noise",
    source=meta_lif.source
    + "\nEscape noise: Gerstner et al. (2014), Neuronal Dynamics, section 9.1, doi:10.1017/CBO9781107447615",
)
