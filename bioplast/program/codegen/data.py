"""The data that a C++ program reads when it starts: everything of a network but its equations and sizes."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping

import brian2
import numpy as np

from ...errors import BioplastError
from .. import network as net
from ..call import Call
from .kept import Kept
from .lowered import Lowered

# How often a program looks at its synapses, in looks at its neurons: a plastic network has far more synapses.
_SYNAPSE_WATCHES = 100
_REPORT_MS = 200


def program_data(
    network: brian2.Network, watch: float | None, lowered: Lowered, call: Call, kept: Kept | None = None
) -> list[bytes]:
    """The content of the file that a program reads, in pieces.

    Parameters
    ----------
    network, watch
        As of `compile`; `watch` in seconds.
    lowered : Lowered
        What the program was made of.
    call : Call
    kept : Kept, optional
        Arrays that the program finds in files of their own; by default the data holds all.
    """
    kept = kept or Kept()
    spans = call.spans(network)
    values, spikes, tables = call.values, call.spikes, call.tables
    arrays = {a.name: a.value for a in lowered.arrays}
    for a in lowered.arrays:
        if a.key is not None:
            if np.size(values[a.key]) != np.size(a.value):
                raise BioplastError(f"{a.key!r} has another size than when the network was compiled: compile it again")
            same = values[a.key].dtype == a.value.dtype
            arrays[a.name] = values[a.key] if same else np.asarray(values[a.key], dtype=a.value.dtype)
    for name, span in spans.items():
        for variable, value in (("timestep", span.start), ("t", span.start * span.dt), ("dt", span.dt)):
            array = lowered.clock_arrays[name][variable]
            arrays[array] = np.array([value], dtype=arrays[array].dtype)
    for name, names in lowered.generators.items():
        group = net.spike_inputs(network)[name]
        begin = spans[group.clock.name].start
        generated = net.generated_spikes(group, begin, spikes.get(name), now=call.start == network.t_)
        arrays.update({names[v]: value.astype(arrays[names[v]].dtype) for v, value in generated.items()})
    for monitor in lowered.recorded:  # a run records from its own start
        for name in lowered.counters[monitor]:
            arrays[name] = np.zeros_like(arrays[name])
        for name in lowered.recorded[monitor].values():
            arrays[name] = arrays[name][:0]

    every = _watch_steps(watch, spans)
    parts = [
        struct.pack(
            f"<{4 + len(lowered.clocks)}q",
            call.seed,
            every,
            _SYNAPSE_WATCHES,
            _REPORT_MS,
            *(spans[name].end for name in lowered.clocks),
        )
    ]
    parts += _record(np.array([value for _, value in lowered.constants], dtype=float))
    for a in lowered.arrays:
        if a.dimensions == 1:
            parts += _record(arrays[a.name], kept.path(arrays[a.name]))
    content = {t.name: t.value for t in lowered.tables}
    for name, table in tables.items():
        if name in lowered.timed_arrays:
            content.update(_timed_array(lowered.timed_arrays[name], table, content))
    for t in lowered.tables:
        parts += _record(content[t.name])
    for name in lowered.playable:
        steps, neurons = spikes.get(name, (np.zeros(0, np.int64), np.zeros(0, np.int32)))
        parts.append(struct.pack("<q", name in spikes))
        parts += _record(steps.astype(np.int64)) + _record(neurons.astype(np.int32))
    for pathway in lowered.pathways:
        parts += _record(np.asarray(values[f"{pathway.key}.queue"], dtype=np.int32).reshape(-1))
    parts.append(bytes(bool(np.isfinite(arrays[a.name]).all()) for a, _, _ in lowered.watched))
    return parts


def _watch_steps(period: float | None, spans: Mapping[str, net.ClockSpan]) -> int:
    if period is None:
        return 0
    return max(round(period / min(span.dt for span in spans.values())), 1)


def _record(values: np.ndarray, path: str | None = None) -> list[bytes]:
    if path is not None:
        return [struct.pack("<qqq", -1, values.size, len(os.fsencode(path))), os.fsencode(path)]
    return [struct.pack("<q", values.size), np.ascontiguousarray(values).tobytes()]


def _timed_array(name: str, table: np.ndarray, content: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The tables of a TimedArray with other values: its lengths stand beside them, once for each clock that asks."""
    changed = {f"{name}_values": np.ascontiguousarray(table).reshape(-1)}
    for other, grid in content.items():
        if other.startswith(f"{name}_") and other.endswith("_grid"):
            changed[other] = np.array([*grid[:2], len(table), grid[3]])
    return changed
