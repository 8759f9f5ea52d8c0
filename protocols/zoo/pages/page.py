"""A page of the zoo, and what its experiment finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from brian2 import prefs

from bioplast.definition import Definition, Neuron, Receptor
from bioplast.experiment import Row
from bioplast.figure.plots import Line, Plot


@dataclass(frozen=True)
class Page:
    """One subject of the zoo.

    Attributes
    ----------
    title, group : str
        The heading, and under which heading of the contents it stands.
    definitions : tuple of Definition
        The models that the page is about.
    experiment : callable
        ``experiment(points) -> Found``: what is measured, with about so many points on each curve; see `measure`.
    caption : str
        What the figure shows.
    cell : Neuron or None
        For verification: a neuron by itself, with `drive`.
    receptors : tuple of Receptor
        For verification: what a cell needs so that the synapses of the page can be connected to it.
    values : dict
        For verification: parameters that make the whole model take part.
    drive : Quantity, float or callable
        For verification: the input of the neuron, or what finds it; see `amplitude`.
    """

    title: str
    group: str
    definitions: tuple[Definition, ...]
    experiment: Callable[[int], Found]
    caption: str
    cell: Neuron | None = None
    receptors: tuple[Receptor, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()
    drive: Any = None

    @property
    def amplitude(self) -> Any:
        """The input of the neuron, for verification."""
        return self.drive() if callable(self.drive) else self.drive

    def measure(self, points: int) -> Found:
        """Carry out the experiment on numpy, with about so many points on each curve; nothing is compiled."""
        with made_without_compiling():
            return self.experiment(points)


@contextmanager
def made_without_compiling() -> Iterator[None]:
    """Keep Brian2 from compiling code just to connect synapses and to set values."""
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    try:
        yield
    finally:
        prefs.codegen.target = before


@dataclass(frozen=True)
class Found:
    """What an experiment found.

    Attributes
    ----------
    rows : sequence of Row
        Their ids lack the name of the page.
    plots : sequence of Plot
        Drawn side by side.
    """

    rows: Sequence[Row]
    plots: Sequence[Plot]

    def plain(self) -> dict[str, Any]:
        """As a trial's result."""
        return {"rows": [asdict(row) for row in self.rows], "plots": [asdict(plot) for plot in self.plots]}


def rows_of(page: str, result: dict[str, Any]) -> list[Row]:
    """The rows of a trial's result, with the name of the page."""
    return [Row(**{**row, "id": f"{page}/{row['id']}"}) for row in result["rows"]]


def plots_of(result: dict[str, Any]) -> list[Plot]:
    """The plots of a trial's result."""
    return [
        Plot(
            **{
                **plot,
                "lines": [Line(**line) for line in plot["lines"]],
                "below": Line(**plot["below"]) if plot["below"] else None,
            }
        )
        for plot in result["plots"]
    ]
