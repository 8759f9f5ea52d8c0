"""NIR graphs for a tool that does not take the numbers as NIR means them.

What a neuron does is kept; what is changed is the scale. With weights W, resistance r and time constant tau, a tool
that adds W in a step, where NIR adds the part of it that r and tau say, is given weights of that size. Potentials are
counted from where the tool has its 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...errors import Unsupported
from .graph import NEURONS, Graph, Node, size

__all__ = ["adapted"]

_WEIGHTS = ("Linear", "Affine", "Conv2d")
_MOST = 1 << 24

#: The nodes that each tool reads.
_READS = {
    "norse": {"LIF", "CubaLIF", "IF", "Linear", "Affine", "Conv2d", "Flatten", "SumPool2d"},
    "snntorch": {"LIF", "CubaLIF", "Linear", "Affine", "Conv2d", "Flatten", "AvgPool2d"},
    "sinabs": {"LIF", "LI", "IF", "Linear", "Affine", "Conv2d", "Flatten", "SumPool2d"},
}
_SNNTORCH_DT = 1e-4

Fields = Mapping[str, Any]
#: The new parameters of a neuron, and the factor of the weights to each.
Change = tuple[dict[str, Any], np.ndarray]


def adapted(graph: Graph, tool: str, dt: float) -> tuple[Graph, list[str]]:
    """A graph for a tool, and what is to be said about it.

    Parameters
    ----------
    graph : Graph
        With spikes of height 1.
    tool : str
    dt : float
        The step in seconds.

    Raises
    ------
    Unsupported
        For a node that the tool does not read, or a neuron that it does not have.
    """
    change = {"norse": _norse, "snntorch": _snntorch, "sinabs": _sinabs}[tool]
    nodes, edges = dict(graph.nodes), list(graph.edges)
    scaled: list[str] = []
    for name, node in graph.nodes.items():
        if node.kind not in _READS[tool] | {"Input", "Output"}:
            raise Unsupported(f"{tool} does not read {name!r}, a {node.kind}")
        if node.kind not in NEURONS:
            continue
        fields, factor = change(name, node, dt)
        nodes[name] = Node(node.kind, fields)
        if not np.allclose(factor, 1.0, rtol=1e-12, atol=0.0):
            scaled.append(name)
            _scale(nodes, edges, name, factor, tool)
    if tool == "sinabs":  # which reads no Linear
        nodes = {
            name: Node("Affine", {**node.fields, "bias": np.zeros(len(node.fields["weight"]))})
            if node.kind == "Linear"
            else node
            for name, node in nodes.items()
        }
    said = [f"for {tool}: {_SAID[tool]}"]
    if scaled:
        said.append(f"the weights to {', '.join(scaled)} were scaled")
    return Graph(nodes, edges, {**graph.metadata, "tool": tool}), said


_SAID = {
    "norse": "r = 1, v_reset = 0, run it with its dt set to that of the file",
    "snntorch": "its step of 0.1 ms stands for ours, v_leak = v_reset = 0",
    "sinabs": "tau in steps, r = 1, v_leak = v_reset = 0; it takes the threshold off at a spike, where NIR resets",
}


def _from_reset(fields: Fields) -> dict[str, Any]:
    """Potentials counted from the reset."""
    moved = dict(fields)
    for field in ("v_leak", "v_threshold", "v_reset"):
        if field in moved:
            moved[field] = moved[field] - fields["v_reset"]
    return moved


def _from_leak(tool: str, name: str, fields: Fields) -> dict[str, Any]:
    """Potentials counted from the leak potential, which has to be the reset as well."""
    zero = fields.get("v_leak", fields.get("v_reset", 0.0))
    if "v_reset" in fields and not np.array_equal(
        fields["v_reset"], np.broadcast_to(zero, np.shape(fields["v_reset"]))
    ):
        raise Unsupported(f"{tool} resets to the leak potential alone: {name!r} has another v_reset than v_leak")
    moved = {**fields}
    for field in ("v_leak", "v_threshold", "v_reset"):
        if field in moved:
            moved[field] = moved[field] - zero
    return moved


def _ones(like: Any) -> np.ndarray:
    return np.ones(np.shape(like))


def _norse(name: str, node: Node, dt: float) -> Change:
    fields = _from_reset(node.fields)
    factor = np.asarray(fields["r"]) * (dt if node.kind == "IF" else 1.0)
    if node.kind == "CubaLIF":
        if np.any(fields["v_leak"]):
            raise Unsupported(f"norse takes v_leak for the synapse as well: {name!r} has another v_reset than v_leak")
        factor = factor * fields["w_in"]
        fields["w_in"] = _ones(factor)
    return {**fields, "r": _ones(factor)}, factor


def _snntorch(name: str, node: Node, dt: float) -> Change:
    fields = _from_leak("snntorch", name, node.fields)
    tau = "tau" if node.kind == "LIF" else "tau_mem"
    if np.unique(fields["v_threshold"]).size > 1:
        raise Unsupported(f"snntorch has one threshold for all neurons: {name!r} has several")
    if any(np.any(fields[f] < dt) for f in ("tau", "tau_mem", "tau_syn") if f in fields):
        raise Unsupported(f"snntorch computes 1 - dt/tau, which is negative for {name!r}: a smaller dt is accepted")
    factor = fields["r"] * dt / fields[tau]
    fields[tau] = fields[tau] / dt * _SNNTORCH_DT
    fields["r"] = fields[tau] / _SNNTORCH_DT
    if node.kind == "CubaLIF":
        factor = factor * fields["w_in"] * dt / fields["tau_syn"]
        fields["tau_syn"] = fields["tau_syn"] / dt * _SNNTORCH_DT
        fields["w_in"] = fields["tau_syn"] / _SNNTORCH_DT
    return fields, factor


def _sinabs(name: str, node: Node, dt: float) -> Change:
    fields = _from_leak("sinabs", name, node.fields)
    if node.kind == "IF":
        return {**fields, "r": _ones(fields["r"])}, np.asarray(fields["r"]) * dt
    factor = fields["r"] * -np.expm1(-dt / fields["tau"])
    return {**fields, "r": _ones(factor), "tau": fields["tau"] / dt}, factor


def _scale(nodes: dict[str, Node], edges: list[tuple[str, str]], name: str, factor: np.ndarray, tool: str) -> None:
    """Multiply all that comes into a neuron, in the weights before it or in new ones."""
    flat = factor.reshape(-1)
    for number, (before, after) in enumerate(list(edges)):
        if after != name:
            continue
        last = before
        while nodes[last].kind == "Flatten":
            last = next(a for a, b in edges if b == last)
        node = nodes[last]
        uniform = bool((flat == flat[0]).all())
        if node.kind == "Conv2d":
            by_kernel = flat.reshape(len(node.fields["weight"]), -1)
            if (by_kernel == by_kernel[:, :1]).all():
                each = by_kernel[:, 0]
                fields = {**node.fields, "weight": node.fields["weight"] * each[:, None, None, None]}
                nodes[last] = Node("Conv2d", {**fields, "bias": node.fields["bias"] * each})
                continue
        elif node.kind in _WEIGHTS:
            fields = {**node.fields, "weight": node.fields["weight"] * flat[:, None]}
            if node.kind == "Affine":
                fields["bias"] = node.fields["bias"] * flat
            nodes[last] = Node(node.kind, fields)
            continue
        shape = np.shape(factor)
        if len(shape) == 1 and flat.size**2 <= _MOST:
            called = f"{name}_scale"
            nodes[called] = Node("Affine", {"weight": np.diag(flat), "bias": np.zeros(flat.size)})
            edges[number] = (before, called)
            edges.append((called, name))
            continue
        raise Unsupported(
            f"{tool} has no r: what {last!r} ({node.kind}) sends to {name!r} ({size(shape)} neurons) cannot be scaled"
            + ("" if uniform else " for each of them")
        )
