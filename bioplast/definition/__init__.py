"""Neurons, receptors, synapses and plasticity rules as definitions: equations first, then numbers with units.

>>> from brian2 import ms, mV
>>> cell = Neuron(
...     "dv/dt = -v/tau : volt", threshold="v > 10*mV", reset="v = 0*mV", method="exact",
...     parameters={"tau": Parameter(10*ms, low=1*ms, high=100*ms, meaning="membrane time constant")},
... )
>>> group = cell.group(5, tau=20*ms)    # an ordinary NeuronGroup
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Definition, definition_of
    from .layers import same_step
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
    "same_step",
    "without_plasticity",
]

# Where each name lives. They are imported when first used: `bioplast list` reads models without Brian2.
_PLACES = {
    "Definition": "base",
    "definition_of": "base",
    "Neuron": "neuron",
    "Parameter": "parameter",
    "Receptor": "receptor",
    "Synapse": "synapse",
    "same_step": "layers",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(importlib.import_module(f".{_PLACES.get(name, 'transmitters')}", __name__), name)
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
