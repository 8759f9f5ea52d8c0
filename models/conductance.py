"""Conductance synapses: a presynaptic spike opens AMPA or GABA-A channels of the postsynaptic cell."""

from brian2 import nS, siemens

from bioplast.definition import Parameter, Synapse

_SOURCE = "Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, benchmark 1, doi:10.1007/s10827-007-0038-6"

ampa_synapse = Synapse(
    "",
    on_pre="g_ampa_post += w",
    requires_post={"g_ampa": siemens},
    parameters={"w": Parameter(6 * nS, low=0 * nS, high=50 * nS, meaning="AMPA conductance that a spike opens")},
    source=_SOURCE,
)

gaba_a_synapse = Synapse(
    "",
    on_pre="g_gaba_a_post += w",
    requires_post={"g_gaba_a": siemens},
    parameters={"w": Parameter(67 * nS, low=0 * nS, high=500 * nS, meaning="GABA-A conductance that a spike opens")},
    source=_SOURCE,
)
