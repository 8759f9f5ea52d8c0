"""What comes back through runs of a network: derivatives of initial values, parameters and inputs."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field

import numpy as np

from . import library
from .adjoint import Adjoint
from .plan import Lowered, Runs

#: Runs go back in so many groups, each by one thread: how a sum over a batch is split depends on its size alone.
GROUPS = 16

_ALIGNED = 64


@dataclass(eq=False)
class Backs:
    """What comes to runs from their results, each [runs, ...]; missing ones are 0.

    Attributes
    ----------
    arrays : mapping
        To the arrays after the run.
    records : mapping
        By monitor and variable, [runs, steps, recorded].
    rasters : mapping
        By monitor of events, [runs, steps, neurons].
    past : mapping
        To the events of the last steps, [runs, slots, neurons] by pathway.
    """

    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    records: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    rasters: dict[str, np.ndarray] = field(default_factory=dict)
    past: dict[str, np.ndarray] = field(default_factory=dict)


def frames(adjoint: Adjoint, lowered: Lowered) -> tuple[list[int], list[int], list[int]]:
    """Where each array is kept for the way back and how many bytes it has, and how many are kept in each group of
    operations."""
    ends = [0] * max(adjoint.groups, 1)
    offsets, sizes = [], []
    for segment, array in adjoint.layout.slots:
        value = lowered.network.arrays[array].value
        itemsize = lowered.dtype.itemsize if value.dtype.kind == "f" else value.dtype.itemsize
        offsets.append(ends[segment])
        sizes.append(value.size * itemsize)
        ends[segment] += -(-sizes[-1] // _ALIGNED) * _ALIGNED
    return offsets, sizes, ends


class Backward:
    """Lays out the way back of runs.

    Parameters
    ----------
    runs : Runs
        Of the adjoint's layout.
    adjoint : Adjoint
    backs : Backs
    summed : set of str
        Arrays and tables that are the same in all runs, of which the sum over groups of runs is enough.

    Attributes
    ----------
    arrays, tables : dict
        What comes back to each, [runs, ...], or [groups, ...] of what is summed.
    events : dict
        To the events that are given, [runs, moments, neurons].
    """

    def __init__(self, runs: Runs, adjoint: Adjoint, backs: Backs, summed: Set[str]):
        self.runs = runs
        self.summed = summed
        self.dtype = runs.lowered.dtype
        layout, active, plan, network = adjoint.layout, adjoint.activity, runs.plan, runs.lowered.network
        plan.chunk = self.chunk = -(-runs.size // GROUPS)
        changed = set(runs.lowered.written)
        self.arrays = {
            name: self.zeros(name, network.arrays[name].value.shape, name not in changed) for name in active.arrays
        }
        for name, back in backs.arrays.items():
            if name in self.arrays:
                self.arrays[name][...] = back
        plan.array_back = self.table(layout.arrays, self.arrays)
        self.tables = {name: self.zeros(name, runs.samples.tables[name].shape[1:], True) for name in active.tables}
        plan.table_back = self.table(layout.tables, self.tables)
        known = [(monitor, variable) for monitor, variable, _, _ in layout.records]
        records = {known.index(name): self.own(back) for name, back in backs.records.items() if name in known}
        plan.record_back = runs.numbered(len(known), records)
        monitors = [monitor for monitor, _ in layout.rasters]
        rasters = {monitors.index(name): self.own(back) for name, back in backs.rasters.items()}
        plan.raster_back = runs.numbered(len(monitors), rasters)
        given = adjoint.wanted.events & active.events
        self.events = {name: self.zeros(name, (plan.moments, network.events[name]), False) for name in given}
        plan.given_back = self.table(layout.events, self.events)
        ways = {
            number: self.own(backs.past[way.name])
            for number, way in enumerate(layout.ways)
            if way.name in backs.past and way.events in active.events
        }
        plan.way_back = runs.numbered(len(layout.ways), ways)
        plan.event_back = runs.pointer(np.array([name in active.events for name in layout.events], dtype=np.uint8))
        parts = frames(adjoint, runs.lowered)
        plan.offset, plan.bytes, plan.frame_size = (runs.pointer(np.array([*p, 0], dtype=np.int64)) for p in parts)

    def own(self, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array, dtype=self.dtype)

    def zeros(self, name: str, shape: tuple[int, ...], summed: bool) -> np.ndarray:
        groups = -(-self.runs.size // self.chunk)
        return np.zeros((groups if summed and name in self.summed else self.runs.size, *shape), dtype=self.dtype)

    def table(self, numbers: dict[str, int], arrays: dict[str, np.ndarray]) -> int:
        """Addresses [runs, numbers]; those of what is summed are one for each group of runs."""
        found = np.zeros((self.runs.size, len(numbers)), dtype=np.uint64)
        for name, array in arrays.items():
            if name not in numbers:
                continue
            self.runs.kept.append(array)
            step = np.uint64(array.nbytes // len(array))
            each = np.arange(self.runs.size, dtype=np.uint64)
            if len(array) < self.runs.size:
                each //= np.uint64(self.chunk)
            found[:, numbers[name]] = np.uint64(library.address(array)) + each * step
        return self.runs.pointer(found)
