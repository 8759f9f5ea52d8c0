"""The C++ source of a network and of its derivatives: each moment forward with a record, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..steps import steps
from ..steps.follower import Follower
from ..steps.written import written, written_by
from ..surrogate import Surrogate
from .activity import Activity
from .blocks import Code
from .columns import in_columns
from .reverse import Passes, Reverse
from .rows import in_row, row_sum, twice
from .slopes import SPIKE, with_spikes
from .source import Source


@dataclass(frozen=True)
class Wanted:
    """What derivatives are asked for.

    Attributes
    ----------
    arrays : frozenset of str
        Initial values and parameters.
    tables : frozenset of str
        Values of TimedArrays.
    events : frozenset of str
        Events that are given.
    """

    arrays: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()


class Adjoint(Source):
    """A network forward and back.

    Parameters
    ----------
    network : Steps
    wanted : Wanted
    surrogates : mapping
        The derivative of the spikes of each group that has one.
    detach_reset : bool
        Whether a reset has no derivative in the spike.
    """

    def __init__(self, network: steps.Steps, wanted: Wanted, surrogates: Mapping[str, Surrogate], detach_reset: bool):
        self.spikes = {
            operation.events: with_spikes(operation, network.arrays, surrogates[operation.group])
            for operation in network.operations
            if isinstance(operation, steps.Threshold) and operation.group in surrogates
        }
        self.wanted = wanted
        self.detach_reset = detach_reset
        clocks = {name for clock in network.clocks.values() for name in (clock.t, clock.timestep)}
        self.changing = written(network) - clocks
        super().__init__(network)

    def source(self) -> str:
        wanted = self.wanted
        self.activity = Activity(
            self.network,
            self.codes,
            self.spikes,
            set(wanted.arrays),
            set(wanted.tables),
            set(wanted.events),
            self.detach_reset,
        )
        forward: list[str] = []
        back: list[str] = []
        self.groups = len(self.segments())
        for number, (clock, operations) in enumerate(self.segments()):
            here = _Segment(self, number)
            calls = []
            for operation in operations:
                here.kept = []
                backward = here.carry_out(operation)
                name = self.function([*here.kept, *self.recording(operation, here)])
                calls.append((name, self.function(backward or [])))
                here.changed(operation)
            due = f"if (s.due[{self.layout.clock(clock)}])"
            size = f"s.back.frame_size[{number}]"
            onward = " ".join(f"{name}(s);" for name, _ in calls if name)
            backward_calls = " ".join(f"{name}(s);" for _, name in reversed(calls) if name)
            forward.append(f"{due} {{ s.back.frame = pushed(*s.back.frames, {size}); {onward} }}")
            back.insert(0, f"{due} {{ s.back.frame = popped(*s.back.frames, {size}); {backward_calls} }}")
        return self.whole({"bioplast_moment": forward, "bioplast_back": back})

    # Forward ----------------------------------------------------------------------------------------------------------

    def recording(self, operation: steps.Operation, here: _Segment) -> list[str]:
        """An operation forward, with what the way back needs to know of events."""
        if isinstance(operation, steps.Pathway):
            return self.recorded_pathway(operation, here)
        if isinstance(operation, steps.EventRecord | steps.StateRecord | steps.RateRecord):
            return []  # what monitors record is known by then
        lines = self.carry_out(operation) or []
        if isinstance(operation, steps.Threshold | steps.Generator):
            lines = [f"keep_events(s, {self.layout.event(operation.events)});", *lines]
        return lines

    def recorded_pathway(self, operation: steps.Pathway, here: _Segment) -> list[str]:
        way = here.way(operation)
        if not len(operation.sources):
            return []
        event = self.layout.event(operation.events)
        lines = [
            f"const Wires& wires = *s.wires[{way}];",
            f"const Arrivals now = reach(s, {event}, {way}, wires, {self.since(operation)});",
            "const int64_t* at = now.rows;",
            "const Events& whole = now.whole;",
        ]
        parts = ["for (int64_t j = 0; j < now.count; ++j) run(at[3 * j], at[3 * j + 1], at[3 * j + 2]);"]
        each = ["for (int64_t j = 0; j < whole.count; ++j) {", "  const int64_t n = whole.neurons[j];"]
        each += ["  run(n, wires.begin[n], wires.begin[n + 1]);", "}"]
        for code, kept in zip(self.codes(operation), here.phases, strict=True):
            run = self.synapses(code, operation, [*parts, *each], parts)
            lines += ["{", *kept, *(f"  {line}" for line in run), "}"]
        return lines


@dataclass(eq=False)
class _Segment(Follower):
    """The way back through the operations of one clock that come one after the other.

    Attributes
    ----------
    kept : list of str
        Lines that keep what the last operation needs, before it is carried out.
    phases : list of list of str
        The same for each part of a pathway.
    slots : dict
        The arrays that are kept as they are now, by their slots.
    ways : dict
        The numbers of pathways.
    """

    source: Adjoint
    number: int
    kept: list[str] = field(default_factory=list)
    phases: list[list[str]] = field(default_factory=list)
    slots: dict[str, int] = field(default_factory=dict)
    ways: dict[int, int] = field(default_factory=dict)

    def saved(self, array: str) -> int | None:
        """The slot of an array as it is now; None for one that never changes."""
        if array not in self.source.changing:
            return None
        if array not in self.slots:
            layout = self.source.layout
            slot = self.slots[array] = layout.slot(self.number, array)
            size = f"s.back.bytes[{slot}]"
            place = f"s.back.frame + s.back.offset[{slot}]"
            self.kept.append(f"std::memcpy({place}, s.arrays[{layout.array(array)}], {size});")
        return self.slots[array]

    def changed(self, operation: Any) -> None:
        """An operation has changed arrays."""
        for array in written_by(operation):
            self.slots.pop(array, None)

    def way(self, operation: steps.Pathway) -> int:
        if id(operation) not in self.ways:
            self.ways[id(operation)] = self.source.layout.way(operation)
        return self.ways[id(operation)]

    def reverse(self, code: Code, sources: np.ndarray | None = None, all_elements: bool = False) -> Reverse:
        return Reverse(self.source, code, self.source.activity, self.saved, sources, all_elements)

    def whole(self, code: Code, seeds: list[tuple[Any, str]], counted: str = "") -> list[str]:
        """The way back for every element."""
        return self.over_all(code, self.reverse(code, all_elements=True).passes(seeds), counted)

    def over_all(self, code: Code, passes: Passes, counted: str = "") -> list[str]:
        size = self.source.layout.size(code.block.size)
        return passes.around(
            lambda body: [
                f"const int64_t size_ = s.sizes[{size}];",
                "for (int64_t k = 0; k < size_; ++k) {",
                *(f"  {line}" for line in body),
                *([f"  {counted}"] if counted else []),
                "}",
            ]
        )

    def has_events(self, operation: Any) -> bool:
        return operation.events in self.source.activity.events

    def event(self, operation: Any) -> int:
        return self.source.layout.event(operation.events)

    # Operations -------------------------------------------------------------------------------------------------------

    def update(self, operation: steps.Update) -> list[str]:
        return self.whole(self.source.code(operation), [])

    def threshold(self, operation: steps.Threshold) -> list[str]:
        event, lines = self.event(operation), []
        if self.has_events(operation):
            code = self.source.spikes.get(operation.events)
            if code is not None:
                lines = [
                    f"real* __restrict const eb = s.back.events[{event}];",
                    *self.whole(code, [(code.value(SPIKE), "eb[k]")]),
                    f"std::memset(eb, 0, s.neurons[{event}] * sizeof(real));",
                ]
            if operation.replaceable:
                given = f"if (is_given(s, {event})) give_back(s, {event});"
                lines = [given, *(["else {", *lines, "}"] if lines else [])]
        return [*lines, f"earlier_events(s, {event});"]

    def generator(self, operation: steps.Generator) -> list[str]:
        event = self.event(operation)
        return [f"give_back(s, {event});", f"earlier_events(s, {event});"]

    def reset(self, operation: steps.Reset) -> list[str]:
        code, event, lines = self.source.code(operation), self.event(operation), []
        if self.has_events(operation) and not self.source.detach_reset:
            lines.append(f"real* __restrict const eb = s.back.events[{event}];")
            lines += self.over_all(code, self.reverse(code).spikes(), "eb[k] += back;")
        hits = self.reverse(code).passes()
        return [
            *lines,
            f"const Events& e = s.events[{event}];",
            *hits.around(
                lambda body: [
                    "for (int64_t j = 0; j < e.count; ++j) {",
                    "  const int64_t k = e.neurons[j];",
                    *(f"  {line}" for line in body),
                    "}",
                ]
            ),
        ]

    def pathway(self, operation: steps.Pathway) -> list[str]:
        way, event = self.way(operation), self.event(operation)
        self.phases = []
        if not len(operation.sources):
            return []
        parts: list[list[str]] = []
        for number, code in enumerate(self.source.codes(operation)):
            if number:
                self.changed(operation)
            self.kept = []
            lines = self.dense(operation, code, way, event) if self.has_events(operation) else []
            parts.append([*lines, *self.hits(operation, code)])
            self.phases.append(self.kept)
        self.kept = []
        since = self.source.since(operation)
        lines = [
            f"const Wires& wires = *s.wires[{way}];",
            f"const int64_t since = {since}; (void)since;",
            f"const Arrivals then = reached_then(s, {event}, wires);",
            "const int64_t* at = then.rows;",
            "const Events& whole = then.whole;",
            *(line for part in reversed(parts) for line in part),
        ]
        if self.has_events(operation):
            lines += [
                "if (wires.longest) {",
                f"  const int64_t size = s.neurons[{event}];",
                f"  real* now = s.back.ways[{way}] + (since & (wires.slots - 1)) * size;",
                f"  for (int64_t n = 0; n < size; ++n) s.back.events[{event}][n] += now[n];",
                "  std::memset(now, 0, size * sizeof(real));",
                "}",
            ]
        return lines

    def hits(self, operation: steps.Pathway, code: Code) -> list[str]:
        """For the synapses that events have reached."""
        reverse = self.reverse(code, operation.sources)
        passes = reverse.passes()
        rows = row_sum(code, operation.sources)
        # what comes back to synapses of one row lies apart, and where it comes from does not change
        apart = rows is not None and reverse.only_to_synapses()
        row = ["const int64_t row = wires.begin[n], end = wires.begin[n + 1]; (void)row;"]
        return passes.around(
            lambda body: [
                "for (int64_t j = whole.count; j-- > 0;) {",
                "  const int64_t n = whole.neurons[j];",
                *(f"  {line}" for line in row),
                *(in_row(rows, reverse, body) if rows and apart else twice("row", "end", body)),
                "}",
                "for (int64_t j = then.count; j-- > 0;) {",
                "  const int64_t n = at[3 * j], row = wires.begin[n]; (void)row;",
                *twice("at[3 * j + 1]", "at[3 * j + 2]", body),
                "}",
            ]
        )

    def dense(self, operation: steps.Pathway, code: Code, way: int, event: int) -> list[str]:
        """For all synapses, to the events that reach them now or would."""
        narrow = in_columns(self.source, operation, self.reverse(code, operation.sources), way, event)
        passes = self.reverse(code, operation.sources).spikes()
        each = f"s.back.ways[{way}] + ((since - age) & (wires.slots - 1)) * s.neurons[{event}]"
        wide = passes.around(
            lambda body: [
                f"for (int64_t n = 0; n < s.neurons[{event}]; ++n) {{",
                "  const int64_t row = wires.begin[n]; (void)row;",
                "  if (!wires.delay) {",
                "    const int64_t age = wires.longest;",
                "    if (since < age) break;",
                "    real total = 0;",
                "    const int64_t end = wires.begin[n + 1];",
                *(f"  {line}" for line in twice("row", "end", [*body, "total += back;"], "total")),
                f"    (age ? {each} : s.back.events[{event}])[n] += total;",
                "  } else {",
                "    for (int64_t p = row; p < wires.begin[n + 1]; ++p) {",
                "      const int64_t age = wires.delay[p];",
                "      if (since < age) continue;",
                "      const int64_t k = wires.synapse ? wires.synapse[p] : p;",
                *(f"      {line}" for line in body),
                f"      ({each})[n] += back;",
                "    }",
                "  }",
                "}",
            ]
        )
        return [*narrow, *wide]

    def declared_pathway(self, operation: steps.DeclaredPathway) -> list[str]:
        raise AssertionError("connections are explicit here")

    def sum(self, operation: steps.Sum) -> list[str]:
        code = self.source.code(operation)
        if operation.target not in self.source.activity.arrays:
            return []
        layout = self.source.layout
        size, start = layout.size(operation.stop - operation.start), layout.size(operation.start)
        index = layout.elements(operation.index - operation.start)
        return [
            f"real* const total = s.scratch; real* const bar = s.back.arrays[{layout.array(operation.target)}];",
            f"const int64_t size = s.sizes[{size}], start = s.sizes[{start}];",
            f"const int32_t* to = s.index[{index}];",
            "for (int64_t j = 0; j < size; ++j) { total[j] = bar[start + j]; bar[start + j] = 0; }",
            *self.whole(code, [(code.value("_synaptic_var"), "total[to[k]]")]),
        ]

    def event_record(self, operation: steps.EventRecord) -> list[str]:
        if not self.has_events(operation):
            return []
        size = operation.stop - operation.start
        return self.to_events(
            operation,
            f"s.back.rasters[{self.source.layout.raster(operation.name, size)}]",
            f"bar[{self.source.since(operation)} * (stop - start) + n - start]",
        )

    def event_count(self, operation: steps.EventCount) -> list[str]:
        return []

    def rate_record(self, operation: steps.RateRecord) -> list[str]:
        if not self.has_events(operation):
            return []
        layout = self.source.layout
        dt = layout.array(self.source.network.clocks[operation.clock].dt)
        return self.to_events(
            operation,
            f"s.back.records[{self.source.layout.record(operation.name, 'rate', 'f', 1)}]",
            f"bar[{self.source.since(operation)}] / *(const real*)s.arrays[{dt}] / (real)(stop - start)",
        )

    def to_events(self, operation: Any, bar: str, back: str) -> list[str]:
        """What comes back from a monitor of events."""
        layout = self.source.layout
        start, stop = layout.size(operation.start), layout.size(operation.stop)
        return [
            f"const real* bar = {bar};",
            f"const int64_t start = s.sizes[{start}], stop = s.sizes[{stop}];",
            "if (!bar) return;",
            f"for (int64_t n = start; n < stop; ++n) s.back.events[{self.event(operation)}][n] += {back};",
        ]

    def state_record(self, operation: steps.StateRecord) -> list[str]:
        code, lines, seeds = self.source.code(operation), [], []
        size = self.source.layout.size(operation.block.size)
        for variable in operation.variables:
            value = code.value(f"_to_record_{variable}")
            if self.source.activity.has(code, value):
                record = self.source.layout.record(operation.name, variable, value.kind, operation.block.size)
                lines += [
                    f"const real* r{record} = s.back.records[{record}];",
                    f"if (!r{record}) return;",
                    f"r{record} += {self.source.since(operation)} * s.sizes[{size}];",
                ]
                seeds.append((value, f"r{record}[k]"))
        return [*lines, *self.whole(code, seeds)] if seeds else []
