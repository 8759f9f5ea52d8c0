"""Brian2 networks as NIR graphs."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Network, Synapses

from ... import connection
from ...definition import definition_of
from ...definition.declared import DeclaredSynapses
from ...definition.find import load
from ...errors import BioplastError
from ...version import __version__
from .adapt import adapted
from .file import write_graph
from .graph import Graph, Node, size
from .neurons import graded_synapse, step_synapse
from .recognise import Cells, Found, recognised, refused
from .tools import check_tool

__all__ = ["write_nir"]

#: The most weights that are written as one matrix.
_MOST = 1 << 28
Shape = tuple[int, ...]


def write_nir(
    network: Network, path: str | os.PathLike[str], *, spikes: str = "height", tool: str | None = None
) -> Path:
    """Write a network as a NIR file.

    Accepted are networks of `read_nir`, and those of groups of `lif` without a refractory period, with
    `delta_synapse`, and of ``lif + exponential_current``, with `exponential_synapse`, whose weights are converted to
    those of NIR. SpikeGeneratorGroups and PoissonGroups become nodes Input, SpikeMonitors nodes Output, Synapses along
    `bioplast.connection` nodes Conv2d and SumPool2d, others Linear, with a constant current Affine. The step is noted
    as "dt" in the graph's metadata.

    Parameters
    ----------
    network : brian2.Network
    path : path
    spikes : str
        What a spike is in the file, "height" or "area", as of `read_nir`. A jump of the potential is exact at the steps
        with either, but for one that arrives in the step in which the neuron spikes: Brian2's reset forgets it, while
        in NIR it acts after the reset. An exponential current has the course of continuous time with "area", and the
        same charge with "height"; ``lif + exponential_current`` itself holds its current over a step, which makes
        potentials larger by about ``dt/(2*tau_syn)``, so that what is read back may spike in other steps.
    tool : str, optional
        For whom the file is made, where that tool does not take the numbers as NIR means them:

        - "norse": r = 1 and v_reset = 0, which the weights and potentials make up for
        - "snntorch": its dt of 0.1 ms, v_leak = v_reset = 0, the r and w_in that it expects
        - "sinabs": tau in steps, r = 1, v_leak = v_reset = 0, no field v_reset, for nir <= 1.0.4

    Returns
    -------
    Path

    Raises
    ------
    Unsupported
        For what NIR, or the tool, cannot express, by its name: a refractory period, delays, plasticity, equations of
        its own, code that runs regularly.
    TargetUnavailable
        Without the package nir (``pip install "bioplast[nir]"``).

    Warns
    -----
    UserWarning
        Once, for all that a file does not hold (states, spikes of a SpikeGeneratorGroup) or that was converted for a
        tool.

    Examples
    --------
    >>> exchange.write_nir(network, "network.nir")  # doctest: +SKIP
    """
    check_tool(tool)
    if spikes not in ("height", "area"):
        raise BioplastError(f"spikes is {spikes!r}: 'height' or 'area' is accepted")
    if tool is not None and spikes != "height":
        raise BioplastError(f"spikes='area' and tool={tool!r} exclude each other: a spike of {tool} has height 1")
    found = recognised(network)
    graph = _Writer(found, spikes).graph()
    notes = [f"left out: {', '.join(found.notes)}"] if found.notes else []
    if tool is not None:
        graph, said = adapted(graph, tool, found.dt)
        notes += said
    if notes:
        warnings.warn(f"{os.fspath(path)}: {'; '.join(notes)}", UserWarning, stacklevel=2)
    return write_graph(graph, path, without=("v_reset",) if tool == "sinabs" else ())


class _Writer:
    """The graph of what was found in a network, piece by piece."""

    def __init__(self, found: Found, spikes: str):
        self.found, self.area = found, spikes == "area"
        self.nodes: dict[str, Node] = {}
        self.edges: list[tuple[str, str]] = []
        self.incoming: dict[str, list[Synapses]] = {name: [] for name in found.cells}
        self.outgoing: dict[str, list[Synapses]] = {name: [] for name in [*found.cells, *found.inputs]}
        for synapses in found.synapses:
            for side, table in ((synapses.source, self.outgoing), (synapses.target, self.incoming)):
                if side.name not in table:
                    raise refused(synapses.name, f"it connects {side.name!r}, which is no whole group with a node")
                table[side.name].append(synapses)
        self.shapes: dict[str, Shape] = {}

    def graph(self) -> Graph:
        for name in [*self.found.inputs, *self.found.cells]:
            self.shapes[name] = self._shape(name)
        for name in self.found.inputs:
            self.nodes[name] = Node("Input", {"shape": np.array(self.shapes[name])})
        for name, cells in self.found.cells.items():
            self.nodes[name] = Node(cells.kind, {f: v.reshape(self.shapes[name]) for f, v in cells.fields.items()})
        for name, cells in self.found.cells.items():
            owed = cells.bias if cells.bias.any() else None
            for synapses in sorted(self.incoming[name], key=lambda each: each.name):
                owed = self._connect(synapses, cells, owed)
            if owed is not None:
                raise refused(
                    name,
                    "a constant current that no weights to it hold: a bias goes with Linear weights, and with a "
                    "convolution if it is one for each kernel",
                )
        for name, group in self.found.outputs.items():
            self.nodes[self._free(name)] = Node("Output", {"shape": np.array(self.shapes[group])})
            self.edges.append((group, name))
        return Graph(self.nodes, self.edges, {"dt": self.found.dt, "writer": f"bioplast {__version__}"})

    def _shape(self, name: str) -> Shape:
        """The shape that a group is written with: that of its image where all that comes in is one."""
        many = self.found.inputs.get(name) or len(next(iter(self.found.cells[name].fields.values())))
        incoming = [
            s.connection.shape if isinstance(s, DeclaredSynapses) else (many,) for s in self.incoming.get(name, [])
        ]
        outgoing = [s.connection.before for s in self.outgoing[name] if isinstance(s, DeclaredSynapses)]
        wanted = set(incoming or outgoing)
        return wanted.pop() if len(wanted) == 1 else (many,)

    def _connect(self, synapses: Synapses, cells: Cells, bias: np.ndarray | None) -> np.ndarray | None:
        """Add the nodes of Synapses; returns the bias that has found no place yet."""
        name, source, target = synapses.name, synapses.source.name, synapses.target.name
        _refuse_delays(synapses)
        factor = self._factor(synapses, cells)
        before, after = self.shapes[source], self.shapes[target]
        if isinstance(synapses, DeclaredSynapses):
            done = self._declared(synapses, factor, bias)
            if done is not None:
                nodes, shape, left = done
                self._chain(source, [*nodes, *_flat(shape, after)], target, name)
                return left
        matrix = _matrix(synapses) * factor[:, None]
        if bias is None and matrix.shape[0] == matrix.shape[1] and (matrix == np.eye(len(matrix))).all():
            self._chain(source, _flat(before, after), target, name)
            return None
        if len(after) > 1:
            raise refused(name, f"all-to-all weights into {target!r}, which has the shape {after} of an image")
        weights: dict[str, Any] = {"weight": matrix}
        kind = "Linear" if bias is None else "Affine"
        if bias is not None:
            weights["bias"] = bias
        self._chain(source, [*_flat(before, (size(before),)), Node(kind, weights)], target, name)
        return None

    def _declared(
        self, synapses: DeclaredSynapses, factor: np.ndarray, bias: np.ndarray | None
    ) -> tuple[list[Node], Shape, np.ndarray | None] | None:
        """The nodes that a declared connection is, the shape behind them and the bias left; None: only as a matrix."""
        along = synapses.connection
        if self.shapes[synapses.source.name] != along.before or (factor != factor[0]).any():
            return None
        if getattr(along, "maximum", False) or getattr(getattr(along, "first", None), "maximum", False):
            raise refused(synapses.name, "max pooling")
        weight = np.asarray(synapses.kernels.w_, dtype=float).reshape(along.weights) * factor[0]
        nodes: list[Node] = []
        if isinstance(along, connection.Chain) and isinstance(along.first, connection.Pooling):
            nodes.append(_pool(along.first, "SumPool2d"))
            along = along.second
        if isinstance(along, connection.Convolution):
            held = None if bias is None else bias.reshape(along.kernels, -1)
            fits = held is not None and bool((held == held[:, :1]).all())
            fields = {
                "input_shape": along.before[1:],
                "weight": weight,
                "stride": along.windows.stride,
                "padding": along.windows.padding,
                "dilation": (1, 1),
                "groups": 1,
                "bias": held[:, 0].copy() if held is not None and fits else np.zeros(along.kernels),
            }
            return [*nodes, Node("Conv2d", fields)], along.shape, None if fits else bias
        if isinstance(along, connection.Pooling):
            share = weight.item()
            if share in (1.0, along.share):
                return [*nodes, _pool(along, "SumPool2d" if share == 1.0 else "AvgPool2d")], along.shape, bias
            scaled = Node("Scale", {"scale": np.full(along.shape, share)})
            return [*nodes, _pool(along, "SumPool2d"), scaled], along.shape, bias
        return None

    def _factor(self, synapses: Synapses, cells: Cells) -> np.ndarray:
        """What the weights of Synapses are multiplied with to be those of NIR, by the neuron after."""
        given, dt, fields = definition_of(synapses), self.found.dt, cells.fields
        many = len(next(iter(fields.values())))
        if given == step_synapse:
            return np.full(many, dt if self.area else 1.0)
        for number in range(64):
            if f"I_analog{number}" not in synapses.target.variables:
                break
            if given in (graded_synapse(number, "v"), graded_synapse(number, "x")):
                return np.ones(many)
        if given == load("delta-synapse"):
            if cells.kind in ("IF", "I"):
                return 1 / fields["r"] / (1.0 if self.area else dt)
            if cells.kind in ("LIF", "LI"):
                if self.area:
                    return fields["tau"] / fields["r"]
                return 1 / (fields["r"] * np.expm1(dt / fields["tau"]))
            raise refused(synapses.name, f"a jump of the potential of {synapses.target.name!r}, a {cells.kind}")
        if given == load("exponential-synapse") and cells.kind == "CubaLIF":
            return fields["tau_syn"] / fields["w_in"] / (1.0 if self.area else dt)
        label = "code of its own" if given is None else f"a {given.label}"
        raise refused(
            synapses.name, f"{label}; delta_synapse, exponential_synapse and the Synapses of read_nir are accepted"
        )

    def _chain(self, source: str, nodes: list[Node], target: str, name: str) -> None:
        """Add nodes between two others: the last weights have the name of the Synapses, others one after their kind."""
        main = max((k for k, node in enumerate(nodes) if node.kind != "Flatten"), default=-1)
        previous = source
        for number, node in enumerate(nodes):
            called = self._free(name if number == main else f"{name}_{node.kind.lower()}")
            self.nodes[called] = node
            self.edges.append((previous, called))
            previous = called
        self.edges.append((previous, target))

    def _free(self, name: str) -> str:
        number, found = 1, name
        while found in self.nodes:
            number += 1
            found = f"{name}_{number}"
        return found


def _flat(shape: Shape, wanted: Shape) -> list[Node]:
    """What makes a signal of one shape flat, if another is flat; nothing if both are the same."""
    if shape == wanted:
        return []
    return [Node("Flatten", {"input_type": np.array(shape), "start_dim": 0, "end_dim": -1})]


def _pool(along: connection.Pooling, kind: str) -> Node:
    windows = along.windows
    return Node(
        kind,
        {
            "kernel_size": np.array(windows.size),
            "stride": np.array(windows.stride),
            "padding": np.array(windows.padding),
        },
    )


def _refuse_delays(synapses: Synapses) -> None:
    for pathway in synapses._pathways:
        if (np.asarray(pathway.delay_) > 0).any():
            raise refused(synapses.name, "delays of synapses (a node Delay is not written)")


def _matrix(synapses: Synapses) -> np.ndarray:
    """The weights [after, before]; those of several synapses between the same neurons add up."""
    before, after = len(synapses.source), len(synapses.target)
    if before * after > _MOST:
        raise refused(synapses.name, f"a matrix of {after} x {before} weights, more than {_MOST} together")
    matrix = np.zeros((after, before))
    np.add.at(matrix, (np.asarray(synapses.j), np.asarray(synapses.i)), np.asarray(synapses.w_, dtype=float))
    return matrix
