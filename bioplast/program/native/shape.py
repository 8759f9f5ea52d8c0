"""Runs of one shape: from the arrays that JAX gives to samples, and from what has become of them to arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from ...errors import BioplastError
from ..jax.simulation import State
from ..network import ClockSpan
from ..steps import steps
from ..steps.steps import pathways
from .backward import Backs
from .plan import Runs
from .samples import Samples

Leaves = dict[str, Any]


class Shape:
    """What runs have in common that JAX traces.

    Parameters
    ----------
    network : Steps
    count : int
        How many moments they have.
    slots : mapping
        For each pathway with delays how many steps of events are kept.
    delays : mapping
        In steps, for each pathway with delays.
    types : mapping
        How each event is kept: as truth values, or as numbers that have a derivative.
    """

    def __init__(
        self,
        network: steps.Steps,
        count: int,
        slots: Mapping[str, int],
        delays: Mapping[str, np.ndarray],
        types: Mapping[str, Any],
    ):
        self.network = network
        self.count = count
        self.slots = slots
        self.delays = {way.name: delays.get(way.name, np.zeros((), dtype=np.int64)) for way in pathways(network)}
        self.types = types
        self.clocks = {operation.name: operation.clock for operation in network.operations}

    def samples(self, given: Leaves, rest: Leaves, size: int) -> Samples:
        """Runs with arguments [runs or 1, ...]."""
        if any((value != value[:1]).any() for value in rest["step"].values()):
            raise BioplastError("the runs of a batch begin at different times: give each its own call")
        spans = {}
        for name, clock in self.network.clocks.items():
            start = int(rest["step"][name][0][0]) if self.count else 0
            spans[name] = ClockSpan(name, clock.seconds, start, start + int(np.count_nonzero(rest["due"][name][0])))
        self.rows = {name: np.flatnonzero(value[0]) for name, value in rest["due"].items()}
        events = {name: raster.view(np.uint8) for name, raster in rest["events"].items()}
        events |= {name: (raster != 0).view(np.uint8) for name, raster in given["events"].items()}
        if not self.count:
            events = {name: np.zeros((1, 1, raster.shape[-1]), dtype=np.uint8) for name, raster in events.items()}
        queues = {}
        for way in pathways(self.network):
            pending = given["pending"].get(way.name)
            none = [np.zeros((0, 2), dtype=np.int32)]
            queues[way.name] = none if pending is None else [_rows(one) for one in pending]
        return Samples(
            size,
            spans,
            _seeds(rest["key"], size),
            {**rest["arrays"], **given["arrays"]},
            given["tables"],
            events,
            [self.delays],
            queues,
        )

    def gathered(self, runs: Runs, results: Any) -> tuple[State, Any]:
        """What has become of runs, [runs, ...], in the structure of some results."""
        state, records = results
        arrays = {}
        for name in state.arrays:
            array = self.network.arrays[name]
            found = runs.samples.arrays[name] if array.is_value else array.value[None]
            arrays[name] = runs.arrays.get(name, np.broadcast_to(found, (runs.size, *found.shape[1:])))
        past = {name: np.stack([each[name] for each in runs.past]) for name in state.past}
        found_records: dict[str, dict[str, np.ndarray]] = {}
        for monitor, shapes in records.items():
            rows = self.rows[self.clocks[monitor]]
            for variable in shapes:
                record = runs.rasters[monitor] if variable == "events" else runs.recorded(monitor, variable)
                if len(rows) < self.count:
                    whole = np.zeros((runs.size, self.count, record.shape[2]), dtype=record.dtype)
                    whole[:, rows] = record
                    record = whole
                found_records.setdefault(monitor, {})[variable] = record
        return State(arrays, {}, past), found_records

    def backs(self, samples: Samples, found: Mapping[Any, np.ndarray], size: int) -> Backs:
        """What comes to the results, by their paths."""
        result = Backs({}, {}, {}, {})
        for path, back in found.items():
            back = np.broadcast_to(back, (size, *back.shape[1:]))
            match path:
                case (_, jax.tree_util.GetAttrKey(name="arrays"), jax.tree_util.DictKey(key=name)):
                    result.arrays[name] = back
                case (_, jax.tree_util.GetAttrKey(name="past"), jax.tree_util.DictKey(key=name)):
                    result.past[name] = back
                case (_, jax.tree_util.DictKey(key=monitor), jax.tree_util.DictKey(key=variable)):
                    rows = self.rows[self.clocks[monitor]]
                    back = back if len(rows) == self.count else back[:, rows]
                    if variable == "events":
                        result.rasters[monitor] = back
                    else:
                        result.records[monitor, variable] = back
        return result


def _rows(pending: np.ndarray) -> np.ndarray:
    at, synapses = np.nonzero(pending)
    return np.stack([at + 1, synapses], axis=1).astype(np.int32)


def _seeds(key: Any, size: int) -> np.ndarray:
    """A number of 64 bits from the two of a key of JAX, for each run."""
    if key is None:
        return np.zeros(size, dtype=np.uint64)
    words = key.astype(np.uint64)
    return np.ascontiguousarray(np.broadcast_to((words[:, 0] << np.uint64(32)) | words[:, 1], (size,)))
