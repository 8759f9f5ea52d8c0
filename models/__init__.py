"""Neurons, receptors and synapses, one file per model and nothing but definitions in it.

A file that is put here is found; nothing else needs to know of it. It is imported when one of its models is.

>>> from bioplast.models import ampa, lif
>>> (lif + ampa).group(100)  # doctest: +SKIP
"""

import sys
from types import ModuleType
from typing import Any

from bioplast import registry
from bioplast.definition.find import models


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return [entry.variable for entry in models().entries.values()]
    found = models().entries.get(registry.key(name))
    if found is None or found.variable != name:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = models()[registry.key(name)]
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})


class _Models(ModuleType):
    """The package, which Python tells of each file that it has imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            for variable, definition in vars(value).items():
                if not variable.startswith("_"):
                    registry.named(definition, variable)
            # The file lif.py holds lif: here that is the neuron, not the file.
            value = vars(value).get(name, value)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Models
