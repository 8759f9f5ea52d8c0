"""The exponential synapse: a current that jumps at a presynaptic spike and decays, whatever the membrane potential."""

from brian2 import amp, ms, nA

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = "Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 1.3, doi:10.1017/CBO9781107447615"

exponential_current = Receptor(
    """
    dI_syn/dt = -I_syn/tau_syn : amp
    """,
    current="I_syn",
    parameters={
        "tau_syn": Parameter(5 * ms, low=1 * ms, high=50 * ms, scale="log", meaning="decay of the synaptic current"),
    },
    meaning="exponentially decaying synaptic current",
    source=_SOURCE,
)

exponential_synapse = Synapse(
    "",
    on_pre="I_syn_post += w",
    requires_post={"I_syn": amp},
    parameters={"w": Parameter(0.1 * nA, low=-1 * nA, high=1 * nA, meaning="jump of the current at a spike")},
    meaning="current-based synapse with exponential decay",
    source=_SOURCE,
)
