"""The delta synapse: a presynaptic spike moves the membrane potential at once."""

from brian2 import mV, volt

from bioplast.definition import Parameter, Synapse

delta_synapse = Synapse(
    "",
    on_pre="v_post += w",
    requires_post={"v": volt},
    parameters={
        "w": Parameter(0.1 * mV, low=-2 * mV, high=2 * mV, meaning="jump of the membrane potential at a spike")
    },
    meaning="delta synapse, a jump of the membrane potential",
    source="Brunel (2000), J. Comput. Neurosci. 8:183, doi:10.1023/A:1008925309027",
)
