"""NIR graphs as ordinary Brian2 networks."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    amp,
    get_dimensions,
    ms,
    second,
)

from ...errors import BioplastError
from .file import read_graph
from .graph import NEURONS, Graph, Node, flattened, size
from .linear import Shape, declared
from .neurons import RENAMED, definition, graded_synapse, step_synapse
from .shapes import Way, bias, composed, signal_shapes, ways
from .tools import check_taus, check_tool, own_step, written_by

__all__ = ["read_nir"]

SPIKES = ("height", "area")
INPUTS = ("spikes", "values")
_SPIKING = ("LIF", "CubaLIF", "IF", "Threshold")
_MOST = 50_000_000


def read_nir(
    path: str | os.PathLike[str],
    *,
    dt: Any = None,
    spikes: str = "height",
    inputs: str = "spikes",
    tool: str | None = None,
) -> Network:
    """Read a NIR file as a network.

    Every node with a state becomes a group that is named as the node, every weight on the way to it Synapses named as
    theirs (several in a row: ``first_second``), every output a monitor. Characters that Brian2 has not in names become
    ``_``; a name that begins with a digit gets ``node_`` in front, and nodes of a graph inside are ``GRAPH_NODE``.
    The equations are those of NIR, in continuous time, and the integration is exact for input that is constant over a
    step; where both time constants of a CubaLIF are equal it is a Runge-Kutta method of fourth order. Numbers are SI
    units: potentials in volt, weights in ampere. Neurons start at their leak potential, at 0 without one.

    A signal takes one step from neurons to neurons, as everywhere in Brian2; other tools pass it on through all layers
    within a step, so that layer n spikes n steps later here.

    Parameters
    ----------
    path : path
    dt : Quantity, optional
        The step. By default the one that the tool takes for granted, the "dt" among the file's notes, or 0.1 ms.
    spikes : str
        What a spike is. "height": a signal of 1 for one step, whatever the step is, as all tools that compute in steps
        mean it. "area": a pulse of area 1, as in the article, a signal of 1/dt for one step.
    inputs : str
        What the nodes Input are. "spikes": a SpikeGeneratorGroup named as the node. "values": a group that passes on
        the TimedArray ``NODE_values``, [steps, neurons] as `inputs` of a program.
    tool : str, optional
        Who wrote the file, where its numbers do not mean what NIR says: "norse", "sinabs" or "snntorch".

    Returns
    -------
    brian2.Network
        Ordinary groups, Synapses and monitors. Each group is of `lif`, or of one of the definitions beside it, with
        NIR's parameters: tau -> tau_m, r -> R_m, v_leak -> E_L, v_threshold -> v_th, v_reset -> v_r.

    Raises
    ------
    BioplastError
        For a file that is damaged or hostile, for nodes that are not read (Conv1d, Delay), for shapes that do not fit
        each other, and if every time constant lies below the step.

    References
    ----------
    Pedersen et al. (2024), Nature Communications 15:8122, doi:10.1038/s41467-024-52259-9

    Examples
    --------
    >>> network = exchange.read_nir("trained.nir")  # doctest: +SKIP
    >>> program = bioplast.compile(network, 100*ms, target="jax")  # doctest: +SKIP
    >>> program(inputs={"input": raster}).raster("output")  # doctest: +SKIP
    """
    check_tool(tool)
    for name, given, accepted in (("spikes", spikes, SPIKES), ("inputs", inputs, INPUTS)):
        if given not in accepted:
            raise BioplastError(f"{name} is {given!r}: {' or '.join(map(repr, accepted))} is accepted")
    graph = flattened(read_graph(path), path)
    step = _step(dt, graph, tool)
    graph = written_by(graph, tool, step)
    try:
        check_taus(graph, step)
        return _Builder(graph, step, spikes, inputs).network()
    except BioplastError as error:
        raise BioplastError(f"{os.fspath(path)}: {error}") from None


def _step(dt: Any, graph: Graph, tool: str | None) -> float:
    """The step in seconds."""
    if dt is not None:
        if not isinstance(dt, Quantity) or get_dimensions(dt) is not second.dim or np.size(dt) != 1 or not dt > 0 * ms:
            raise BioplastError(f"dt is {dt!r}: a time above 0 is accepted, such as 0.1*ms")
        return float(dt)
    noted = graph.metadata.get("dt")
    known = own_step(tool)
    if known is not None:
        return known
    usable = isinstance(noted, float) and 1e-9 <= noted <= 1.0
    return float(noted) if usable else 1e-4  # type: ignore[arg-type]


class _Builder:
    """The network of a graph, piece by piece."""

    def __init__(self, graph: Graph, dt: float, spikes: str, inputs: str):
        self.graph, self.dt, self.inputs = graph, dt, inputs
        self.pulse = 1.0 if spikes == "height" else 1 / dt
        self.clock = Clock(dt * second)
        self.shapes = signal_shapes(graph)
        self.names = _names(graph.nodes)
        self.groups: dict[str, Any] = {}
        self.objects: list[Any] = []
        kinds = {"Input", "Output", *NEURONS}
        self.taken = {self.names[name] for name, node in graph.nodes.items() if node.kind in kinds}

    def network(self) -> Network:
        sources = [name for name, node in self.graph.nodes.items() if node.kind == "Input" or node.kind in NEURONS]
        found = [way for name in sources for way in ways(self.graph, name)]
        to_neurons = [way for way in found if self.graph.nodes[way.target].kind in NEURONS]
        graded = [way for way in to_neurons if not self._spikes(way.source)]
        places: dict[Way, int] = {}
        many: dict[str, int] = {}
        for way in graded:
            places[way] = many.get(way.target, 0)
            many[way.target] = places[way] + 1
        for name in sources:
            self._add_group(name, many.get(name, 0))
        for way in to_neurons:
            self._connect(way, places.get(way))
        self._add_biases()
        self._add_monitors([way for way in found if way not in to_neurons])
        return Network(*self.objects)

    def _spikes(self, name: str) -> bool:
        kind = self.graph.nodes[name].kind
        return kind in _SPIKING or (kind == "Input" and self.inputs == "spikes")

    def _add_group(self, name: str, graded: int) -> None:
        node, label, many = self.graph.nodes[name], self.names[name], size(self.shapes[name])
        if node.kind != "Input":
            group = self._neurons(name, node, many, graded)
        elif self.inputs == "spikes":
            group = SpikeGeneratorGroup(many, [], [] * second, name=label, clock=self.clock)
        else:
            function = f"{label}_values"
            values = TimedArray(np.zeros((1, many)), dt=self.dt * second, name=self._free(function))
            group = NeuronGroup(
                many, f"x = {function}(t, i) : 1", namespace={function: values}, name=label, clock=self.clock
            )
        self.groups[name] = group
        self.objects.append(group)

    def _neurons(self, name: str, node: Node, many: int, graded: int) -> NeuronGroup:
        neuron = definition(node.kind, graded)
        values: dict[str, Any] = {}
        for field in NEURONS[node.kind]:
            called = RENAMED[node.kind][field]
            number = np.asarray(node.fields[field], dtype=float)
            if field.startswith("tau") and not (number > 0).all():
                raise BioplastError(f"{name!r} has {field} {number.min():g}: times above 0 are accepted")
            flat = np.broadcast_to(number.reshape(-1), many).copy()
            values[called] = Quantity(flat, dim=neuron.variables[called])
        if node.kind in ("LIF", "CubaLIF"):
            values["tau_ref"] = 0 * ms
        method = None
        if node.kind.startswith("Cuba"):
            # the exact solution divides by the difference of the two
            ratio = np.asarray(values["tau_syn"]) / np.asarray(values["tau_m"])
            method = "rk4" if (np.abs(ratio - 1) < 1e-4).any() else "exact"
        group = neuron.group(many, name=self.names[name], clock=self.clock, method=method, **values)
        # what spikes bring in a step is used in the next one: by the equations, or by the threshold of a unit
        used = "after_thresholds" if node.kind == "Threshold" else "after_groups"
        group.run_regularly("I_step = 0*amp", when=used, name=self._free(f"{self.names[name]}_used"), clock=self.clock)
        return group

    def _connect(self, way: Way, place: int | None) -> None:
        source, target = self.groups[way.source], self.groups[way.target]
        before = self.shapes[way.source]
        if place is None:
            synapse, scale, unit, space = step_synapse, self.pulse, amp, None
        else:
            variable = "x" if self.graph.nodes[way.source].kind == "Input" else "v"
            synapse, scale = graded_synapse(place, variable), 1.0
            unit = amp / Quantity(1.0, dim=source.variables[variable].dim)
            space = source.namespace  # Brian2 looks up what x is made of among the names of the Synapses
        options: dict[str, Any] = {"name": self._name_of(way), "clock": self.clock, "namespace": space}
        active = [n for n in way.through if self.graph.nodes[n].kind not in ("Flatten", "Identity")]
        rule = self._declared(way, active, before) if place is None else None
        if rule is not None:
            along, weights = rule
            made = synapse.connect(source, target, along=along, w=weights * scale * unit, **options)
        else:
            i, j, weights = self._pairs(composed(self.graph, way.through, before), size(before))
            if not len(i):  # weights of 0 alone: nothing comes, and Brian2 knows no Synapses without a synapse
                i, j, weights = np.zeros(1, int), np.zeros(1, int), np.zeros(1)
            made = synapse.connect(source, target, i=i, j=j, w=weights * scale * unit, **options)
        self.objects.append(made)

    def _declared(self, way: Way, active: list[str], before: Shape) -> Any:
        """The declared connection that a way is, if it is one."""
        if len(active) != 1 or self.graph.nodes[way.through[0]].kind in ("Flatten", "Identity"):
            return None
        return declared(active[0], self.graph.nodes[active[0]], before)

    def _pairs(self, matrix: Any, many: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The synapses of a matrix [after, before]: all of a dense one, those that are there of a sparse one."""
        if matrix is None:
            every = np.arange(many)
            return every, every, np.ones(many)
        if isinstance(matrix, np.ndarray):
            if matrix.size > _MOST:
                raise BioplastError(f"a weight of the shape {matrix.shape} makes more than {_MOST} synapses")
            i, j = (index.reshape(-1) for index in np.indices(matrix.T.shape))
            return i, j, matrix.T.reshape(-1)
        found = matrix.T.tocoo()
        return found.coords[0], found.coords[1], found.data

    def _add_biases(self) -> None:
        total: dict[str, np.ndarray] = {}
        for name, node in self.graph.nodes.items():
            if node.kind not in ("Affine", "Conv2d"):
                continue
            for before in self._before(name):
                given = bias(self.graph, name, before)
                if given is None:
                    continue
                for way in ways(self.graph, name):
                    if way.target not in self.groups:
                        continue
                    matrix = composed(self.graph, way.through, self.shapes[name])
                    brought = given if matrix is None else matrix @ given
                    total[way.target] = total.get(way.target, 0.0) + brought
        for name, values in total.items():
            self.groups[name].I_bias = values * amp

    def _before(self, name: str) -> Iterable[Shape]:
        """The shape of what comes into a node, once."""
        return [self.shapes[a] for a, b in self.graph.edges if b == name][:1]

    def _add_monitors(self, found: list[Way]) -> None:
        done: set[str] = set()
        for way in found:
            node = self.graph.nodes[way.source]
            kinds = {self.graph.nodes[n].kind for n in way.through}
            if kinds - {"Flatten", "Identity"}:
                raise BioplastError(
                    f"the output {way.target!r} is the sum that leaves {way.through[-1]!r}: an output behind neurons "
                    "is accepted"
                )
            if way.target in done:
                raise BioplastError(f"the output {way.target!r} has several sources: one is accepted")
            done.add(way.target)
            label, group = self.names[way.target], self.groups[way.source]
            if self._spikes(way.source):
                self.objects.append(SpikeMonitor(group, name=label))
            else:
                watched = "x" if node.kind == "Input" else "v"
                self.objects.append(StateMonitor(group, watched, record=True, name=label, clock=self.clock))

    def _name_of(self, way: Way) -> str:
        """A name of Synapses that is still free."""
        nodes = "_".join(self.names[n] for n in way.through if self.graph.nodes[n].kind != "Identity")
        a, b = self.names[way.source], self.names[way.target]
        for name in (nodes, f"{nodes}_to_{b}") if nodes else ():
            if name not in self.taken:
                self.taken.add(name)
                return name
        return self._free(f"{a}_{nodes}_to_{b}" if nodes else f"{a}_to_{b}")

    def _free(self, name: str) -> str:
        number, found = 1, name
        while found in self.taken:
            number += 1
            found = f"{name}_{number}"
        self.taken.add(found)
        return found


def _names(nodes: Mapping[str, Node]) -> dict[str, str]:
    """What Brian2 calls each node."""
    names: dict[str, str] = {}
    for name in nodes:
        called = re.sub(r"[^A-Za-z0-9_]", "_", name)
        if not re.match(r"[A-Za-z]", called):
            called = f"node_{called.lstrip('_')}"
        if called in names.values():
            other = next(n for n, c in names.items() if c == called)
            raise BioplastError(f"the nodes {other!r} and {name!r} would both be named {called!r}: rename one of them")
        names[name] = called
    return names
