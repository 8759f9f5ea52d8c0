"""The AMPA receptor: an excitatory conductance that decays exponentially."""

from brian2 import ms, mV, volt

from bioplast.definition import Parameter, Receptor

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
    source="Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, benchmark 1, doi:10.1007/s10827-007-0038-6",
)
