"""Which shape the signal has that leaves each node, and how signals get from neurons to neurons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import BioplastError
from .graph import LINEAR, NEURONS, Graph, Node, size
from .linear import Shape, Step, step

__all__ = ["Way", "composed", "signal_shapes", "ways"]

_MOST_NEURONS = 100_000_000
_MOST_WAYS = 10_000


@dataclass(frozen=True)
class Way:
    """The nodes without a state that a signal passes from one node to another, in order."""

    source: str
    through: tuple[str, ...]
    target: str


def ways(graph: Graph, source: str) -> Iterator[Way]:
    """All ways from a node to the next neurons and outputs.

    Raises
    ------
    BioplastError
        For a circle of nodes without a state: what it does at an instant would depend on itself.
    """
    after: dict[str, list[str]] = {}
    for a, b in graph.edges:
        after.setdefault(a, []).append(b)
    waiting: list[tuple[str, ...]] = [(source,)]
    found = 0
    while waiting:
        come = waiting.pop()
        for name in reversed(after.get(come[-1], [])):
            if graph.nodes[name].kind not in LINEAR:
                found += 1
                yield Way(source, come[1:], name)
            elif name in come:
                raise BioplastError(f"{name!r} follows on itself without a neuron between: a loop needs a neuron")
            else:
                waiting.append((*come, name))
            if found > _MOST_WAYS or len(waiting) > _MOST_WAYS:
                raise BioplastError(f"more than {_MOST_WAYS} ways lead on from {source!r}")


def signal_shapes(graph: Graph) -> dict[str, Shape]:
    """The shape of the signal that leaves each node.

    Raises
    ------
    BioplastError
        If shapes do not fit each other, or one cannot be known.
    """
    shapes: dict[str, Shape] = {}
    changed = True
    while changed:
        changed = False
        for name, node in graph.nodes.items():
            incoming = [shapes[a] for a, b in graph.edges if b == name and a in shapes]
            found = _leaving(name, node, incoming)
            if found is not None and shapes.get(name) != found:
                if name in shapes:
                    raise BioplastError(f"{name!r} has the shape {shapes[name]} by one edge, {found} by another")
                if size(found) > _MOST_NEURONS:
                    raise BioplastError(f"{name!r} has the shape {found}: at most {_MOST_NEURONS} values are accepted")
                shapes[name] = found
                changed = True
    for name, node in graph.nodes.items():
        if name not in shapes:
            raise BioplastError(
                f"the shape of {name!r} ({node.kind}) does not follow from the graph: no Input leads to it"
            )
    return shapes


def _leaving(name: str, node: Node, incoming: list[Shape]) -> Shape | None:
    if len({size(shape) for shape in incoming}) > 1:
        raise BioplastError(
            f"{name!r} gets signals of the shapes {', '.join(map(str, incoming))}: one size is accepted"
        )
    before = incoming[0] if incoming else None
    if node.kind == "Input" or (node.kind == "Output" and before is None):
        given = np.atleast_1d(node.fields["shape"])
        if (given != np.round(given)).any() or given.size > 8 or not given.size or given.min() < 1:
            raise BioplastError(f"{name!r} has the shape {given.tolist()}: whole numbers from 1 on are accepted")
        if np.prod(given.astype(float)) > _MOST_NEURONS:
            raise BioplastError(f"{name!r} has the shape {given.tolist()}: at most {_MOST_NEURONS} values are accepted")
        return tuple(int(n) for n in given)
    if node.kind == "Output":
        return before
    if node.kind in NEURONS:
        return _neurons(name, node, before)
    done: Step | None = step(name, node, before)
    return None if done is None else done.shape


def _neurons(name: str, node: Node, before: Shape | None) -> Shape | None:
    own = {np.shape(value) for value in node.fields.values() if np.size(value) > 1}
    if len({size(shape) for shape in own}) > 1:
        raise BioplastError(f"{name!r} has parameters of the shapes {', '.join(map(str, sorted(own)))}")
    if not own:
        return before  # one value for all neurons
    shape = max(own, key=len)
    if before is not None and size(before) != size(shape):
        raise BioplastError(f"{name!r} has {size(shape)} neurons, but {size(before)} values come in (shape {before})")
    return before if before is not None and len(shape) == 1 else shape


def composed(graph: Graph, through: tuple[str, ...], before: Shape) -> Any:
    """What nodes one after the other do to a signal, as a matrix [after, before] (dense, sparse or None: nothing)."""
    whole: Any = None
    for name in through:
        done = step(name, graph.nodes[name], before)
        assert done is not None
        if done.matrix is not None:
            whole = done.matrix if whole is None else done.matrix @ whole
        before = done.shape
    return whole


def bias(graph: Graph, name: str, before: Shape) -> np.ndarray | None:
    """The bias of a node without a state, where there is one that is not 0."""
    done = step(name, graph.nodes[name], before)
    found = None if done is None else done.bias
    return None if found is None or not found.any() else found
