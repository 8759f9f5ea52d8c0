"""What the runs of a batch are given, stacked: what all share lies once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import brian2
import numpy as np

from .. import network as net
from ..call import Call
from ..network import ClockSpan
from ..steps import steps
from ..steps.drive import emitted

#: Events that are given: the steps of each, counted from the start of the run and in order, and the neurons.
Spikes = tuple[np.ndarray, np.ndarray]


@dataclass(eq=False)
class Samples:
    """Runs of one length.

    Attributes
    ----------
    size : int
        How many.
    spans : mapping
        The steps of each clock.
    seeds : ndarray of int [size]
    arrays : mapping
        Values by name, [size or 1, ...].
    tables : mapping
        Values of TimedArrays, [size or 1, ...].
    events : mapping
        Those that are given, by name: truth values [size or 1, moments, neurons], or `Spikes` of each run or of all.
    delays : list of mapping
        In steps by pathway, of each run or of all.
    queues : mapping
        Rows of (steps until delivery, synapse) by pathway, of each run or of all.
    draws : mapping
        Random numbers that are given, [size or 1, moments, ...] by the name of the draw.
    """

    size: int
    spans: Mapping[str, ClockSpan]
    seeds: np.ndarray
    arrays: Mapping[str, np.ndarray]
    tables: Mapping[str, np.ndarray]
    events: Mapping[str, np.ndarray | Sequence[Spikes]]
    delays: Sequence[Mapping[str, np.ndarray]]
    queues: Mapping[str, Sequence[np.ndarray]]
    draws: Mapping[str, np.ndarray] = field(default_factory=dict)


def of_calls(network: brian2.Network, followed: steps.Steps, calls: Sequence[Call]) -> Samples:
    """The runs of calls that begin and end at one time."""
    spans = calls[0].spans(network)
    arrays = {
        name: _stacked([call.values[name] for call in calls])
        for name, array in followed.arrays.items()
        if array.is_value
    }
    tables = {table: values[None] for table, values in followed.tables.items()}
    for given, table in followed.inputs.items():
        if any(given in call.tables for call in calls):
            tables[table] = _stacked([call.tables.get(given, followed.tables[table]) for call in calls])
    ways = steps.pathways(followed)
    each = [[np.asarray(call.values[way.delay]) for way in ways] for call in calls]
    delays = [
        {
            way.name: steps.delay_steps(delay, followed.clocks[way.clock].seconds)
            for way, delay in zip(ways, found, strict=True)
        }
        for found in (each if any(not _same(found, each[0]) for found in each) else each[:1])
    ]
    queues = {}
    for way in ways:
        rows = [np.asarray(call.values[f"{way.name}.queue"]) for call in calls]
        queues[way.name] = rows if any(not np.array_equal(one, rows[0]) for one in rows) else rows[:1]
    draws = {}
    for name in {name for call in calls for name in call.draws or ()}:
        draws[name] = _stacked([(call.draws or {})[name] for call in calls])
    return Samples(
        len(calls),
        spans,
        np.array([call.seed for call in calls], dtype=np.uint64),
        arrays,
        tables,
        _events(network, followed, calls, spans),
        delays,
        queues,
        draws,
    )


def _same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(a is b or np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _stacked(each: list[Any]) -> np.ndarray:
    """Values of all runs, [runs, ...], or [1, ...] when they are one and the same."""
    return np.asarray(each[0])[None] if all(value is each[0] for value in each) else np.stack(each)


def _events(
    network: brian2.Network, followed: steps.Steps, calls: Sequence[Call], spans: Mapping[str, ClockSpan]
) -> Mapping[str, Sequence[Spikes]]:
    """Events that are given in place of a group's own, and those of generators."""
    groups, found = net.spike_inputs(network), {}
    for operation in followed.operations:
        if isinstance(operation, steps.Generator):
            name = operation.name
        elif isinstance(operation, steps.Threshold) and operation.replaceable:
            name = operation.group
        else:
            continue
        given = [call.spikes.get(name) for call in calls]
        span = spans[operation.clock]
        if isinstance(operation, steps.Generator):
            if all(spikes is None for spikes in given):
                found[operation.events] = [_generated(network, groups[name], span, calls[0], None)]
            else:
                each = zip(calls, given, strict=True)
                found[operation.events] = [_generated(network, groups[name], span, *one) for one in each]
        elif any(spikes is not None for spikes in given):
            found[operation.events] = [(spikes[0] - span.start, spikes[1]) for spikes in given if spikes is not None]
    return found


def _generated(network: brian2.Network, group: Any, span: ClockSpan, call: Call, given: Any) -> Spikes:
    """What a SpikeGeneratorGroup emits, a neuron once in a step."""
    now = call.start == network.t_
    rows, neurons = emitted(net.generated_spikes(group, span.start, given, now=now), span)
    order = np.lexsort((neurons, rows))
    rows, neurons = rows[order], neurons[order]
    new = np.append(True, (np.diff(rows) != 0) | (np.diff(neurons) != 0))[: len(rows)]
    return rows[new], neurons[new]
