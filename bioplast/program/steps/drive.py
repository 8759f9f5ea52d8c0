"""What comes into a run from outside, as arrays: values, given events, tables, delays, spikes on their way, moments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import brian2
import numpy as np

from ...errors import BioplastError
from .. import network as net
from ..call import Call
from . import steps
from .moments import Moments, always_due, read_moments
from .queues import queue_by_source, rows_by_synapse
from .steps import delay_steps, pathways

#: For each pathway with delays how many steps of events are kept, a power of two above the longest delay.
Slots = tuple[tuple[str, int], ...]


class Later(NamedTuple):
    """How much later than its call says a run begins, where that is known only while it runs.

    Attributes
    ----------
    step : integer
        In steps of all clocks, which then have one dt.
    rows : callable
        Takes rows of a table by such steps.
    marked : callable
        An array of a shape that is True at some rows and columns, of which rows outside the shape are left out.
    """

    step: Any
    rows: Callable[[np.ndarray, Any], Any]
    marked: Callable[[tuple[int, int], Any, np.ndarray], Any]


@dataclass(frozen=True)
class Drive:
    """What comes from outside.

    Attributes
    ----------
    arrays : mapping
        Every array of the network, by name.
    events : mapping
        Events given beforehand, [moments, neurons] by their name.
    tables : mapping
        Values of the TimedArrays.
    delays : mapping
        For each pathway with delays those of its synapses in steps, or that of all.
    pending : mapping
        For each pathway with events on their way, whether one arrives: [steps until then, synapses], along a declared
        connection [steps until then, neurons before].
    extra : mapping
        Where more than one event may reach a synapse in a step, whether another one on its way arrives: [events, steps
        until then, synapses]. Those that were sent before a delay was made shorter are among them.
    draws : mapping
        Random numbers given beforehand, [moments, ...] by the name of the draw.
    key : array or None
        The key of all others.
    due : mapping
        By clock the moments in which it makes a step, bool [moments].
    step : mapping
        By clock the step that it makes or will make next, int [moments].
    """

    arrays: Mapping[str, Any]
    events: Mapping[str, Any]
    tables: Mapping[str, Any]
    delays: Mapping[str, Any]
    pending: Mapping[str, Any]
    extra: Mapping[str, Any]
    draws: Mapping[str, Any]
    key: Any
    due: Mapping[str, Any]
    step: Mapping[str, Any]


def read_drive(
    network: brian2.Network,
    followed: steps.Steps,
    call: Call,
    cast: Callable[[Any], Any],
    unchanging: Mapping[str, Any],
    horizon: int | None = None,
    later: Later | None = None,
) -> tuple[Drive, int, Slots]:
    """What comes into a run, how many moments it has, and how many steps of events each pathway keeps.

    Parameters
    ----------
    network : brian2.Network
    followed : Steps
        What happens in each step.
    call : Call
        Its spikes are (steps, neurons), or rasters [steps, neurons] that may be traced; its seed is the key.
    cast : callable
        Brings an array into the follower's precision.
    unchanging : mapping
        The arrays that are no values, in that precision.
    horizon : int, optional
        The last step that the precision can tell from the one before.
    later : Later, optional
        How much later the run begins.

    Raises
    ------
    BioplastError
        When a run goes beyond the horizon.
    """
    spans = call.spans(network)
    for name, span in spans.items():
        if horizon is not None and span.end > horizon:
            raise BioplastError(
                f"the run ends with step {span.end} of {name!r}: float32 tells the steps of this network apart up "
                f"to step {horizon}; start earlier, run shorter or compile with dtype='float64'"
            )
    moments = read_moments(spans)
    arrays = {name: cast(call.values[name]) for name, array in followed.arrays.items() if array.is_value}
    named = {followed.inputs[name]: table for name, table in call.tables.items() if name in followed.inputs}
    delays, pending, extra, slots = {}, {}, {}, []
    for pathway in pathways(followed):
        own = delay_steps(call.values[pathway.delay], followed.clocks[pathway.clock].seconds)
        if own.max(initial=0) > 0:
            slots.append((pathway.name, 1 << int(own.max()).bit_length()))
            delays[pathway.name] = own
        queue = queue_by_source(pathway, call.values[f"{pathway.name}.queue"])
        arrivals, others = arrivals_of(pathway, queue, np.broadcast_to(own, pathway.sources.shape))
        if len(arrivals):
            pending[pathway.name] = arrivals
        if len(others):
            extra[pathway.name] = others
    drive = Drive(
        arrays={**arrays, **unchanging},
        events=_events(network, followed, call, spans, moments, cast, later),
        tables={name: cast(table) for name, table in {**followed.tables, **named}.items()},
        delays=delays,
        pending=pending,
        extra=extra,
        draws={name: cast(numbers) for name, numbers in (call.draws or {}).items()},
        key=call.seed,
        due=moments.due,
        step={clock: step if later is None else step + later.step for clock, step in moments.step.items()},
    )
    return drive, moments.count, tuple(slots)


def _events(
    network: brian2.Network,
    followed: steps.Steps,
    call: Call,
    spans: Mapping[str, net.ClockSpan],
    moments: Moments,
    cast: Callable[[Any], Any],
    later: Later | None,
) -> dict[str, Any]:
    """Events that are given beforehand, [moments, neurons] by their name."""
    always = always_due(followed.clocks)
    events = {}
    for name, clock, raster in _rasters(network, followed, call, spans, later):
        if not moments.count:  # a row that no moment asks for
            raster = np.zeros((1, raster.shape[1]), dtype=raster.dtype)
        elif len(raster) != moments.count or clock not in always:
            raster = raster[np.minimum(moments.since(clock), max(len(raster) - 1, 0))]
        events[name] = cast(raster)
    return events


def _rasters(
    network: brian2.Network,
    followed: steps.Steps,
    call: Call,
    spans: Mapping[str, net.ClockSpan],
    later: Later | None,
) -> Iterator[tuple[str, str, Any]]:
    """Event, clock and raster [steps, neurons] of each group whose spikes are given."""
    groups, spikes, now = net.spike_inputs(network), call.spikes, call.start == network.t_
    for operation in followed.operations:
        if isinstance(operation, steps.Generator):
            name = operation.name
        elif isinstance(operation, steps.Threshold) and operation.replaceable and operation.group in spikes:
            name = operation.group
        else:
            continue
        group, span = groups[name], spans[operation.clock]
        given = spikes.get(name)
        raster: Any = given
        if given is None and later is not None:
            if net.has_missed_spikes(group, net.spans(network, 0)[operation.clock].start):
                raise BioplastError(
                    f"{net.TIME!r} cannot be traced: {name!r} begins within a period, with spikes that Brian2 takes "
                    "for missed and emits in its first step; run the network until the end of the period first"
                )
            raster = _emitted_later(group, max(span.end - span.start, 1), later)
        elif given is None or isinstance(given, tuple):
            raster = np.zeros((max(span.end - span.start, 1), len(group)), dtype=bool)
            if isinstance(operation, steps.Generator):
                raster[emitted(net.generated_spikes(group, span.start, given, now=now), span)] = True
            elif given is not None:
                raster[given[0] - span.start, given[1]] = True
        yield operation.events, operation.clock, raster


def emitted(generated: Mapping[str, np.ndarray], span: net.ClockSpan) -> tuple[np.ndarray, np.ndarray]:
    """The spikes of a SpikeGeneratorGroup in a run: steps counted from its start, in order, and neurons.

    Parameters
    ----------
    generated : mapping
        Of `network.generated_spikes`.
    span : ClockSpan
        The steps of the run.
    """
    bins, indices = generated["_timebins"], generated["neuron_index"]
    period, upcoming = int(generated["_period_bins"][0]), int(generated["_lastindex"][0])
    step = np.arange(span.start, span.end)
    first, end = (np.searchsorted(bins, step % period if period else step, side) for side in ("left", "right"))
    if len(step):
        first[0] = upcoming  # spikes of earlier steps, when Brian2 takes them for missed
    if not period:
        first, end = np.maximum(first, upcoming), np.maximum(end, upcoming)
    rows = np.repeat(step - span.start, end - first)
    before = np.cumsum(end - first) - (end - first)  # spikes in the steps before
    return rows, indices[np.arange(len(rows)) + (first - before)[rows]]


def _emitted_later(group: Any, count: int, later: Later) -> Any:
    """The raster [steps, neurons] of a SpikeGeneratorGroup in a run whose first step is known only while it runs."""
    bins, indices, period = net.own_spikes(group)
    if 0 < period <= count:
        table = np.zeros((period, len(group)), dtype=bool)
        table[bins, indices] = True
        return later.rows(table, (np.arange(count) + later.step) % period)
    rows = bins - later.step
    return later.marked((count, len(group)), rows % period if period else rows, indices)


def arrivals_of(
    pathway: steps.Pathway | steps.DeclaredPathway, queue: Any, delays: np.ndarray
) -> tuple[Any, np.ndarray]:
    """Whether an event that is on its way arrives: [steps until then - 1, synapses].

    Parameters
    ----------
    pathway : Pathway or DeclaredPathway
    queue : array
        Rows of (steps until delivery, synapse), of `queue_by_source` along a declared connection, or the first of what
        this function returns, which may be traced.
    delays : ndarray [synapses]
        In steps.

    Returns
    -------
    array, ndarray
        Of events no further away than their delay, each once, and of all others: [events, steps until then - 1,
        synapses].
    """
    longest = int(delays.max(initial=0))
    if queue.dtype.kind != "i":
        if queue.shape[1] != len(delays) or queue.shape[0] > longest:
            raise BioplastError(
                f"'{pathway.name}.queue' has shape {queue.shape}: at most {longest} steps of {len(delays)} "
                f"{'synapses' if isinstance(pathway, steps.Pathway) else 'neurons before'} are expected"
            )
        return queue, np.zeros((0, 0, len(delays)), dtype=bool)
    order = np.lexsort((queue[:, 1], queue[:, 0]))
    steps_left, synapses = queue[order].T.astype(np.int64)
    # how many of the same are before it
    new = np.append(True, (np.diff(steps_left) != 0) | (np.diff(synapses) != 0))[: len(queue)]
    place = np.arange(len(queue)) - np.maximum.accumulate(np.where(new, np.arange(len(queue)), 0))
    place += steps_left > delays[synapses]
    regular = place == 0
    # as long as the longest delay, however few spikes there are: another shape would be compiled anew
    arrivals = np.zeros((longest if regular.any() else 0, len(delays)), dtype=bool)
    arrivals[steps_left[regular] - 1, synapses[regular]] = True
    others = np.zeros((place.max(initial=0), steps_left[~regular].max(initial=0), len(delays)), dtype=bool)
    others[place[~regular] - 1, steps_left[~regular] - 1, synapses[~regular]] = True
    return arrivals, others


def queues_after(
    network: brian2.Network, followed: steps.Steps, call: Call, past: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """The spikes that are still on their way after a run: rows of (steps until delivery, synapse), by pathway.

    Parameters
    ----------
    network, followed, call
        As of `read_drive`.
    past : mapping
        The events of the last steps of each pathway with delays, [slots, neurons], step k in row k modulo slots.
    """
    spans = call.spans(network)
    found = {}
    for pathway in pathways(followed):
        span = spans[pathway.clock]
        made = span.end - span.start
        before = np.asarray(call.values[f"{pathway.name}.queue"])
        rows = [before[before[:, 0] > made] - [made, 0]]
        if pathway.name in past:
            events = np.asarray(past[pathway.name])
            delays = np.broadcast_to(delay_steps(call.values[pathway.delay], span.dt), pathway.sources.shape)
            for left in range(1, int(delays.max(initial=0)) + 1):
                step = made + left - 1 - delays  # in which the event was
                there = (left <= delays) & (step >= 0)
                arrives = there & (events[step % len(events), pathway.sources] > 0)
                rows.append(rows_by_synapse(pathway, left, np.flatnonzero(arrives)))
        queue = np.concatenate(rows)
        found[f"{pathway.name}.queue"] = queue[np.lexsort((queue[:, 1], queue[:, 0]))].astype(np.int32)
    return found
