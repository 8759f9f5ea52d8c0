"""Dopamine: a concentration that a synapse, the reward, raises and that uptake clears."""

from brian2 import ms

from bioplast.definition import Parameter, Receptor, Synapse

_SOURCE = "Izhikevich (2007), Cerebral Cortex 17:2443, doi:10.1093/cercor/bhl152"

dopamine = Receptor(
    """
    dDA/dt = -DA/tau_DA : 1
    """,
    parameters={
        "tau_DA": Parameter(200 * ms, low=50 * ms, high=1000 * ms, scale="log", meaning="uptake of dopamine"),
    },
    meaning="extracellular dopamine concentration",
    source=_SOURCE,
)

dopamine_synapse = Synapse(
    "",
    on_pre="DA_post += w",
    requires_post={"DA": 1},
    parameters={"w": Parameter(0.5, low=0, high=5, meaning="dopamine that a spike (a reward) releases (uM)")},
    meaning="synapse that releases dopamine",
    source=_SOURCE,
)
