"""NeuroML documents as ordinary Brian2 networks."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    PoissonGroup,
    Quantity,
    SpikeGeneratorGroup,
    get_dimensions,
    hertz,
    ms,
    second,
)

from ...errors import BioplastError
from .cells import CELLS, DIMENSIONS
from .document import FIELDS, Document, Projection
from .parse import read_document
from .synapses import BASE, SYNAPSES, pulse, receptor, synapse

__all__ = ["read_neuroml"]

_MOST_PULSES = 100
#: Behind the names of variables these would meet others.
_TAKEN = {"ext", ""}


def read_neuroml(path: str | os.PathLike[str], *, dt: Any = None, method: Any = "euler") -> Network:
    """Read a NeuroML 2 file as a network.

    Every population becomes a group that is named as it is, every projection Synapses, with the equations that NeuroML
    defines and its names for the parameters; weights, delays and pulses are values. Read are:

    - cells: iafTauCell, iafTauRefCell, iafCell, iafRefCell, izhikevichCell, izhikevich2007Cell, adExIaFCell,
      fitzHughNagumoCell, fitzHughNagumo1969Cell
    - synapses: expOneSynapse, expTwoSynapse, alphaSynapse, alphaCurrentSynapse, in a projection (connection,
      connectionWD) or a synapticConnection
    - inputs: pulseGenerator, and pulseGeneratorDL for izhikevichCell, in an inputList or an explicitInput
    - sources of spikes: spikeArray (a SpikeGeneratorGroup) and spikeGeneratorPoisson (a PoissonGroup)

    The synapses of one component onto a cell share variables that have its id behind them, ``g_ampa``; the pulses of a
    cell are ``amplitude_input0``, ``delay_input0``, ``duration_input0`` and so on. Nothing is recorded: add monitors.

    Steps are Brian2's. A spike acts on the synapses at the end of its step, and a refractory period of m steps ends m
    steps after the step of the spike. PyLEMS 0.6.9 and jNeuroML 0.14.0 have the cell rest two steps longer, and PyLEMS
    lets a spike act in the same step on cells that come later in the file.

    Parameters
    ----------
    path : path
        What it includes is read if it lies in the folder of the file.
    dt : Quantity, optional
        The step. By default that which the network recommends (a property "recommended_dt_ms"), or 0.1 ms.
    method : str
        How cells are integrated, as of NeuronGroup. By default Euler's method, which PyLEMS and jNeuroML have, so that
        they agree step by step.

    Returns
    -------
    brian2.Network
        Ordinary groups and Synapses.

    Raises
    ------
    BioplastError
        For a file that is damaged or hostile (document types, includes out of its folder, units that do not fit,
        numbers that cannot be), and for what is not read, by its name and line: cells with compartments or channels,
        electrical and continuous projections, synapses with plasticity, several networks.

    References
    ----------
    Cannon et al. (2014), Frontiers in Neuroinformatics 8:79, doi:10.3389/fninf.2014.00079

    Examples
    --------
    >>> network = exchange.read_neuroml("network.nml")  # doctest: +SKIP
    >>> network.add(SpikeMonitor(network["pyramids"], name="spikes"))  # doctest: +SKIP
    >>> bioplast.compile(network, 500*ms)().raster("spikes")  # doctest: +SKIP
    """
    document = read_document(path)
    step = _step(dt, document)
    try:
        return _Builder(document, step, method).network()
    except BioplastError as error:
        raise BioplastError(f"{os.fspath(path)}: {error}") from None


def _step(dt: Any, document: Document) -> float:
    """The step in seconds."""
    if dt is not None:
        if not isinstance(dt, Quantity) or get_dimensions(dt) is not second.dim or np.size(dt) != 1 or not dt > 0 * ms:
            raise BioplastError(f"dt is {dt!r}: a time above 0 is accepted, such as 0.1*ms")
        return float(dt)
    return document.dt if document.dt is not None and 1e-9 <= document.dt <= 1.0 else 1e-4


class _Builder:
    """The network of a document, piece by piece."""

    def __init__(self, document: Document, dt: float, method: Any):
        self.document, self.dt, self.method = document, dt, method
        self.clock = Clock(dt * second)
        self.objects: list[Any] = []
        self.taken: set[str] = set()
        self.groups: dict[str, tuple[Any, int]] = {}
        self.suffixes = _suffixes([n for n, each in document.components.items() if each.kind in SYNAPSES])

    def network(self) -> Network:
        whole = self._gathered()
        for name, population in self.document.populations.items():
            kind = self.document.components[population.component].kind
            if name in self.groups:
                continue
            if population.group in whole:
                parts = whole[population.group]
                self._add(population.group, self._spikes(population.group, parts), parts)
            elif kind == "spikeArray":
                self._add(name, self._spikes(name, [name]), [name])
            elif kind == "spikeGeneratorPoisson":
                rate = self.document.components[population.component].fields["averageRate"] * hertz
                group = PoissonGroup(population.size, rate, name=self._free(name), clock=self.clock)
                self._add(name, group, [name])
            else:
                self._add(name, self._cells(name, kind), [name])
        for name, projection in self._joined().items():
            self._connect(name, projection)
        return Network(*self.objects)

    def _add(self, name: str, group: Any, parts: list[str]) -> None:
        for offset, part in enumerate(parts):
            self.groups[part] = (group, offset)
        self.objects.append(group)

    def _gathered(self) -> dict[str, list[str]]:
        """The populations of one source each that were one group when the file was written."""
        found: dict[str, list[str]] = {}
        for name, population in self.document.populations.items():
            if population.group:
                found.setdefault(population.group, []).append(name)
        populations = self.document.populations
        return {
            group: parts
            for group, parts in found.items()
            if group not in populations
            and re.fullmatch(r"[A-Za-z]\w{0,199}", group)
            and parts == [f"{group}_{k}" for k in range(len(parts))]
            and all(
                populations[part].size == 1
                and self.document.components[populations[part].component].kind == "spikeArray"
                for part in parts
            )
        }

    def _joined(self) -> dict[str, Projection]:
        """The projections, those from the parts of one group as one."""
        joined: dict[str, list[Projection]] = {}
        for name, each in self.document.projections.items():
            group, offset = self.groups[each.pre]
            base = name
            if len(group) > 1 and group.name != each.pre and name.endswith(f"_{offset}"):
                base = name.removesuffix(f"_{offset}")
            known = joined.get(base)
            fits = known is None or (known[0].synapse, known[0].post, self.groups[known[0].pre][0]) == (
                each.synapse, each.post, group
            )  # fmt: skip
            joined.setdefault(base if fits else name, []).append(each)
        return {name: self._as_one(parts) for name, parts in joined.items()}

    def _as_one(self, parts: list[Projection]) -> Projection:
        first = parts[0]
        i = np.concatenate([each.i + self.groups[each.pre][1] for each in parts])
        rest = {name: np.concatenate([getattr(each, name) for each in parts]) for name in ("j", "weight", "delay")}
        return Projection(first.synapse, first.pre, first.post, i, **rest)

    def _spikes(self, name: str, parts: list[str]) -> SpikeGeneratorGroup:
        indices: list[np.ndarray] = []
        times: list[np.ndarray] = []
        for part in parts:
            population = self.document.populations[part]
            train = self.document.components[population.component].spikes
            steps = np.floor(train / self.dt + 1e-3)
            if (np.diff(steps) == 0).any():
                raise BioplastError(
                    f"the spikeArray {population.component!r} has two spikes within a step of {self.dt * 1e3:g} ms: "
                    "a smaller dt is accepted"
                )
            for _ in range(population.size):
                indices.append(np.full(len(train), len(indices)))
                times.append(train)
        return SpikeGeneratorGroup(
            len(indices),
            np.concatenate(indices),
            np.concatenate(times) * second,
            name=self._free(name),
            clock=self.clock,
        )

    def _cells(self, name: str, kind: str) -> NeuronGroup:
        population = self.document.populations[name]
        component = self.document.components[population.component]
        neuron = CELLS[kind]
        values = {field: _quantity(value, FIELDS[kind][field]) for field, value in component.fields.items()}
        used = {each.synapse: None for each in self.document.projections.values() if each.post == name}
        for each in used:
            of_synapse = self.document.components[each]
            suffix = self.suffixes[each]
            neuron = neuron + receptor(of_synapse.kind, suffix)
            for field, value in of_synapse.fields.items():
                if field not in BASE:
                    values[f"{field}_{suffix}"] = _quantity(value, SYNAPSES[of_synapse.kind][field])
        for number, fields in enumerate(self._pulses(name)):
            of_input = "pulseGeneratorDL" if kind == "izhikevichCell" else "pulseGenerator"
            neuron = neuron + pulse(number, of_input)
            for field, numbers in fields.items():
                values[f"{field}_input{number}"] = _quantity(numbers, FIELDS[of_input][field])
        return neuron.group(population.size, name=self._free(name), clock=self.clock, method=self.method, **values)

    def _pulses(self, name: str) -> list[dict[str, np.ndarray]]:
        """The pulses of the cells of a population: the first of each cell, the second, and so on."""
        size = self.document.populations[name].size
        lists = [each for each in self.document.inputs.values() if each.population == name and len(each.index)]
        if not lists:
            return []
        index = np.concatenate([each.index for each in lists])
        table = np.concatenate([self._table(each) for each in lists])
        order = np.argsort(index, kind="stable")
        index, table = index[order], table[order]
        rank = np.arange(len(index)) - np.searchsorted(index, index)
        if rank.max() >= _MOST_PULSES:
            raise BioplastError(f"a cell of {name!r} has {rank.max() + 1} inputs: at most {_MOST_PULSES} are accepted")
        found = []
        for number in range(rank.max() + 1):
            columns = np.zeros((3, size))
            columns[:, index[rank == number]] = table[rank == number].T
            found.append(dict(zip(("amplitude", "delay", "duration"), columns, strict=True)))
        return found

    def _table(self, each: Any) -> np.ndarray:
        """Amplitude, delay and duration of each input of a list."""
        fields = self.document.components[each.component].fields
        rest = np.broadcast_to([fields["delay"], fields["duration"]], (len(each.index), 2))
        return np.column_stack([each.weight * fields["amplitude"], rest])

    def _connect(self, name: str, each: Projection) -> None:
        if not len(each.i):
            return  # Brian2 knows no Synapses without a synapse
        component = self.document.components[each.synapse]
        made = synapse(component.kind, self.suffixes[each.synapse])
        base = next(field for field in component.fields if field in BASE)
        delay = each.delay[0] if (each.delay == each.delay[0]).all() else each.delay
        self.objects.append(
            made.connect(
                self.groups[each.pre][0],
                self.groups[each.post][0],
                i=each.i,
                j=each.j,
                delay=delay * second,
                weight=each.weight,
                name=self._free(name),
                clock=self.clock,
                **{base: _quantity(component.fields[base], SYNAPSES[component.kind][base])},
            )
        )

    def _free(self, name: str) -> str:
        """A name that Brian2 accepts and nothing has yet."""
        plain = name if re.match(r"[A-Za-z]", name) else f"group{name}"
        number, found = 1, plain
        while found in self.taken:
            number += 1
            found = f"{plain}_{number}"
        self.taken.add(found)
        return found


def _quantity(value: Any, dimension: str) -> Any:
    return value if dimension == "none" else value * DIMENSIONS[dimension]


def _suffixes(names: list[str]) -> dict[str, str]:
    """What stands behind the names of variables for each synapse: its id, where Brian2 accepts that."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub("_+", "_", name).strip("_")
        if plain in _TAKEN or re.fullmatch(r"input\d+|.*_(pre|post)|pre|post", plain):
            plain = f"{plain}_synapse".strip("_")
        number, suffix = 1, plain
        while suffix in found.values():
            number += 1
            suffix = f"{plain}_{number}"
        found[name] = suffix
    return found
