"""Protocols by name, or a user's own from a file."""

from __future__ import annotations

from .. import registry
from .protocol import Protocol

__all__ = ["load_protocol", "protocols"]


def protocols() -> dict[str, Protocol]:
    """Every protocol of bioplast.protocols by its name."""
    return registry.found_in("bioplast.protocols", Protocol)


def load_protocol(spec: str) -> Protocol:
    """A protocol by its name or from a file, as `bioplast.load` finds a model."""
    return registry.load(spec, Protocol, "protocol", "a Protocol", protocols)
