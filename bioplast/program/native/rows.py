"""Synapses from all to all that add to neurons in a row: whole rows of numbers at once instead of one synapse after the
other, each sum in the same order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..steps import steps
from .blocks import Code
from .layout import Layout
from .printing import Printer
from .values import Store, Value


@dataclass(frozen=True, eq=False)
class RowSum:
    """What each synapse of a row adds to its neuron.

    Attributes
    ----------
    code : Code
    store : Store
    place : Place
        Of the neurons that it is added to.
    """

    code: Code
    store: Store
    place: steps.Place

    @property
    def sign(self) -> str:
        return "-" if self.store.operator == "-=" else ""


def row_sum(code: Code, sources: np.ndarray) -> RowSum | None:
    """What the synapses of a pathway add, where they do only that and connect all with all in order."""
    stores = [one for one in (*code.common, *code.each) if isinstance(one, Store)]
    if len(stores) != 1 or stores[0].operator not in ("+=", "-=") or stores[0].condition is not None:
        return None
    place = code.block.names[stores[0].name]
    assert isinstance(place, steps.Place)
    loads = [one.detail for one in (*code.common, *code.each) if isinstance(one, Value) and one.operation == "load"]
    if place.index is None or any(code.block.names[name].array == place.array for name in loads):  # type: ignore[union-attr]
        return None
    return RowSum(code, stores[0], place) if all_to_all(sources, place.index) else None


class Elements(Protocol):
    """Where the lines of an operation find the elements of arrays."""

    layout: Layout
    printer: Printer

    def pointer(self, array: str) -> str: ...
    def position(self, place: steps.Place) -> str: ...
    def first(self, place: steps.Place) -> str: ...


class Back(Protocol):
    """Where the lines of the way back find what comes back to arrays."""

    def back_pointer(self, place: steps.Place) -> str: ...
    def first(self, place: steps.Place) -> str: ...


def added_rows(found: RowSum, function: Elements, sources: np.ndarray, neurons: int) -> list[str]:
    """Lines that add the rows of the neurons in a list `whole`, which may be any of so many."""
    some = len(np.unique(sources)) < neurons  # others have no row
    to = f"{function.pointer(found.place.array)} + {function.first(found.place)}"
    width = function.layout.size(len(sources) // len(np.unique(sources)))
    value, add = found.store.value, "subtract" if found.sign else "add"
    if value.operation == "load" and function.position(_place(found.code, value.detail)) == "k":
        body = [f"total.{add}({function.pointer(_place(found.code, value.detail).array)} + from);"]
    else:
        made = function.printer.lines([one for one in found.code.each if isinstance(one, Value)])
        body = [
            "real more[P];",
            "for (int64_t l = 0; l < P; ++l) {",
            "  const int64_t k = from + l;",
            *(f"  {line}" for line in made),
            f"  more[l] = {function.printer.name(value)};",
            "}",
            f"total.{add}(more);",
        ]
    return [
        f"real* const to = {to};",
        f"in_blocks(s.sizes[{width}], [&](auto size, int64_t q) {{",
        "  constexpr int64_t P = decltype(size)::value;",
        "  Lanes<P> total(to + q);",
        "  for (int64_t j = 0; j < whole.count; ++j) {",
        "    const int64_t n = whole.neurons[j], row = wires.begin[n], from = row + q; (void)row;",
        *(["    if (wires.begin[n + 1] == row) continue;"] if some else []),
        *(f"    {line}" for line in body),
        "  }",
        "  total.store(to + q);",
        "});",
    ]


def _place(code: Code, name: str) -> steps.Place:
    place = code.block.names[name]
    assert isinstance(place, steps.Place)
    return place


def follow_each_other(sources: np.ndarray, targets: np.ndarray) -> bool:
    """Whether synapses are in the order of their neurons before, each of which reaches the same neurons in a row."""
    begin = np.flatnonzero(np.append(True, np.diff(sources) != 0))
    if (np.diff(sources) < 0).any():
        return False
    first = targets[0]
    row = np.arange(len(sources)) - np.repeat(begin, np.diff(np.append(begin, len(sources))))
    return bool(np.array_equal(targets, first + row))


def all_to_all(sources: np.ndarray, targets: np.ndarray) -> bool:
    """Whether synapses connect neurons in a row with neurons in a row, all with all and in order."""
    before = np.unique(sources)
    if not follow_each_other(sources, targets) or not np.array_equal(
        before, np.arange(before[0], before[0] + len(before))
    ):
        return False
    return bool((np.bincount(sources)[before] * len(before) == len(sources)).all())


def in_row(found: RowSum, reverse: Back, body: list[str]) -> list[str]:
    """The way back for the synapses of a whole row, to each of which one number comes back."""
    value = found.store.value
    if value.operation == "load":
        to, begin = (reverse.back_pointer(place) for place in (_place(found.code, value.detail), found.place))
        lines = [
            f"Lanes<decltype(size)::value> total({to} + row + q);",
            f"total.{'subtract' if found.sign else 'add'}({begin} + {reverse.first(found.place)} + q);",
            f"total.store({to} + row + q);",
        ]
    else:
        lines = [
            '_Pragma("GCC ivdep")',
            "for (int64_t l = 0; l < size; ++l) {",
            "  const int64_t k = row + q + l;",
            *(f"  {line}" for line in body),
            "}",
        ]
    return ["  in_blocks(end - row, [&](auto size, int64_t q) {", *(f"    {line}" for line in lines), "  });"]


def twice(first: str, last: str, body: list[str], total: str = "") -> list[str]:
    """A loop over positions, with a way of its own where position and synapse are the same.

    A total is summed in several parts at once.
    """

    def loop(k: str) -> list[str]:
        return [
            *([f'  _Pragma("omp simd reduction(+:{total})")'] if total else []),
            f"  for (int64_t p = {first}; p < {last}; ++p) {{",
            f"    const int64_t k = {k};",
            *(f"    {line}" for line in body),
            "  }",
        ]

    return ["  if (wires.synapse) {", *loop("wires.synapse[p]"), "  } else {", *loop("p"), "  }"]
