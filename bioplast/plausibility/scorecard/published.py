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

# Which definition stands for which row. The author's figure 1 has the Izhikevich model with other numbers for v' in two
# patterns and with another recovery in a third; that is what izhikevich_2004 can be.
ROWS = {
    "integrate_and_fire": "integrate-and-fire",
    "adaptive_lif": "integrate-and-fire with adaptation",
    "integrate_and_fire_or_burst": "integrate-and-fire-or-burst",
    "resonate_and_fire": "resonate-and-fire",
    "quadratic_integrate_and_fire": "quadratic integrate-and-fire",
    "izhikevich_2003": "izhikevich 2003",
    "izhikevich_2004": "izhikevich 2003",
    "fitzhugh_nagumo": "fitzhugh-nagumo",
    "hindmarsh_rose": "hindmarsh-rose",
    "morris_lecar": "morris-lecar",
    "wilson": "wilson",
    "hodgkin_huxley": "hodgkin-huxley",
}


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
    """

    model: str
    patterns: Mapping[str, str]
    flops: int


@cache
def figure_2() -> dict[str, Published]:
    """The rows by the models' names."""
    text = (resources.files("bioplast.data") / "izhikevich_2004_features.csv").read_text()
    return {
        row["model"]: Published(row["model"], {letter: row[letter] for letter in PATTERNS}, int(row["flops_per_ms"]))
        for row in csv.DictReader(text.splitlines())
    }


def published(definition: str) -> Published | None:
    """The row of a definition by its name; None if the figure does not have it."""
    row = ROWS.get(definition.replace("-", "_"))
    return None if row is None else figure_2()[row]
