"""The C++ source of a network: a function for each operation, and one that carries them out moment by moment."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import Unsupported
from ..steps import steps
from ..steps.follower import Follower
from ..steps.written import written
from .blocks import Code, Lowering, kind_of, phases
from .layout import Layout
from .printing import Printer
from .rows import added_rows, follow_each_other, row_sum
from .steady import Steady
from .values import KINDS, MEMORY, Instruction, Store, Value


class Source(Follower):
    """Follows the steps of a network and writes them down in C++.

    Parameters
    ----------
    network : Steps

    Attributes
    ----------
    text : str
    layout : Layout
    """

    def __init__(self, network: steps.Steps):
        self.network = network
        self.layout = Layout()
        self.functions: list[str] = []
        self._codes: dict[int, list[Code]] = {}
        clocks = {name for clock in network.clocks.values() for name in (clock.t, clock.timestep)}
        self.steady = Steady(self.layout, network.arrays, written(network) | clocks)
        self.text = self.source()

    def source(self) -> str:
        """The whole text."""
        segments = []
        for clock, operations in self.segments():
            calls = [f"{name}(s);" for operation in operations if (name := self.function(self.carry_out(operation)))]
            if calls:
                segments.append(f"if (s.due[{self.layout.clock(clock)}]) {{ {' '.join(calls)} }}")
        return self.whole({"bioplast_moment": segments})

    def segments(self) -> list[tuple[str, list[steps.Operation]]]:
        """The operations, in groups of one clock each."""
        return [(clock, list(found)) for clock, found in itertools.groupby(self.network.operations, lambda o: o.clock)]

    def function(self, body: list[str]) -> str:
        """The name of a new function with some lines; empty without any."""
        if not body:
            return ""
        name = f"op{len(self.functions)}"
        lines = [f"static void {name}(Sample& s) {{", *(f"  {line}" for line in body), "}"]
        self.functions.append("\n".join(lines))
        return name

    def whole(self, exported: Mapping[str, list[str]]) -> str:
        """All functions, and those that the loop calls."""
        for name in self.network.clocks:
            self.layout.clock(name)
        exported = {"bioplast_begin": self.steady.lines(), **exported}
        ends = [
            "\n".join([f'extern "C" void {name}(Sample* sample) {{', "  Sample& s = *sample;", *lines, "}"])
            for name, lines in exported.items()
        ]
        return "\n\n".join(['#include "real.h"\n#include "sample.h"\n#include "rows.h"', *self.functions, *ends]) + "\n"

    # Blocks -----------------------------------------------------------------------------------------------------------

    def code(self, operation: Any) -> Code:
        return self.codes(operation)[0]

    def codes(self, operation: Any) -> list[Code]:
        """The block of an operation as instructions, in parts that come one after the other."""
        if id(operation) not in self._codes:
            blocks = phases(operation.block) if isinstance(operation, steps.Pathway) else [operation.block]
            made = [Lowering(block, self.network.arrays, operation.name).code() for block in blocks]
            self._codes[id(operation)] = made
        return self._codes[id(operation)]

    def since(self, operation: steps.Operation) -> str:
        return f"s.since[{self.layout.clock(operation.clock)}]"

    def update(self, operation: steps.Update) -> list[str]:
        function = Function(self, self.code(operation))
        return function.whole(lambda _: [])

    def threshold(self, operation: steps.Threshold) -> list[str]:
        event = self.layout.event(operation.events)
        function = Function(self, self.code(operation))
        looks = function.in_parts(lambda printer: printer.name(function.code.value("_cond")))
        lines = [f"Events& e = s.events[{event}];"]
        if operation.replaceable:
            lines += [f"if (is_given(s, {event})) {{", f"  take(s, {event}, {self.since(operation)});", "} else {"]
        lines += ["e.count = 0;", *looks]
        lines += ["}"] * operation.replaceable
        if operation.refractory is not None:
            not_refractory, last, t = (self.layout.array(name) for name in operation.refractory)
            lines += [
                f"uint8_t* free = (uint8_t*)s.arrays[{not_refractory}];",
                f"real* last = (real*)s.arrays[{last}];",
                f"const real t = *(const real*)s.arrays[{t}];",
                "for (int64_t j = 0; j < e.count; ++j) { free[e.neurons[j]] = 0; last[e.neurons[j]] = t; }",
            ]
        return lines

    def generator(self, operation: steps.Generator) -> list[str]:
        return [f"take(s, {self.layout.event(operation.events)}, {self.since(operation)});"]

    def reset(self, operation: steps.Reset) -> list[str]:
        function = Function(self, self.code(operation))
        return function.events(self.layout.event(operation.events), lambda _: [])

    def pathway(self, operation: steps.Pathway) -> list[str]:
        codes = self.codes(operation)
        way = self.layout.way(operation)
        if not len(operation.sources):
            return []
        event = self.layout.event(operation.events)
        head = [f"const Wires& wires = *s.wires[{way}];"]
        given = f"(s.events[{event}], s.ways[{way}], wires, {self.since(operation)},"
        arriving = f"arrive{given}"
        if len(codes) == 1:
            several = f"const Events whole = arrived{given} run);"
            return [*head, *self.synapses(codes[0], operation, [f"{arriving} run);"], [several])]
        # each for all synapses that are reached
        lines = ["Column reached = {nullptr, 0, 0};"]
        lines += [f"{arriving} [&](int64_t n, int64_t from, int64_t to) {{"]
        lines += ["  push<int64_t>(reached, n); push<int64_t>(reached, from); push<int64_t>(reached, to);", "});"]
        lines += ["const int64_t* row = (const int64_t*)reached.data;"]
        again = "for (int64_t j = 0; j < reached.size; j += 3) run(row[j], row[j + 1], row[j + 2]);"
        for code in codes:
            lines += ["{", *(f"  {line}" for line in self.synapses(code, operation, [again])), "}"]
        return [*head, *lines, "std::free(reached.data);"]

    def synapses(
        self, code: Code, operation: steps.Pathway, calls: list[str], in_rows: list[str] | None = None
    ) -> list[str]:
        """What a block does to the synapses of a neuron at some positions, and what calls it.

        Where it can be done in rows, `in_rows` calls it for what is not a whole row and names the neurons of the rest.
        """
        function = Function(self, code, operation.sources)
        body = function.inner(lambda _: [])
        rows = row_sum(code, operation.sources)
        if rows is not None and in_rows is not None:
            added = added_rows(rows, function, operation.sources, self.network.events[operation.events])
            lines = [f"  {line}" for line in (*in_rows, *added)]
            calls = ["if (!wires.synapse && !wires.delay) {", *lines, "} else {", *(f"  {c}" for c in calls), "}"]
        return [
            *function.pointers,
            *function.once,
            "auto each = [&](auto direct, int64_t n, int64_t from, int64_t to) {",
            "  const int64_t row = wires.begin[n]; (void)row;",
            "  for (int64_t p = from; p < to; ++p) {",
            "    const int64_t k = direct ? p : wires.synapse[p];",
            *(f"    {line}" for line in body),
            "  }",
            "};",
            "auto run = [&](int64_t n, int64_t from, int64_t to) {",
            "  if (wires.synapse) each(std::false_type(), n, from, to);",
            "  else each(std::true_type(), n, from, to);",
            "};",
            *calls,
        ]

    def declared_pathway(self, operation: steps.DeclaredPathway) -> list[str]:
        raise Unsupported("a declared connection has no list of synapses: connect explicit pairs, i=connection.i, ...")

    def sum(self, operation: steps.Sum) -> list[str]:
        size = operation.stop - operation.start
        self.layout.scratch = max(self.layout.scratch, size)
        function = Function(self, self.code(operation))
        kind = kind_of(self.network.arrays[operation.target].value)
        index = self.layout.elements(operation.index - operation.start)
        sums = function.whole(
            lambda printer: [f"total[to[k]] += (real){printer.name(function.code.value('_synaptic_var'))};"],
            summed=True,
        )
        target = f"(({MEMORY[kind]}*)s.arrays[{self.layout.array(operation.target)}])"
        return [
            "real* total = s.scratch;",
            f"const int64_t size = s.sizes[{self.layout.size(size)}];",
            f"const int64_t start = s.sizes[{self.layout.size(operation.start)}];",
            f"const int32_t* to = s.index[{index}];",
            "for (int64_t k = 0; k < size; ++k) total[k] = 0;",
            *sums,
            f"for (int64_t k = 0; k < size; ++k) {target}[start + k] = ({KINDS[kind]})total[k];",
        ]

    # Monitors ---------------------------------------------------------------------------------------------------------

    def event_record(self, operation: steps.EventRecord) -> list[str]:
        function = Function(self, self.code(operation))
        event, layout = self.layout.event(operation.events), self.layout
        neuron, step = (layout.column(operation.name, name, kind) for name, kind in (("i", "i"), ("step", "l")))

        def recorded(printer: Printer) -> list[str]:
            lines = [
                f"push<int32_t>(s.columns[{neuron}], (int32_t)(k - start));",
                f"push<int64_t>(s.columns[{step}], {self.since(operation)});",
            ]
            for variable in operation.variables:
                value = function.code.value(f"_to_record_{variable}")
                column = layout.column(operation.name, variable, value.kind)
                lines.append(f"push<{MEMORY[value.kind]}>(s.columns[{column}], {printer.name(value)});")
            return lines

        start, stop = layout.size(operation.start), layout.size(operation.stop)
        raster = layout.raster(operation.name, operation.stop - operation.start)
        return [
            f"const int64_t start = s.sizes[{start}], stop = s.sizes[{stop}];",
            f"if (s.rasters[{raster}]) {{",
            f"  uint8_t* const row = s.rasters[{raster}] + {self.since(operation)} * (stop - start);",
            f"  const Events& e = s.events[{event}];",
            "  for (int64_t j = 0; j < e.count; ++j)",
            "    if (e.neurons[j] >= start && e.neurons[j] < stop) row[e.neurons[j] - start] = 1;",
            "  return;",
            "}",
            *function.events(event, recorded, "if (k < start || k >= stop) continue;"),
        ]

    def event_count(self, operation: steps.EventCount) -> list[str]:
        start, stop = self.layout.size(operation.start), self.layout.size(operation.stop)
        return [
            f"const Events& e = s.events[{self.layout.event(operation.events)}];",
            f"const int64_t start = s.sizes[{start}], stop = s.sizes[{stop}];",
            f"int32_t* count = (int32_t*)s.arrays[{self.layout.array(operation.count)}];",
            "for (int64_t j = 0; j < e.count; ++j)",
            "  if (e.neurons[j] >= start && e.neurons[j] < stop) ++count[e.neurons[j] - start];",
        ]

    def state_record(self, operation: steps.StateRecord) -> list[str]:
        function = Function(self, self.code(operation))
        size = operation.block.size

        def recorded(printer: Printer) -> list[str]:
            lines = []
            for variable in operation.variables:
                value = function.code.value(f"_to_record_{variable}")
                record = self.layout.record(operation.name, variable, value.kind, size)
                memory = MEMORY[value.kind]
                function.once.append(
                    f"{memory}* const r{record} = ({memory}*)s.records[{record}] + {self.since(operation)} * n;"
                )
                lines.append(f"r{record}[k] = {printer.name(value)};")
            return lines

        return function.whole(recorded)

    def rate_record(self, operation: steps.RateRecord) -> list[str]:
        record = self.layout.record(operation.name, "rate", "f", 1)
        start, stop = self.layout.size(operation.start), self.layout.size(operation.stop)
        dt = self.layout.array(self.network.clocks[operation.clock].dt)
        return [
            f"const Events& e = s.events[{self.layout.event(operation.events)}];",
            f"const int64_t start = s.sizes[{start}], stop = s.sizes[{stop}];",
            "int64_t count = 0;",
            "for (int64_t j = 0; j < e.count; ++j) count += e.neurons[j] >= start && e.neurons[j] < stop;",
            f"((real*)s.records[{record}])[{self.since(operation)}] =",
            f"    (real)count / *(const real*)s.arrays[{dt}] / (real)(stop - start);",
        ]


More = Callable[[Printer], list[str]]

#: Arrays do not overlap, and each element has its own: a compiler that knows it need not compare their places.
APART = '_Pragma("GCC ivdep")'


class Function:
    """The lines of one operation: its pointers, what is made once, and what is made for each element."""

    def __init__(self, source: Source, code: Code, sources: np.ndarray | None = None):
        self.source = source
        self.layout = source.layout
        self.code = code
        self.sources = sources
        self.known: list[tuple[np.ndarray, str]] = []
        self.pointers: list[str] = []
        self.arrays: dict[str, str] = {}
        self.copied: set[str] = set()
        self.elements = {name: self.element(name, place) for name, place in code.places()}
        self.printer = Printer(self.special, lambda name: self.elements[name])
        self.once = source.steady.once(self.printer, code.common, code)

    def whole(self, more: More, summed: bool = False) -> list[str]:
        """For every element; `summed` says that what `more` makes of several of them goes to one place."""
        size = self.layout.size(self.code.block.size)
        body = self.all(more)
        apart = [APART] if self.apart(self.code) and not summed else []
        loop = [*apart, "for (int64_t k = 0; k < n; ++k) {", *(f"  {line}" for line in body), "}"] if body else []
        return [*self.pointers, f"const int64_t n = s.sizes[{size}]; (void)n;", *self.once, *loop]

    def apart(self, code: Code) -> bool:
        """Whether each element writes what no other one reads or writes."""
        stored = {s.name for s in code.each if isinstance(s, Store)}
        places = {name: place for name, place in code.places() if name in stored}
        return not code.block.repeated and all(self.position(place) == "k" for place in places.values())

    def in_parts(self, hit: Callable[[Printer], str]) -> list[str]:
        """For every element, in parts of which each says which elements have an event."""
        size = self.layout.size(self.code.block.size)
        body = self.all(lambda printer: [f"const bool hit_ = {hit(printer)};"])
        return [
            *self.pointers,
            f"const int64_t n = s.sizes[{size}];",
            *self.once,
            "alignas(64) uint8_t hit[kPart];",
            "const int64_t many = n - n % kFew;",
            "for (int64_t from = 0; from < many; from += kPart) {",
            "  const int64_t to = from + kPart < many ? from + kPart : many;",
            *([f"  {APART}"] if self.apart(self.code) else []),
            "  for (int64_t k = from; k < to; ++k) {",
            *(f"    {line}" for line in body),
            "    hit[k - from] = hit_;",
            "  }",
            "  take_hits(e, hit, from, to - from);",
            "}",
            "int64_t count = e.count;",
            "for (int64_t k = many; k < n; ++k) {",
            *(f"  {line}" for line in body),
            "  e.neurons[count] = static_cast<int32_t>(k);",
            "  count += hit_;",
            "}",
            "e.count = count;",
        ]

    def events(self, event: int, more: More, check: str = "") -> list[str]:
        """For every neuron that has an event."""
        body = [*([check] if check else []), *self.inner(more)]
        return [
            f"const Events& e = s.events[{event}];",
            "if (!e.count) return;",
            *self.pointers,
            *self.once,
            "for (int64_t j = 0; j < e.count; ++j) {",
            "  const int64_t k = e.neurons[j];",
            *(f"  {line}" for line in body),
            "}",
        ]

    def inner(self, more: More) -> list[str]:
        lines = self.printer.lines(self.code.each)
        return [*lines, *more(self.printer)]

    def all(self, more: More) -> list[str]:
        """As `inner` for all elements one after the other, where what is steady is looked up."""
        last = more(self.printer)
        each = [one for one in self.code.each if isinstance(one, Store) or one.operation != "constant"]
        stored = [v for s in each if isinstance(s, Store) for v in (s.value, s.condition) if v is not None]
        needed = self.needed([*stored, *self.printer.asked])
        return [*self.each([one for one in each if isinstance(one, Store) or id(one) in needed], self.printer), *last]

    def needed(self, wanted: list[Value]) -> set[int]:
        """The values that others are made of, where what is steady is not made of anything."""
        found: set[int] = set()
        while wanted:
            value = wanted.pop()
            if id(value) not in found:
                found.add(id(value))
                wanted += [] if self.source.steady.kept(value, self.code) else value.arguments
        return found

    def each(self, instructions: Sequence[Instruction], printer: Printer) -> list[str]:
        """Lines for all elements, in which what is steady is looked up."""
        lines = printer.lines(instructions)
        for place, one in enumerate(instructions):
            if isinstance(one, Value) and self.source.steady.kept(one, self.code):
                name, declared = self.source.steady.pointer(one, self.code)
                if declared not in self.pointers:
                    self.pointers.append(declared)
                lines[place] = f"const {KINDS[one.kind]} {printer.name(one)} = {name}[k];"
        return lines

    # Elements ---------------------------------------------------------------------------------------------------------

    def element(self, name: str, place: steps.Place) -> str:
        """What a name refers to."""
        pointer = self.pointer(place.array)
        return f"{pointer}[0]" if place.shared else f"{pointer}[{self.position(place)}]"

    def former(self, name: str) -> str:
        """What a name referred to before the block."""
        place = self.code.block.names[name]
        assert isinstance(place, steps.Place)
        pointer = self.pointer(place.array)
        if f"b{pointer}" not in self.copied:
            self.copied.add(f"b{pointer}")
            array = self.source.network.arrays[place.array].value
            size = self.layout.size(int(np.size(array)))
            memory = MEMORY[kind_of(array)]
            self.pointers.append(f"const std::vector<{memory}> b{pointer}({pointer}, {pointer} + s.sizes[{size}]);")
        return f"b{pointer}[{self.position(place)}]"

    def pointer(self, array: str) -> str:
        if array not in self.arrays:
            number = self.layout.array(array)
            memory = MEMORY[kind_of(self.source.network.arrays[array].value)]
            self.arrays[array] = f"a{number}"
            self.pointers.append(
                f"{memory}* __restrict const a{number} = ({memory}*)s.arrays[{number}]; (void)a{number};"
            )
        return self.arrays[array]

    def position(self, place: steps.Place) -> str:
        index = place.index
        if index is None:
            return "k"
        for known, text in self.known:
            if np.array_equal(index, known):
                return text
        text = self.found(index, int(np.size(self.source.network.arrays[place.array].value)))
        self.known.append((index, text))
        return text

    def first(self, place: steps.Place) -> str:
        """Where a row begins whose elements follow each other."""
        assert place.index is not None
        begin, of_row, _ = self.position(place).partition(" + (k - row)")
        return begin if of_row else f"s.index[{self.layout.elements(place.index)}][0]"  # of a single row

    def found(self, index: np.ndarray, size: int) -> str:
        """How an element of an array is found from that of the block."""
        if len(index) == size and np.array_equal(index, np.arange(size)):
            return "k"
        number = self.layout.elements(index)
        if self.sources is not None:
            if np.array_equal(index, self.sources):
                return "n"
            if follow_each_other(self.sources, index):
                self.pointers.append(f"const int64_t i{number} = s.index[{number}][0];")
                return f"i{number} + (k - row)"
        self.pointers.append(f"const int32_t* __restrict const i{number} = s.index[{number}];")
        return f"i{number}[k]"

    # Values -----------------------------------------------------------------------------------------------------------

    def special(self, value: Value, arguments: list[str]) -> str:
        match value.operation:
            case "load":
                return self.former(value.detail) if value.detail in self.code.before else self.elements[value.detail]
            case "table":
                table = value.detail
                number = self.layout.table(table.name)
                t, *column = arguments
                given = [f"s.tables[{number}]", t, f"real({table.epsilon!r})", f"real({table.factor})", *column]
                return f"bp_table({', '.join(given)})"
            case "draw":
                name, draw = value.detail
                shape = () if value.common else (self.code.block.size,)
                number = self.layout.site(name, draw, shape)
                element, size = ("0", "1") if value.common else ("k", f"s.sizes[{self.layout.size(*shape)}]")
                given = [f"Random(s, {number}, {element})", *arguments]
                given += [f"real({parameter!r})" for parameter in draw.parameters]
                own = f"bp_{draw.kind}({', '.join(given)})"
                return f"s.draws[{number}] ? s.draws[{number}][s.moment * {size} + {element}] : {own}"
        raise Unsupported(f"{value.operation!r} is not translated")
