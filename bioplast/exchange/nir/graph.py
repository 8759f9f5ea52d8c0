"""A NIR graph as plain data, and what its nodes are in kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import BioplastError

__all__ = ["FIELDS", "LINEAR", "NEURONS", "OPTIONAL", "Graph", "Node", "flattened"]

#: The neurons of NIR that become groups, with the parameters that each has.
NEURONS: dict[str, tuple[str, ...]] = {
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "LI": ("tau", "r", "v_leak"),
    "CubaLI": ("tau_mem", "tau_syn", "r", "v_leak", "w_in"),
    "IF": ("r", "v_threshold", "v_reset"),
    "I": ("r",),
    "Threshold": ("threshold",),
}

#: What passes signals on, as sums of multiples; "Identity" is what an input or output of a graph within a graph is.
LINEAR: dict[str, tuple[str, ...]] = {
    "Linear": ("weight",),
    "Affine": ("weight", "bias"),
    "Scale": ("scale",),
    "Conv2d": ("weight", "bias", "stride", "padding", "dilation", "groups", "input_shape"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Flatten": ("start_dim", "end_dim", "input_type"),
    "Identity": (),
}

FIELDS: dict[str, tuple[str, ...]] = {**NEURONS, **LINEAR, "Input": ("shape",), "Output": ("shape",)}

#: Parameters that a file may lack, with the value that this means.
OPTIONAL: dict[str, Any] = {"v_reset": 0.0, "w_in": 1.0, "input_shape": None, "input_type": None}


@dataclass(frozen=True)
class Node:
    """A node of a NIR graph.

    Attributes
    ----------
    kind : str
        Such as "LIF".
    fields : mapping
        Its parameters by NIR's names: arrays, or text for the padding of a convolution.
    """

    kind: str
    fields: Mapping[str, Any]


@dataclass
class Graph:
    """A NIR graph.

    Attributes
    ----------
    nodes : dict
        `Node` by name, or another `Graph`.
    edges : list of (str, str)
    metadata : dict
        What is noted beside it: numbers and texts.
    """

    nodes: dict[str, Any]
    edges: list[tuple[str, str]]
    metadata: dict[str, Any] = field(default_factory=dict)


def flattened(graph: Graph, path: Any) -> Graph:
    """A graph without graphs inside: their nodes are named ``GRAPH.NODE``, their inputs and outputs pass on.

    Raises
    ------
    BioplastError
        For a graph inside with more than one input or output, of which an edge cannot say which it means.
    """
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    ends: dict[str, tuple[str, str]] = {}
    for name, node in graph.nodes.items():
        if not isinstance(node, Graph):
            nodes[name] = node
            ends[name] = (name, name)
            continue
        inner = flattened(node, path)
        found = {kind: [n for n, each in inner.nodes.items() if each.kind == kind] for kind in ("Input", "Output")}
        for kind, names in found.items():
            if len(names) != 1:
                raise BioplastError(
                    f"{path}: the graph {name!r} inside has {len(names)} nodes {kind}: one is accepted, since an edge "
                    "does not say which it means"
                )
        for n, each in inner.nodes.items():
            nodes[f"{name}.{n}"] = Node("Identity", {}) if each.kind in ("Input", "Output") else each
        edges += [(f"{name}.{a}", f"{name}.{b}") for a, b in inner.edges]
        ends[name] = (f"{name}.{found['Input'][0]}", f"{name}.{found['Output'][0]}")
    edges += [(ends[a][1], ends[b][0]) for a, b in graph.edges]
    return Graph(nodes, edges, graph.metadata)


def size(shape: tuple[int, ...]) -> int:
    """How many elements a shape has."""
    return int(np.prod(shape, dtype=np.int64))
