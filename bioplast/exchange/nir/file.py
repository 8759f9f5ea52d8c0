"""NIR files: HDF5 with a group for each node, read into plain data and written by the package nir."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ...errors import UnknownName
from ...files import write_bytes
from ..hdf5 import numbers, opened, text, unusable
from ..needs import needed
from .graph import FIELDS, OPTIONAL, Graph, Node

__all__ = ["read_graph", "write_graph"]

_OUTSIDE = {"Conv1d", "Delay"}


def read_graph(path: str | os.PathLike[str]) -> Graph:
    """Read a NIR file.

    Parameters
    ----------
    path : path

    Returns
    -------
    Graph
        Every parameter finite, every edge between nodes that exist.

    Raises
    ------
    BioplastError
        For a file that is damaged, hostile or no NIR file, and for a node of a kind that is not read, by its name.
    """
    with opened(path, "NIR") as file:
        if "node" not in file or not isinstance(file["node"], h5py.Group):
            raise unusable(path, "is no NIR file: it lacks the group 'node'")
        found = _node(file["node"], path, "node")
    if not isinstance(found, Graph):
        raise unusable(path, f"holds a single {found.kind}: a graph is accepted")
    return found


def _node(group: Any, path: Any, where: str) -> Node | Graph:
    if not isinstance(group, h5py.Group) or "type" not in group:
        raise unusable(path, f"{where} is no node: a group with a 'type' is accepted")
    kind = text(group["type"], path, f"{where}/type")
    if kind == "NIRGraph":
        return _graph(group, path, where)
    if kind in _OUTSIDE:
        raise unusable(path, f"{where} is a {kind}, which is not read; accepted: {', '.join(_readable())}")
    if kind not in FIELDS or kind == "Identity":
        raise UnknownName(f"kind of node ({path}: {where})", kind, _readable())
    fields = {name: _field(group, name, path, where) for name in FIELDS[kind]}
    return Node(kind, fields)


def _readable() -> list[str]:
    return sorted({*FIELDS, "NIRGraph"} - {"Identity"})


def _field(group: h5py.Group, name: str, path: Any, where: str) -> Any:
    if name not in group:
        if name in OPTIONAL:
            return OPTIONAL[name]
        raise unusable(path, f"{where} lacks {name!r}")
    item = group[name]
    if name == "padding" and isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None:
        return text(item, path, f"{where}/{name}")
    return numbers(item, path, f"{where}/{name}")


def _graph(group: h5py.Group, path: Any, where: str) -> Graph:
    for part in ("nodes", "edges"):
        if part not in group:
            raise unusable(path, f"{where} lacks {part!r}")
    if not isinstance(group["nodes"], h5py.Group):
        raise unusable(path, f"{where}/nodes is no group of nodes")
    nodes = {name: _node(inner, path, f"{where}/nodes/{name}") for name, inner in group["nodes"].items()}
    edges = _edges(group["edges"], path, f"{where}/edges")
    for pair in edges:
        for end in pair:
            if end not in nodes:
                raise unusable(path, f"{where}: the edge {pair[0]!r} -> {pair[1]!r} names no node {end!r}")
    notes = group.get("metadata", {})
    return Graph(nodes, edges, {name: _note(item) for name, item in notes.items()})


def _edges(item: Any, path: Any, where: str) -> list[tuple[str, str]]:
    if isinstance(item, h5py.Dataset) and item.size == 0:
        return []
    if not isinstance(item, h5py.Dataset) or item.ndim != 2 or item.shape[1] != 2:
        raise unusable(path, f"{where} is no list of pairs of names")
    if h5py.check_string_dtype(item.dtype) is None:
        raise unusable(path, f"{where} holds no names")
    pairs = item.asstr(errors="replace")[()]
    return [(str(a), str(b)) for a, b in pairs]


def _note(item: Any) -> Any:
    """A note as a number or a text, or None for anything else: nothing depends on it."""
    if not isinstance(item, h5py.Dataset) or item.shape != ():
        return None
    if h5py.check_string_dtype(item.dtype) is not None:
        found = item[()]
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    return item[()].item() if item.dtype.kind in "fiub" else None


def write_graph(graph: Graph, path: str | os.PathLike[str], without: tuple[str, ...] = ()) -> Path:
    """Write a NIR file, whole or not at all, by the package nir.

    Parameters
    ----------
    graph : Graph
    path : path
    without : tuple of str
        Parameters that the file is not to have, for readers of an older nir.

    Raises
    ------
    TargetUnavailable
        Without the package nir (``pip install "bioplast[nir]"``).
    """
    nir = needed("nir", "nir", "to write NIR files")
    content = io.BytesIO()
    nir.write(content, _made(nir, graph))
    if without:
        with h5py.File(content, "a") as file:
            for node in file["node/nodes"].values():
                for name in without:
                    if name in node:
                        del node[name]
    return write_bytes(path, content.getvalue())


def _made(nir: Any, graph: Graph) -> Any:
    """A graph as objects of the package."""
    nodes = {}
    for name, node in graph.nodes.items():
        fields = dict(node.fields)
        if node.kind in ("Input", "Output"):
            side = node.kind.lower()
            nodes[name] = getattr(nir, node.kind)({side: np.asarray(fields["shape"])})
        elif node.kind == "Flatten":
            nodes[name] = nir.Flatten({"input": np.asarray(fields.pop("input_type"))}, **fields)
        else:
            nodes[name] = getattr(nir, node.kind)(**fields)
    return nir.NIRGraph(nodes, list(graph.edges), metadata=dict(graph.metadata))
