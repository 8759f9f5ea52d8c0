"""The NMDA receptor: a slow conductance that extracellular magnesium blocks near the resting potential."""

from brian2 import mmolar, ms, mV, nS, siemens, volt

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = (
    "Jahr and Stevens (1990), J. Neurosci. 10:3178, doi:10.1523/JNEUROSCI.10-09-03178.1990\n"
    "Brunel and Wang (2001), J. Comput. Neurosci. 11:63, doi:10.1023/A:1011204814320 (rise and decay, unsaturated)"
)

# The block is held over each step: the current is then linear in v, as exponential Euler needs.
nmda = Receptor(
    """
    dg_nmda/dt = x_nmda/tau_nmda_rise - g_nmda/tau_nmda_decay : siemens
    dx_nmda/dt = -x_nmda/tau_nmda_rise : siemens
    B_nmda = 1/(1 + exp(-0.062*v/mV)*Mg/(3.57*mmolar)) : 1 (constant over dt)
    I_nmda = g_nmda*B_nmda*(E_nmda - v) : amp
    """,
    current="I_nmda",
    requires={"v": volt},
    parameters={
        "tau_nmda_rise": Parameter(
            2 * ms, low=0.5 * ms, high=20 * ms, scale="log", meaning="rise of the NMDA conductance"
        ),
        "tau_nmda_decay": Parameter(
            100 * ms, low=30 * ms, high=300 * ms, scale="log", meaning="decay of the NMDA conductance"
        ),
        "Mg": Parameter(1 * mmolar, low=0 * mmolar, high=2 * mmolar, meaning="extracellular magnesium concentration"),
        "E_nmda": Parameter(0 * mV, low=-10 * mV, high=10 * mV, meaning="NMDA reversal potential"),
    },
    meaning="conductance-based NMDA receptor with magnesium block",
    source=_SOURCE,
)

nmda_synapse = Synapse(
    "",
    on_pre="x_nmda_post += w",
    requires_post={"x_nmda": siemens},
    parameters={
        "w": Parameter(1 * nS, low=0 * nS, high=20 * nS, meaning="NMDA conductance of a spike, were its rise immediate")
    },
    meaning="slow excitatory NMDA synapse",
    source=_SOURCE,
)
