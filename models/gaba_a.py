"""The GABA-A receptor: an inhibitory conductance that decays exponentially, and a synapse that opens it."""

from brian2 import ms, mV, nS, siemens, volt

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = "Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, benchmark 1, doi:10.1007/s10827-007-0038-6"

gaba_a = Receptor(
    """
    dg_gaba_a/dt = -g_gaba_a/tau_gaba_a : siemens
    I_gaba_a = g_gaba_a*(E_gaba_a - v) : amp
    """,
    current="I_gaba_a",
    requires={"v": volt},
    parameters={
        "tau_gaba_a": Parameter(
            10 * ms, low=2 * ms, high=50 * ms, scale="log", meaning="decay of the GABA-A conductance"
        ),
        "E_gaba_a": Parameter(-80 * mV, low=-90 * mV, high=-60 * mV, meaning="GABA-A reversal potential"),
    },
    meaning="conductance-based GABA-A receptor",
    source=_SOURCE,
)

gaba_a_synapse = Synapse(
    "",
    on_pre="g_gaba_a_post += w",
    requires_post={"g_gaba_a": siemens},
    parameters={"w": Parameter(67 * nS, low=0 * nS, high=500 * nS, meaning="GABA-A conductance that a spike opens")},
    meaning="inhibitory GABA-A synapse",
    source=_SOURCE,
)
