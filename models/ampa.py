"""The AMPA receptor: an excitatory conductance that decays exponentially, and a synapse that opens it."""

from brian2 import ms, mV, nS, siemens, volt

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = "Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, benchmark 1, doi:10.1007/s10827-007-0038-6"

ampa = Receptor(
    """
    dg_ampa/dt = -g_ampa/tau_ampa : siemens
    I_ampa = g_ampa*(E_ampa - v) : amp
    """,
    current="I_ampa",
    requires={"v": volt},
    parameters={
        "tau_ampa": Parameter(5 * ms, low=1 * ms, high=20 * ms, scale="log", meaning="decay of the AMPA conductance"),
        "E_ampa": Parameter(0 * mV, low=-10 * mV, high=10 * mV, meaning="AMPA reversal potential"),
    },
    meaning="conductance-based AMPA receptor",
    source=_SOURCE,
)

ampa_synapse = Synapse(
    "",
    on_pre="g_ampa_post += w",
    requires_post={"g_ampa": siemens},
    parameters={"w": Parameter(6 * nS, low=0 * nS, high=50 * nS, meaning="AMPA conductance that a spike opens")},
    meaning="excitatory AMPA synapse",
    source=_SOURCE,
)
