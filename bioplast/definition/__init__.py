"""Neurons, receptors, synapses and plasticity rules as definitions: equations first, then numbers with units.

>>> from brian2 import ms, mV
>>> cell = Neuron(
...     "dv/dt = -v/tau : volt", threshold="v > 10*mV", reset="v = 0*mV", method="exact",
...     parameters={"tau": Parameter(10*ms, low=1*ms, high=100*ms, meaning="membrane time constant")},
... )
>>> group = cell.group(5, tau=20*ms)    # an ordinary NeuronGroup
"""

from .base import Definition, definition_of
from .neuron import Neuron
from .parameter import Parameter
from .receptor import Receptor
from .synapse import Synapse
from .transmitters import co_release, merged, merged_weights, onto, releases, without_plasticity

__all__ = [
    "Definition",
    "Neuron",
    "Parameter",
    "Receptor",
    "Synapse",
    "co_release",
    "definition_of",
    "merged",
    "merged_weights",
    "onto",
    "releases",
    "without_plasticity",
]
