"""Numbers that are the same in all steps of a run, such as the decay of an exact solution: made at its beginning.

Those of single elements are kept from one run of a thread to the next one with the same parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import numpy as np

from ..steps import steps
from .blocks import Code, kind_of
from .layout import Layout
from .printing import Printer
from .values import MEMORY, Instruction, Value

_CHEAP = frozenset(
    (
        *("constant", "load", "add", "sub", "mul", "neg", "cast", "max", "min", "abs", "sign", "where"),
        *("not", "and", "or", "lt", "le", "gt", "ge", "eq", "ne"),
    )
)


class Steady:
    """Finds and makes these numbers.

    Parameters
    ----------
    layout : Layout
    arrays : mapping
        Those of the network.
    changing : set of str
        The arrays that may be others in the next step.
    """

    def __init__(self, layout: Layout, arrays: Mapping[str, steps.Array], changing: Set[str]):
        self.layout = layout
        self.arrays = arrays
        self.changing = changing
        self._shared: list[str] = []
        self._each: list[str] = []
        self._of: set[int] = set()  # the arrays that those of single elements are made of
        self._known: dict[str, int] = {}
        self._costly: dict[Value, bool] = {}
        self._steady: dict[Value, bool] = {}

    def lines(self) -> list[str]:
        """What makes them."""
        if not self._each:
            return self._shared
        of = ", ".join(f"s.arrays[{number}]" for number in sorted(self._of))
        return [*self._shared, f"if (s.steady->known({{{of}}})) return;", *self._each]

    # What is steady ---------------------------------------------------------------------------------------------------

    def costly(self, value: Value) -> bool:
        if value not in self._costly:
            cheap = value.operation in _CHEAP
            self._costly[value] = not cheap or any(self.costly(argument) for argument in value.arguments)
        return self._costly[value]

    def steady(self, value: Value, code: Code) -> bool:
        """Whether a value is the same in all steps."""
        if value not in self._steady:
            self._steady[value] = self._is_steady(value, code)
        return self._steady[value]

    def _is_steady(self, value: Value, code: Code) -> bool:
        match value.operation:
            case "draw" | "table" | "spike":
                return False
            case "load":
                place = code.block.names[value.detail]
                assert isinstance(place, steps.Place)
                own = place.shared or (not value.common and self._in_order(place))
                return own and place.array not in self.changing
        return all(self.steady(argument, code) for argument in value.arguments)

    def _in_order(self, place: steps.Place) -> bool:
        """Whether a place's elements are those of its array, one after the other."""
        size = int(np.size(self.arrays[place.array].value))
        return place.index is None or np.array_equal(place.index, np.arange(size))

    # Shared by all elements -------------------------------------------------------------------------------------------

    def once(self, printer: Printer, instructions: Sequence[Instruction], code: Code) -> list[str]:
        """Lines for what all elements share, in which a number that was made at the beginning is looked up."""
        lines = printer.lines(instructions)
        for place, one in enumerate(instructions):
            if isinstance(one, Value) and one.kind == "f" and self.costly(one) and self.steady(one, code):
                lines[place] = f"const real {printer.name(one)} = s.common[{self._number(one, code)}];"
        return lines

    def _number(self, value: Value, code: Code) -> int:
        """Where the number lies; what makes it is added to the lines."""
        lines, name = self._made(value, code)
        text = "\n".join(lines)
        if text not in self._known:
            number = self._known[text] = self.layout.common
            self.layout.common += 1
            self._shared += ["{", *(f"  {line}" for line in lines), f"  s.common[{number}] = {name};", "}"]
        return self._known[text]

    # Of each element --------------------------------------------------------------------------------------------------

    def kept(self, value: Value, code: Code) -> bool:
        """Whether a value of single elements is made at the beginning."""
        return not value.common and self.costly(value) and self.steady(value, code)

    def pointer(self, value: Value, code: Code) -> tuple[str, str]:
        """The name of the array [elements] in which such a value lies, and a line that declares it."""
        lines, name = self._made(value, code, self._of)
        memory, text = MEMORY[value.kind], "\n".join([*lines, str(code.block.size)])
        if text not in self._known:
            number = self._known[text] = len(self.layout.steady)
            self.layout.steady.append((code.block.size, value.kind))
            size = self.layout.size(code.block.size)
            self._each += [
                "{",
                f"  {memory}* __restrict const to = ({memory}*)s.steady->arrays[{number}];",
                f"  for (int64_t k = 0; k < s.sizes[{size}]; ++k) {{",
                *(f"    {line}" for line in lines),
                f"    to[k] = {name};",
                "  }",
                "}",
            ]
        name = f"c{self._known[text]}"
        return name, f"const {memory}* __restrict const {name} = (const {memory}*)s.steady->arrays[{name[1:]}];"

    def _made(self, value: Value, code: Code, of: set[int] | None = None) -> tuple[list[str], str]:
        """Lines that make a value from arrays, and what it is called there; `of` gets the arrays."""
        found = set() if of is None else of
        printer = Printer(lambda load, _: self._load(load, code, found), lambda name: name)
        made: list[Value] = []

        def visit(one: Value) -> None:
            if one.operation != "constant" and not any(known is one for known in made):
                for argument in one.arguments:
                    visit(argument)
                made.append(one)

        visit(value)
        return printer.lines(made), printer.name(value)

    def _load(self, value: Value, code: Code, of: set[int]) -> str:
        place = code.block.names[value.detail]
        assert isinstance(place, steps.Place)
        memory, number = MEMORY[kind_of(self.arrays[place.array].value)], self.layout.array(place.array)
        of.add(number)
        return f"((const {memory}*)s.arrays[{number}])[{'0' if place.shared else 'k'}]"
