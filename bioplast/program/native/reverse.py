"""The way back through a block: from the derivatives of what it wrote to those of what it read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from ...errors import Unsupported
from ..steps import steps
from .activity import Activity
from .blocks import Code, kind_of
from .derivatives import shares
from .printing import Printer
from .source import Function, Source
from .values import MEMORY, Instruction, Store, Value


@dataclass
class Passes:
    """Lines before a loop over elements, for each element, and after it."""

    pointers: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    each: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)

    def around(self, loop: Callable[[list[str]], list[str]]) -> list[str]:
        """The whole, in a scope of its own."""
        lines = [*self.pointers, *self.before, *(loop(self.each) if self.each else []), *self.after]
        return ["{", *(f"  {line}" for line in lines), "}"]


class Reverse:
    """The way back through a block.

    Parameters
    ----------
    source : Source
    code : Code
    activity : Activity
    saved : callable
        The slot of an array that operations write, as it was before the block, which is kept from now on.
    sources : ndarray, optional
        Of a pathway the neurons before.
    all_elements : bool
        Whether it is for all elements one after the other.
    """

    def __init__(
        self,
        source: Source,
        code: Code,
        activity: Activity,
        saved: Callable[[str], int | None],
        sources: np.ndarray | None = None,
        all_elements: bool = False,
    ):
        self.all_elements = all_elements
        self.code = code
        self.activity = activity
        self.saved = saved
        self.function = Function(source, code, sources)
        self.layout = source.layout
        self.arrays = source.network.arrays
        self.printer = Printer(self.special, lambda name: name)
        self.values = [v for v in (*code.common, *code.each) if isinstance(v, Value)]
        self.printer.names = {id(value): f"x{k}" for k, value in enumerate(self.values)}
        self.needed: set[int] = set()
        self.used: set[int] = set()
        self.declared: set[int] = set()
        self.pointers: dict[str, str] = {}
        self.sums: list[str] = []

    # Names ------------------------------------------------------------------------------------------------------------

    def place(self, name: str) -> steps.Place:
        place = self.code.block.names[name]
        assert isinstance(place, steps.Place)
        return place

    def use(self, value: Value) -> str:
        """The name of a value that is made again, or the text of a constant."""
        if value.operation != "constant" and id(value) not in self.needed:
            self.needed.add(id(value))
            if self.all_elements and self.function.source.steady.kept(value, self.code):
                return self.printer.name(value)
            if value.operation == "load":
                self.element(value.detail)
            for argument in value.arguments:
                self.use(argument)
        return self.printer.name(value)

    def bar(self, value: Value) -> str:
        """What comes back to a value."""
        self.used.add(id(value))
        return f"d{self.printer.names[id(value)]}"

    def added(self, value: Value, text: str, operator: str = "+=", held: str = "") -> str:
        """A line that adds to what comes back to a value, or begins with it."""
        first = id(value) not in self.used and not value.common and not held
        name = self.bar(value)
        if not first:
            return f"{held}{name} {operator} {text};"
        self.declared.add(id(value))
        return f"real {name} = {'-' if operator == '-=' else ''}{text};"

    def position(self, name: str) -> str:
        place = self.place(name)
        return "0" if place.shared else self.function.position(place)

    def element(self, name: str) -> str:
        """What a name referred to before the block."""
        array = self.place(name).array
        slot = self.saved(array)
        if slot is None:
            return self.function.element(name, self.place(name))
        memory = MEMORY[kind_of(self.arrays[array].value)]
        pointer = f"const {memory}* __restrict const f{slot} = (const {memory}*)(s.back.frame + s.back.offset[{slot}]);"
        self.pointers[f"f{slot}"] = pointer
        return f"f{slot}[{self.position(name)}]"

    def back_pointer(self, place: steps.Place) -> str:
        """What comes back to an array."""
        number = self.layout.array(place.array)
        self.pointers[f"g{number}"] = f"real* __restrict const g{number} = s.back.arrays[{number}];"
        return f"g{number}"

    def first(self, place: steps.Place) -> str:
        return self.function.first(place)

    def back_element(self, name: str) -> str:
        """What comes back to an element after the block."""
        return f"{self.back_pointer(self.place(name))}[{self.position(name)}]"

    def load_element(self, name: str) -> str:
        """What comes back to an element before the block."""
        if name not in self.code.before:
            return self.back_element(name)
        element = self.back_element(name)
        array = self.place(name).array
        number = self.layout.array(array)
        if f"t{number}" not in self.pointers:
            size = self.layout.size(int(np.size(self.arrays[array].value)))
            self.pointers[f"t{number}"] = f"std::vector<real> t{number}(s.sizes[{size}]);"
            self.sums.append(f"for (int64_t j = 0; j < s.sizes[{size}]; ++j) g{number}[j] += t{number}[j];")
        return element.replace(f"g{number}[", f"t{number}[", 1)

    def special(self, value: Value, arguments: list[str]) -> str:
        if value.operation == "load":
            return self.element(value.detail)
        return self.function.special(value, arguments)

    # The way back -----------------------------------------------------------------------------------------------------

    def passes(self, seeds: Iterable[tuple[Value, str]] = ()) -> Passes:
        """The lines for elements for which the block ran; `seeds` come back to values of it besides."""
        each = [self.added(value, text) for value, text in seeds if self.activity.has(self.code, value)]
        for instruction in reversed(self.code.each):
            each += self.back(instruction)
        after = list(self.sums)
        for instruction in reversed(self.code.common):
            after += self.back(instruction)
        return self.complete(each, after)

    def complete(self, each: list[str], after: list[str]) -> Passes:
        common = [v for v in self.code.common if isinstance(v, Value)]
        own = [v for v in self.code.each if isinstance(v, Value)]
        steady = self.function.source.steady
        again = self.again(own)
        each_of = self.function.each(again, self.printer) if self.all_elements else self.printer.lines(again)
        made = [steady.once(self.printer, self.again(common), self.code), each_of]
        summed = self.used - self.declared
        zeros = [[f"real {self.bar(v)} = 0;" for v in part if id(v) in summed] for part in (common, own)]
        pointers = [*self.function.pointers, *self.pointers.values()]
        body = [*made[1], *zeros[1], *each] if each else []
        return Passes(pointers, [*made[0], *zeros[0]], body, after)

    def again(self, values: list[Value]) -> list[Value]:
        return [value for value in values if id(value) in self.needed]

    def back(self, instruction: Instruction) -> list[str]:
        if isinstance(instruction, Store):
            return self.stored(instruction)
        value = instruction
        if id(value) not in self.used:  # nothing comes back to it
            return []
        back = self.bar(value)
        if value.operation == "load":
            return [f"{self.load_element(value.detail)} += {back};"]
        if value.operation == "table":
            table = value.detail
            number = self.layout.table(table.name)
            t, *column = (self.use(argument) for argument in value.arguments)
            given = [f"s.tables[{number}]", f"s.back.tables[{number}]", t, f"real({table.epsilon!r})"]
            given += [f"real({table.factor})", *(column or ["0"]), back]
            return [f"bp_table_back({', '.join(given)});"]
        return [
            self.added(argument, text())
            for argument, text in shares(value, back, self.use)
            if self.activity.has(self.code, argument)
        ]

    def stored(self, store: Store) -> list[str]:
        if self.place(store.name).array not in self.activity.arrays:
            return []
        target, has = self.back_element(store.name), self.activity.has(self.code, store.value)
        held = "" if store.condition is None else f"if ({self.use(store.condition)}) "
        match store.operator:
            case "=":
                return [*([self.added(store.value, target)] if has else []), f"{target} = 0;"]
            case "+=" | "-=":
                return [self.added(store.value, target, store.operator, held)] if has else []
        if has:
            raise Unsupported(f"'{store.name} {store.operator} ...' by several synapses has no derivative here")
        return [f"{held}{target} {store.operator} {self.use(store.value)};"]

    def only_to_synapses(self) -> bool:
        """Whether all that comes back comes to numbers of single synapses."""
        loads = [value for value in self.values if value.operation == "load" and id(value) in self.used]
        others = [value for value in self.values if value.operation == "table" and id(value) in self.used]
        return not others and all(self.position(value.detail) == "k" for value in loads) and not self.sums

    # Events that have a derivative ------------------------------------------------------------------------------------

    def spikes(self) -> Passes:
        """The lines that find what comes back to the event of each element, `back`, whether it happened or not."""
        each: list[str] = []
        seen: set[str] = set()
        for store in self.code.each:
            if not isinstance(store, Store) or self.place(store.name).array not in self.activity.arrays:
                continue
            place = self.place(store.name)
            if place.array in seen:
                raise Unsupported(f"{place.array!r} is written more than once by events that have a derivative")
            seen.add(place.array)
            target = self.back_element(store.name)
            held = "" if store.condition is None else f"if ({self.use(store.condition)}) "
            if store.operator in ("+=", "-="):
                each.append(f"{held}back {store.operator} {target} * {self.use(store.value)};")
            elif store.operator != "=":
                raise Unsupported(f"'{store.name} {store.operator} ...' by events that have a derivative")
            elif place.index is not None:
                raise Unsupported("what an event assigns to a neuron has no derivative in it: use += or -=")
            else:
                each.append(f"back += {target} * ({self.difference(store)});")
        return self.complete(["real back = 0;", *each] if each else [], [])

    def difference(self, store: Store) -> str:
        """What an event changes an element by."""
        value = store.value
        if value.operation in ("add", "sub"):
            first, second = value.arguments
            if first.operation == "load" and first.detail == store.name:
                return f"{'-' if value.operation == 'sub' else ''}{self.use(second)}"
        return f"{self.use(value)} - {self.element(store.name)}"
