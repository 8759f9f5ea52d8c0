"""Where the data of a network lie, which a C++ function finds by number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..steps import steps


@dataclass(eq=False)
class Layout:
    """Numbers of arrays, index arrays, sizes and so on, given when they are first asked for.

    So they depend on what a network does, not on what its objects are called, and one C++ source serves all networks
    that do the same.

    Attributes
    ----------
    arrays, events, tables, clocks : dict
        By name, their number.
    index : list of ndarray
    sizes : list of int
    ways : list of Pathway
        Those that events reach.
    columns : list of (str, str, str)
        Of what a monitor of events records: its name, the variable, and the kind.
    records : list of (str, str, str, int)
        Of what other monitors record: name, variable, kind, how many in a step.
    sites : list of (str, Draw, tuple)
        Random numbers: the name of the draw, what it is, and the shape of those of a step.
    scratch : int
        How many real numbers an operation needs for a moment.
    rasters : list of (str, int)
        Of monitors of events the name, and how many neurons.
    slots : list of (int, str)
        The arrays that are kept for the way back: in which group of operations, which array.
    common : int
        How many numbers are made once in a run.
    steady : list of (int, str)
        Of numbers of single elements that are made once: how many, and of what kind.
    """

    arrays: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)
    index: list[np.ndarray] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    ways: list[steps.Pathway] = field(default_factory=list)
    columns: list[tuple[str, str, str]] = field(default_factory=list)
    records: list[tuple[str, str, str, int]] = field(default_factory=list)
    sites: list[tuple[str, steps.Draw, tuple[int, ...]]] = field(default_factory=list)
    scratch: int = 0
    rasters: list[tuple[str, int]] = field(default_factory=list)
    slots: list[tuple[int, str]] = field(default_factory=list)
    common: int = 0
    steady: list[tuple[int, str]] = field(default_factory=list)

    def array(self, name: str) -> int:
        return self.arrays.setdefault(name, len(self.arrays))

    def event(self, name: str) -> int:
        return self.events.setdefault(name, len(self.events))

    def table(self, name: str) -> int:
        return self.tables.setdefault(name, len(self.tables))

    def clock(self, name: str) -> int:
        return self.clocks.setdefault(name, len(self.clocks))

    def elements(self, index: np.ndarray) -> int:
        return _added(self.index, np.ascontiguousarray(index, dtype=np.int32))

    def size(self, size: int) -> int:
        return _added(self.sizes, size)

    def way(self, pathway: steps.Pathway) -> int:
        return _added(self.ways, pathway)

    def column(self, monitor: str, variable: str, kind: str) -> int:
        return _added(self.columns, (monitor, variable, kind))

    def record(self, monitor: str, variable: str, kind: str, size: int) -> int:
        for number, known in enumerate(self.records):
            if known[:2] == (monitor, variable):
                return number
        return _added(self.records, (monitor, variable, kind, size))

    def raster(self, monitor: str, size: int) -> int:
        return (
            self.rasters.index((monitor, size))
            if (monitor, size) in self.rasters
            else _added(self.rasters, (monitor, size))
        )

    def slot(self, segment: int, array: str) -> int:
        return _added(self.slots, (segment, array))

    def site(self, name: str, draw: steps.Draw, shape: tuple[int, ...]) -> int:
        return _added(self.sites, (name, draw, shape))


def _added(found: list[Any], one: Any) -> int:
    found.append(one)
    return len(found) - 1
