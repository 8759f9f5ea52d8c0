"""Protocols by name, or a user's own from a file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from .. import registry
from ..survey import Wanted

if TYPE_CHECKING:
    from .protocol import Protocol

__all__ = ["load_protocol", "protocols"]

_WANTED = Wanted("bioplast.experiment.protocol:Protocol", ("Protocol",), {"title": ..., "presets": ...})


@functools.cache
def protocols() -> registry.Shelf:
    """Every protocol of bioplast.protocols by its name."""
    return registry.Shelf("bioplast.protocols", _WANTED)


def load_protocol(spec: str) -> Protocol:
    """A protocol by its name or from a file, as `bioplast.load` finds a model."""
    return registry.load(spec, _WANTED.type(), "protocol", "a Protocol", protocols)
