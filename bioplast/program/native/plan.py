"""A plan of runs: where the data of each sample lie, and what comes of it."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..steps import steps
from ..steps.moments import always_due, read_moments
from ..steps.written import written
from . import library
from .layout import Layout
from .samples import Samples
from .source import Source
from .wiring import Wiring


@dataclass(frozen=True)
class Watched:
    """A state variable that may turn NaN or infinite."""

    key: str
    synaptic: bool


@dataclass(eq=False)
class Lowered:
    """A network as a C++ function, and what it is given in every run.

    Attributes
    ----------
    network : Steps
    layout : Layout
    written : tuple of str
        The arrays that a run changes.
    fixed : mapping
        The arrays that no call changes.
    dtype : numpy.dtype
        Of real numbers.
    """

    network: steps.Steps
    layout: Layout
    written: tuple[str, ...]
    fixed: Mapping[str, np.ndarray]
    dtype: np.dtype[Any]


def lowered(network: steps.Steps, source: Source, dtype: np.dtype[Any]) -> Lowered:
    """A network with its source."""
    fixed = {name: np.ascontiguousarray(_cast(a.value, dtype)) for name, a in network.arrays.items() if not a.is_value}
    return Lowered(network, source.layout, tuple(sorted(written(network))), fixed, dtype)


def clock_arrays(network: steps.Steps, layout: Layout) -> tuple[list[int], list[int]]:
    """The numbers of the arrays that hold the time and the step of each clock, -1 where nothing needs them."""
    clocks = [network.clocks[name] for name in layout.clocks]
    times = [layout.arrays.get(clock.t, -1) for clock in clocks]
    return times, [layout.arrays.get(clock.timestep, -1) for clock in clocks]


def steady_bytes(layout: Layout, dtype: np.dtype[Any]) -> np.ndarray:
    """Of numbers of single elements that are made once: how many bytes each array has."""
    items = {"f": dtype.itemsize, "b": 1, "i": 4, "l": 8}
    return np.array([size * items[kind] for size, kind in layout.steady], dtype=np.int64)


def _cast(value: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    return value.astype(dtype) if value.dtype.kind == "f" and value.dtype != dtype else value


@dataclass(eq=False)
class Finished:
    """What has become of one run.

    Attributes
    ----------
    arrays : dict
        Those that it changed.
    past : dict
        The events of the last steps of each pathway with delays, [slots, neurons].
    columns, records : dict
        By monitor and variable what was recorded: at each event, and in each step of the monitor's clock.
    """

    arrays: dict[str, np.ndarray]
    past: dict[str, np.ndarray]
    columns: dict[str, dict[str, np.ndarray]]
    records: dict[str, dict[str, np.ndarray]]


@dataclass(eq=False)
class Runs:
    """Runs of a network, laid out for C++.

    Parameters
    ----------
    lowered : Lowered
    samples : Samples
    watched : sequence of Watched
    watch : float or None
        How often the state is looked at, in seconds.
    rasters : bool
        Whether monitors of events give whole rasters, instead of events and what is recorded of them.

    Attributes
    ----------
    arrays : dict
        Those that the runs change, [runs, ...].
    past : list of dict
        As `Finished.past`, of each run.
    rasters : dict
        By monitor, bytes 0 and 1 [runs, steps, neurons].
    """

    lowered: Lowered
    samples: Samples
    watched: Sequence[Watched] = ()
    watch: float | None = None
    whole: bool = False
    plan: library.Plan = field(default_factory=library.Plan)

    def __post_init__(self) -> None:
        self.kept: list[Any] = []  # what the plan points to
        self.layout = self.lowered.layout
        self.size = self.samples.size
        self.plan.samples = self.size
        self.plan.failed = -1
        self._clocks()
        self._arrays()
        self._tables()
        self._events()
        self._ways()
        self._records()
        self._watch()
        draws = {name: self.numbers(given) for name, given in self.samples.draws.items()}
        self.plan.sites = len(self.layout.sites)
        self.plan.draws = self.numbered(
            len(self.layout.sites),
            {number: draws[name] for number, (name, _, _) in enumerate(self.layout.sites) if name in draws},
        )
        self.plan.seeds = self.pointer(self.samples.seeds)

    # Memory -----------------------------------------------------------------------------------------------------------

    def pointer(self, array: np.ndarray) -> int:
        """Where an array lies that is kept as long as the plan."""
        self.kept.append(array)
        return library.address(array)

    def pointers(self, addresses: Sequence[int] | np.ndarray) -> int:
        return self.pointer(np.array(addresses, dtype=np.uint64).reshape(-1))

    def numbers(self, value: np.ndarray) -> np.ndarray:
        """Values in the precision of the runs, in one piece."""
        return np.ascontiguousarray(_cast(np.asarray(value), self.lowered.dtype))

    def places(self, array: np.ndarray) -> np.ndarray:
        """Where the part of each run begins of an array [runs or 1, ...] in one piece."""
        self.kept.append(array)
        step = array.nbytes // len(array) if len(array) > 1 else 0
        return np.uint64(library.address(array)) + np.arange(self.size, dtype=np.uint64) * np.uint64(step)

    def numbered(self, count: int, arrays: Mapping[int, np.ndarray]) -> int:
        """Addresses [runs, count] of arrays [runs or 1, ...] by their numbers, 0 for what is not there."""
        found = np.zeros((self.size, count), dtype=np.uint64)
        for number, array in arrays.items():
            found[:, number] = self.places(array)
        return self.pointer(found)

    # Parts ------------------------------------------------------------------------------------------------------------

    def _clocks(self) -> None:
        plan, followed = self.plan, self.lowered.network
        names = list(self.layout.clocks)
        spans = [self.samples.spans[name] for name in names]
        if always_due(followed.clocks) == set(names):
            plan.moments = spans[0].end - spans[0].start if spans else 0
        else:
            moments = read_moments(self.samples.spans)
            plan.moments = moments.count
            plan.due = self.pointers([self.pointer(moments.due[name].astype(np.uint8)) for name in names])
            plan.step = self.pointers([self.pointer(moments.step[name].astype(np.int64)) for name in names])
        plan.clocks = len(names)
        plan.first = self.pointer(np.array([span.start for span in spans], dtype=np.int64))
        plan.dt = self.pointer(np.array([span.dt for span in spans]))
        plan.start = min((span.start * span.dt for span in spans), default=0.0)
        found = clock_arrays(followed, self.layout)
        plan.time_array, plan.step_array = (self.pointer(np.array(one, dtype=np.int64)) for one in found)

    def _arrays(self) -> None:
        lowered, plan = self.lowered, self.plan
        self.arrays: dict[str, np.ndarray] = {}
        placed = {}
        for name, number in self.layout.arrays.items():
            array = lowered.network.arrays[name]
            given = self.samples.arrays[name] if array.is_value else lowered.fixed[name][None]
            if name in lowered.written:
                kind = lowered.dtype if array.value.dtype.kind == "f" else array.value.dtype
                self.arrays[name] = placed[number] = np.empty((self.size, *array.value.shape), dtype=kind)
                placed[number][...] = given
            else:
                placed[number] = self.numbers(given)
        plan.arrays = len(self.layout.arrays)
        plan.array = self.numbered(plan.arrays, placed)
        plan.sizes = self.pointer(np.array(self.layout.sizes, dtype=np.int64))
        plan.index = self.pointers([library.address(index) for index in self.layout.index])
        plan.scratch = self.layout.scratch
        plan.common = self.layout.common
        plan.steady = len(self.layout.steady)
        plan.steady_bytes = self.pointer(steady_bytes(self.layout, self.lowered.dtype))

    def _tables(self) -> None:
        found = np.zeros((self.size, len(self.layout.tables), 3), dtype=np.uint64)
        for name, number in self.layout.tables.items():
            values = self.numbers(self.samples.tables[name])
            found[:, number, 0] = self.places(values)
            found[:, number, 1:] = values.shape[1], values.shape[2] if values.ndim > 2 else 1
        self.plan.tables = len(self.layout.tables)
        self.plan.table = self.pointer(found)

    def _events(self) -> None:
        names = self.layout.events
        self.plan.events = len(names)
        self.plan.neurons = self.pointer(np.array([self.lowered.network.events[n] for n in names], dtype=np.int64))
        found = np.zeros((self.size, len(names), 5), dtype=np.uint64)
        for name, given in self.samples.events.items():
            number = names[name]
            if isinstance(given, np.ndarray):
                found[:, number, 0] = self.places(np.ascontiguousarray(given))
                continue
            each = np.array([self._spikes(*spikes) for spikes in given], dtype=np.uint64)
            found[:, number, 1:4] = each if len(each) > 1 else each[0]
        self.plan.given = self.pointer(found)

    def _spikes(self, rows: np.ndarray, neurons: np.ndarray) -> tuple[int, int, int]:
        # an address that is not null, though there is none
        rows = np.ascontiguousarray(rows, dtype=np.int64) if len(rows) else np.zeros(1, dtype=np.int64)
        return self.pointer(rows), self.pointer(np.ascontiguousarray(neurons, dtype=np.int32)), len(neurons)

    def _ways(self) -> None:
        layout, plan, network = self.layout, self.plan, self.lowered.network
        sizes = [network.events[way.events] for way in layout.ways]
        known: dict[tuple[int, bytes], Wiring] = {}
        wires = np.zeros((self.size, len(layout.ways)), dtype=np.uint64)
        past = np.zeros((self.size, len(layout.ways)), dtype=np.uint64)
        pending = np.zeros((self.size, len(layout.ways), 2), dtype=np.uint64)
        self.past: list[dict[str, np.ndarray]] = [{} for _ in range(self.size)]
        for number, way in enumerate(layout.ways):
            wirings = []
            for delays in self.samples.delays:
                key = (number, delays[way.name].tobytes())
                if key not in known:
                    known[key] = Wiring(self.pointer, way.sources, delays[way.name], sizes[number])
                wirings.append(known[key])
            wires[:, number] = [wiring.address for wiring in wirings]
            slots = max(wiring.slots for wiring in wirings)
            if slots:
                traces = np.zeros((self.size, slots, sizes[number]), dtype=np.uint8)
                past[:, number] = self.places(traces)
                for k in range(self.size):
                    own = wirings[k % len(wirings)].slots
                    if own:
                        self.past[k][way.name] = traces[k, :own]
                    else:
                        past[k, number] = 0
            queues = self.samples.queues[way.name]
            if any(len(rows) for rows in queues):
                for k in range(self.size):
                    rows = wirings[k % len(wirings)].rows(queues[k % len(queues)])
                    pending[k, number] = self.pointer(rows), len(rows)
        self.kept.append(known)
        plan.ways = len(layout.ways)
        plan.wires, plan.pending, plan.past = self.pointer(wires), self.pointer(pending), self.pointer(past)
        plan.way_neurons = self.pointer(np.array(sizes, dtype=np.int64))

    def _records(self) -> None:
        layout, plan = self.layout, self.plan
        self.columns = (library.Column * max(self.size * len(layout.columns), 1))()
        plan.columns = len(layout.columns)
        plan.column = ctypes.addressof(self.columns)
        clocks = {operation.name: operation.clock for operation in self.lowered.network.operations}
        self.records = []
        for monitor, _, kind, size in layout.records:
            self.records.append(np.zeros((self.size, self._steps(clocks[monitor]), size), dtype=self.numpy(kind)))
        plan.records = len(layout.records)
        plan.record = self.numbered(plan.records, dict(enumerate(self.records)))
        self.rasters = {
            monitor: np.zeros((self.size, self._steps(clocks[monitor]), size), dtype=np.uint8)
            for monitor, size in (layout.rasters if self.whole else ())
        }
        plan.rasters = len(layout.rasters)
        found = {number: self.rasters[m] for number, (m, _) in enumerate(layout.rasters) if m in self.rasters}
        plan.raster = self.numbered(plan.rasters, found)

    def _steps(self, clock: str) -> int:
        span = self.samples.spans[clock]
        return span.end - span.start

    def numpy(self, kind: str) -> np.dtype[Any]:
        """The type of values of a kind."""
        return self.lowered.dtype if kind == "f" else np.dtype({"b": np.bool_, "i": np.int32, "l": np.int64}[kind])

    def _watch(self) -> None:
        plan, numbers = self.plan, self.layout.arrays
        if self.watch is None:
            return
        found = [one for one in self.watched if one.key in numbers and one.key in self.arrays]
        self.looked_at = found
        plan.watched = len(found)
        plan.watched_array = self.pointer(np.array([numbers[one.key] for one in found], dtype=np.int64))
        sizes = [self.arrays[one.key][0].size for one in found]
        plan.watched_size = self.pointer(np.array(sizes, dtype=np.int64))
        plan.watched_synaptic = self.pointer(np.array([one.synaptic for one in found], dtype=np.uint8))
        here = [[np.isfinite(self.arrays[one.key][k]).all() for one in found] for k in range(self.size)]
        plan.watched_here = self.pointer(np.array(here, dtype=np.uint8))
        finest = min(span.dt for span in self.samples.spans.values())
        plan.watch_every = max(round(self.watch / finest), 1)

    # Results ----------------------------------------------------------------------------------------------------------

    def recorded(self, monitor: str, variable: str) -> np.ndarray:
        """What a monitor recorded in all runs, [runs, steps, recorded]."""
        known = [(found, name) for found, name, _, _ in self.layout.records]
        return self.records[known.index((monitor, variable))]

    def close(self) -> None:
        """Free what has grown in C++."""
        library.loop(self.lowered.dtype).bioplast_free(self.plan.column, len(self.columns))

    def finished(self, number: int) -> Finished:
        """What has become of one of the runs."""
        layout = self.layout
        columns: dict[str, dict[str, np.ndarray]] = {}
        for k, (monitor, variable, kind) in enumerate(layout.columns):
            column = self.columns[number * len(layout.columns) + k]
            columns.setdefault(monitor, {})[variable] = library.taken(column, self.numpy(kind))
        records: dict[str, dict[str, np.ndarray]] = {}
        for record, (monitor, variable, _, _) in zip(self.records, layout.records, strict=True):
            records.setdefault(monitor, {})[variable] = record[number]
        arrays = {name: array[number] for name, array in self.arrays.items()}
        return Finished(arrays, self.past[number], columns, records)
