"""What comes back to the events of few neurons after, column by column of a matrix that is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..steps import steps
from .blocks import Code
from .reverse import Reverse
from .rows import row_sum, twice
from .values import Value

if TYPE_CHECKING:
    from .adjoint import Adjoint


def in_columns(source: Adjoint, operation: steps.Pathway, reverse: Reverse, way: int, event: int) -> list[str]:
    """Lines for synapses from all to all that reach few neurons and whose effect does not change in a run.

    They end with `else`: what comes after is for all others.
    """
    code, layout = reverse.code, reverse.layout
    rows = row_sum(code, operation.sources)
    if rows is None or rows.place.array not in source.activity.arrays or _changes(source, code, rows.store.value):
        return []
    made = reverse.complete([f"m[(k - row) * many + n - lowest] = {reverse.use(rows.store.value)};"], [])
    sources = np.unique(operation.sources)
    lowest, many = layout.size(int(sources[0])), layout.size(len(sources))
    width = layout.size(len(operation.sources) // len(sources))
    assert rows.place.index is not None
    first = layout.elements(rows.place.index[:1])
    of = sorted({layout.array(place.array) for _, place in code.places() if place is not rows.place})
    known = ", ".join(f"s.arrays[{number}]" for number in of)
    return [
        f"const int64_t lowest = s.sizes[{lowest}], many = s.sizes[{many}], width = s.sizes[{width}];",
        "if (width < kNarrow && !wires.delay) {",
        f"  Matrix& matrix = s.back.matrices[{way}];",
        f"  if (!matrix.known({{{known}}})) {{",
        "    matrix.numbers.resize(many * width);",
        "    real* const m = matrix.numbers.data();",
        *made.around(
            lambda body: [
                "for (int64_t n = lowest; n < lowest + many; ++n) {",
                "  const int64_t row = wires.begin[n];",
                *twice("row", "row + width", body),
                "}",
            ]
        ),
        "  }",
        "  const int64_t age = wires.longest;",
        f"  real* const bars = age ? s.back.ways[{way}] + ((since - age) & (wires.slots - 1)) * s.neurons[{event}]",
        f"                         : s.back.events[{event}];",
        "  real* const to = bars + lowest;",
        f"  const real* const from = s.back.arrays[{layout.array(rows.place.array)}] + s.index[{first}][0];",
        "  const real* const m = matrix.numbers.data();",
        "  if (since >= age)",
        "    in_blocks(many, [&](auto size, int64_t n) {",
        "      Lanes<decltype(size)::value> total(to + n);",
        f"      for (int64_t q = 0; q < width; ++q) total.add({rows.sign}from[q], m + q * many + n);",
        "      total.store(to + n);",
        "    });",
        "} else",
    ]


def _changes(source: Adjoint, code: Code, value: Value) -> bool:
    """Whether a value may be another in the next step."""
    if value.operation in ("draw", "table"):
        return True
    if value.operation == "load":
        array = code.block.names[value.detail].array  # type: ignore[union-attr]
        return array in source.changing or array in _times(source)
    return any(_changes(source, code, argument) for argument in value.arguments)


def _times(source: Adjoint) -> set[str]:
    """The arrays that hold the time."""
    return {name for clock in source.network.clocks.values() for name in (clock.t, clock.timestep)}
