"""Figure 2 of Izhikevich (2004): which model has which pattern, and what it costs."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ..patterns import PATTERNS

# Where the table was published.
SOURCE = "Izhikevich (2004), IEEE Trans. Neural Networks 15:1063, figure 2, doi:10.1109/TNN.2004.832719"


@dataclass(frozen=True)
class Published:
    """A row of the figure.

    Attributes
    ----------
    model : str
        As the figure calls it.
    patterns : dict of str to str
        By letter: "+" has it, "-" has not, "?" should have it in principle, but no parameters were found.
    flops : int
        Floating point operations to simulate one millisecond, with Euler's method and a step of the author's choice.
    definitions : tuple of str
        Which definitions stand for it, the first one where one is meant. The author's figure 1 has the Izhikevich model
        with other numbers for v' in two patterns and with another recovery in a third; that is what izhikevich_2004 can
        be.
    """

    model: str
    patterns: Mapping[str, str]
    flops: int
    definitions: tuple[str, ...]


@cache
def figure_2() -> dict[str, Published]:
    """The rows by the models' names."""
    text = (resources.files("bioplast.data") / "izhikevich_2004_features.csv").read_text()
    return {
        row["model"]: Published(
            row["model"],
            {letter: row[letter] for letter in PATTERNS},
            int(row["flops_per_ms"]),
            tuple(row["definitions"].split()),
        )
        for row in csv.DictReader(text.splitlines())
    }


def published(definition: str) -> Published | None:
    """The row of a definition by its name; None if the figure does not have it."""
    name = definition.replace("-", "_")
    return next((row for row in figure_2().values() if name in row.definitions), None)
