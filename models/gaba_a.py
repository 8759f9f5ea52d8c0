"""The GABA-A receptor: an inhibitory conductance that decays exponentially."""

from brian2 import ms, mV, volt

from bioplast.definition import Parameter, Receptor

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
    source="Brette et al. (2007), J. Comput. Neurosci. 23:349, appendix 2, benchmark 1, doi:10.1007/s10827-007-0038-6",
)
