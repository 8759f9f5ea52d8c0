"""What other tools mean by the numbers in their files, where it is not what NIR says.

Each tool computes in steps of its own, and its files show it. As of November 2026:

norse 1.1.0
    Writes tau*dt where NIR has tau, with dt = 1 ms: 1e-5 for 10 ms. It reads what it should. Its neurons without a
    leak add their input in every step, whatever dt is. It knows no r and no v_reset.
snntorch 1.0.0
    Takes dt = 0.1 ms for granted, in both directions, and r = tau/dt. It knows no v_leak and no v_reset.
sinabs 3.1.3
    Writes and reads tau in steps. It knows no r, no v_leak and no v_reset. Its own neurons take the part
    1 - exp(-dt/tau) of their input in a step, as NIR says; those that it makes of a file take all of it. Needs
    nir <= 1.0.4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import BioplastError, UnknownName
from .graph import Graph, Node

__all__ = ["TOOLS", "check_tool", "own_step", "written_by"]

_TAUS = ("tau", "tau_mem", "tau_syn")
#: The step that a tool takes for granted, in seconds; None for one that is told its step.
TOOLS: dict[str, float | None] = {"norse": 1e-3, "snntorch": 1e-4, "sinabs": None}


def check_tool(tool: str | None) -> None:
    """Refuse the name of a tool that is not known."""
    if tool is not None and tool not in TOOLS:
        raise UnknownName("tool", tool, TOOLS)


def own_step(tool: str | None) -> float | None:
    """The step that a tool takes for granted, in seconds, if it does."""
    return None if tool is None else TOOLS[tool]


def written_by(graph: Graph, tool: str | None, dt: float) -> Graph:
    """A graph with the meaning of NIR, from one with the meaning of a tool.

    Parameters
    ----------
    graph : Graph
    tool : str or None
        A name of `TOOLS`; None for NIR's own meaning.
    dt : float
        The step in seconds.

    Raises
    ------
    UnknownName
        For another tool.
    """
    check_tool(tool)
    changes: dict[str, Callable[[Node, str, Any, float], Any]] = {"norse": _norse, "sinabs": _sinabs}
    if tool is None or tool not in changes:
        return graph
    change = changes[tool]

    def node(given: Node) -> Node:
        fields = given.fields
        return Node(given.kind, {f: change(given, f, v, dt) for f, v in fields.items()})

    return Graph({name: node(each) for name, each in graph.nodes.items()}, graph.edges, graph.metadata)


def _norse(node: Node, field: str, value: Any, dt: float) -> Any:
    if field in _TAUS:
        return value / dt
    return _per_step(node, field, value, dt)


def _sinabs(node: Node, field: str, value: Any, dt: float) -> Any:
    if field in _TAUS:
        return value * dt
    return _per_step(node, field, value, dt)


def _per_step(node: Node, field: str, value: Any, dt: float) -> Any:
    return value / dt if field == "r" and node.kind in ("IF", "I") else value


def check_taus(graph: Graph, dt: float) -> None:
    """Refuse a graph of which every time constant lies below the step: it was written in another unit.

    Raises
    ------
    BioplastError
        It names the likely writer.
    """
    taus = {f"{name}.{f}": float(np.max(node.fields[f])) for name, node in graph.nodes.items() for f in _TAUS
            if f in node.fields}  # fmt: skip
    if taus and max(taus.values()) < dt:
        name = max(taus, key=lambda each: taus[each])
        raise BioplastError(
            f"every time constant lies below the step of {dt * 1e3:g} ms (the longest: {name} = {taus[name]:g} s); "
            'Norse up to 1.1 writes tau*dt instead of tau: tool="norse" reads its files; or give a smaller dt'
        )
