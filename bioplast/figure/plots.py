"""Plots side by side: curves, points and traces with their input, in one row and one style.

`bioplast.figure.save` writes what `plots` returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, legend_above, new_figure, styled

__all__ = ["STYLES", "Line", "Plot", "plots"]

STYLES = ("line", "points", "dashed", "bars")
_COLOURS = [COLOURS[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky")]


@dataclass(frozen=True)
class Line:
    """One curve of a plot.

    Attributes
    ----------
    x, y : array [points]
        In the units of the plot's labels; NaN or None in `y` interrupts a line.
    name : str
        For the legend; without one it is not listed.
    style : {"line", "points", "dashed", "bars"}
        What was measured is a line, points or bars (with their error in `error`); a theory is dashed.
    colour : int or None
        The number of the colour, from 0; by default the next one, and grey for what is dashed.
    error : array [points] or [2, points] or None
        Half the height of the error bars of points, or of the band around a line; two rows: how far they reach below
        and above.
    """

    x: ArrayLike
    y: ArrayLike
    name: str = ""
    style: str = "line"
    colour: int | None = None
    error: ArrayLike | None = None


@dataclass(frozen=True)
class Plot:
    """One plot of a row.

    Attributes
    ----------
    title, x, y : str
        The heading and the labels of the axes, with units.
    lines : sequence of Line
    below : Line or None
        A curve in a strip below the plot, such as the input of a trace.
    below_label : str
        Its label, with the unit.
    zero : bool
        Draw the lines x = 0 and y = 0, as in a plasticity window.
    ticks : sequence of str
        Names at x = 0, 1, 2, ... instead of numbers.
    """

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    below: Line | None = None
    below_label: str = ""
    zero: bool = False
    ticks: Sequence[str] = field(default_factory=tuple)


def plots(panels: Sequence[Plot]) -> Figure:
    """Draw plots side by side.

    Parameters
    ----------
    panels : sequence of Plot
        One to four.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        There is no plot, a curve's arrays differ in length, or a style is not known.
    """
    if not panels:
        raise BioplastError("there is nothing to draw: give at least one plot")
    for panel in panels:
        for line in (*panel.lines, *filter(None, [panel.below])):
            if np.shape(line.x) != np.shape(line.y) or np.ndim(line.x) != 1:
                raise BioplastError(f"{panel.title}: x {np.shape(line.x)} and y {np.shape(line.y)} differ in length")
            if line.style not in STYLES:
                raise BioplastError(f"{panel.title}: style {line.style!r} is not known; accepted: {', '.join(STYLES)}")
    with styled():
        figure = new_figure(max(3.6 * len(panels), 4.6) + 0.4, 3.3)
        grid = figure.add_gridspec(2, len(panels), height_ratios=(3.4, 1))
        layout: Any = figure.get_layout_engine()
        layout.set(wspace=0.06)
        # curves of the same names in all plots: one legend along the row
        named = [[(line.name, line.style, line.colour) for line in panel.lines] for panel in panels]
        shared = len(panels) > 1 and all(names == named[0] for names in named)
        longest = max([len(name) for name, _, _ in named[0]], default=0) if shared else 0
        # about so many inches a letter and before each name
        columns = max(2, min(2 * len(panels), int(figure.get_figwidth() / (0.06 * longest + 0.5)))) if shared else 2
        for k, panel in enumerate(panels):
            if panel.below is None:
                _draw(figure.add_subplot(grid[:, k]), panel, panel.x, columns, not shared or k == 0)
                continue
            axes = figure.add_subplot(grid[0, k])
            below = figure.add_subplot(grid[1, k], sharex=axes)
            _draw(axes, panel, "", columns, not shared or k == 0)
            axes.tick_params(labelbottom=False)
            below.plot(_numbers(panel.below.x), _numbers(panel.below.y), color=COLOURS["grey"], linewidth=1.2)
            below.set(xlabel=panel.x, ylabel=panel.below_label)
            below.margins(y=0.2)
            figure.align_ylabels([axes, below])
    return figure


def _draw(axes: Axes, panel: Plot, x_label: str, columns: int, legend: bool) -> None:
    colours = iter(range(len(panel.lines)))
    bars = [line for line in panel.lines if line.style == "bars"]
    for line in panel.lines:
        number = line.colour if line.colour is not None else None if line.style == "dashed" else next(colours)
        _curve(axes, line, COLOURS["grey"] if number is None else _COLOURS[number % len(_COLOURS)], bars)
    if panel.zero:
        axes.axhline(0, color=COLOURS["grey"], linewidth=0.6, zorder=0)
        axes.axvline(0, color=COLOURS["grey"], linewidth=0.6, zorder=0)
    if panel.ticks:
        axes.set_xticks(range(len(panel.ticks)), panel.ticks)
    elif all(np.array_equal(line.x, np.round(_numbers(line.x))) for line in panel.lines):
        locator: Any = axes.xaxis.get_major_locator()
        locator.set_params(integer=True, min_n_ticks=1)  # epochs, steps, numbers of neurons
    axes.set(xlabel=x_label, ylabel=panel.y)
    named = [line for line in panel.lines if line.name]
    rows = -(-len(named) // columns)
    axes.set_title(panel.title, pad=8 + 13 * rows, fontsize=10)
    if named and legend:
        legend_above(axes, columns=columns, borderaxespad=0.3, columnspacing=1.0, labelspacing=0.25, fontsize=8)


def _curve(axes: Axes, line: Line, colour: str, bars: Sequence[Line]) -> None:
    x, y, label = _numbers(line.x), _numbers(line.y), line.name or None
    if line.style == "line":
        axes.plot(x, y, color=colour, linewidth=1.3, label=label)
        if line.error is not None:
            below, above = np.broadcast_to(_numbers(line.error), (2, len(x)))
            axes.fill_between(x, y - below, y + above, color=colour, alpha=0.15, linewidth=0)
    elif line.style == "dashed":
        axes.plot(x, y, color=colour, linewidth=1.3, linestyle=(0, (4, 2)), label=label, zorder=3)
    elif line.style == "points":
        error = None if line.error is None else _numbers(line.error)
        axes.errorbar(x, y, error, fmt="o", color=colour, markersize=3.6, elinewidth=1, capsize=2, label=label)
    else:
        width = 0.8 / len(bars)
        offset = (next(k for k, one in enumerate(bars) if one is line) - (len(bars) - 1) / 2) * width
        axes.bar(x + offset, y, width, color=colour, label=label)


def _numbers(values: ArrayLike) -> np.ndarray:
    return np.asarray(values, dtype=float)
