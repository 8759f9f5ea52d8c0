"""Which arrays the operations of a network change."""

from __future__ import annotations

from . import steps

__all__ = ["written", "written_by"]


def written(network: steps.Steps) -> set[str]:
    """The arrays that operations change."""
    return set().union(*(written_by(operation) for operation in network.operations))


def written_by(operation: steps.Operation) -> set[str]:
    """The arrays that an operation changes."""
    found: set[str] = set()
    block = getattr(operation, "block", None)
    if isinstance(block, steps.Block):
        places = [block.names.get(statement.name) for statement in (*block.scalar, *block.vector)]
        found |= {place.array for place in places if isinstance(place, steps.Place)}
    if isinstance(operation, steps.Threshold) and operation.refractory is not None:
        found |= set(operation.refractory[:2])
    if isinstance(operation, steps.Sum):
        found.add(operation.target)
    if isinstance(operation, steps.EventCount):
        found.add(operation.count)
    return found
