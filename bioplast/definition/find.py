"""Models by name, or a user's own from a file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from .. import registry
from ..errors import BioplastError
from ..survey import Wanted

if TYPE_CHECKING:
    from .base import Definition

__all__ = ["load", "models"]

_WANTED = Wanted("bioplast.definition.base:Definition", ("Neuron", "Receptor", "Synapse"), {"meaning": ""})


@functools.cache
def models() -> registry.Shelf:
    """Every neuron, receptor and synapse of bioplast.models by its name, such as "izhikevich-2003"."""
    return registry.Shelf("bioplast.models", _WANTED)


def load(spec: str) -> Definition:
    """A definition by its name or from a file.

    Parameters
    ----------
    spec : str
        A name of `models` (hyphens or underscores), or ``path/to/file.py:name``.

    Returns
    -------
    definition : Neuron, Receptor or Synapse

    Raises
    ------
    UnknownName
        If there is no such name; the message has the near matches.
    BioplastError
        If the file is missing, does not run, or holds something else under that name.
    """
    if not isinstance(spec, str):
        raise BioplastError(f"a name of a model or file.py:name is accepted, not {spec!r}")
    return registry.load(spec, _WANTED.type(), "model", "a Neuron, Receptor or Synapse", models)
