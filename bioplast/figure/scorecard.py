"""The pictures of an assessment: the grid of patterns that a model was found with, and the table of many models."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, new_figure, round_bar, short_number, styled

__all__ = ["Answer", "Mark", "agreement_table", "answer_grid"]

_TRACE = {"reproduced": "blue", "fragile": "orange", "not found": "grey"}
# How much of an argument fits into a panel.
_LINE, _LINES = 50, 9
_WORD = {"reproduced": "green", "fragile": "orange", "not found": "vermilion", "impossible": "grey"}


@dataclass(frozen=True)
class Answer:
    """One panel of the grid.

    Attributes
    ----------
    letter, name : str
        Such as "A" and "tonic spiking".
    verdict : {"reproduced", "fragile", "not found", "impossible"}
    note : str
        A few characters after the verdict.
    times_ms, voltage, current : array [samples]
        Empty where there is nothing to draw.
    spikes_ms : array [spikes]
        Marked above the trace.
    voltage_unit, current_unit : str
        As text; "" for a pure number.
    argument : str
        Written where there is nothing to draw.
    """

    letter: str
    name: str
    verdict: str
    note: str = ""
    times_ms: ArrayLike = ()
    voltage: ArrayLike = ()
    current: ArrayLike = ()
    spikes_ms: ArrayLike = ()
    voltage_unit: str = ""
    current_unit: str = ""
    argument: str = ""


def answer_grid(answers: Sequence[Answer], *, title: str, columns: int = 4) -> Figure:
    """What a model answers in each pattern, as figure 1 of Izhikevich (2004) shows it, the input below.

    Each panel has its own axes: cells with other parameters have other time scales and potentials.

    Parameters
    ----------
    answers : sequence of Answer
    title : str
    columns : int

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        There is no panel, or the arrays of one differ in length.
    """
    if not answers:
        raise BioplastError("there is nothing to draw: give at least one answer")
    for answer in answers:
        if len({np.size(answer.times_ms), np.size(answer.voltage), np.size(answer.current)}) != 1:
            raise BioplastError(f"panel {answer.letter}: times, voltage and input differ in length")
    columns = min(columns, len(answers))
    rows = -(-len(answers) // columns)
    with styled():
        figure = new_figure(max(2.75 * columns, 4.2), 1.9 * rows + 0.7)
        grid = figure.subplots(rows, columns, squeeze=False)
        layout: Any = figure.get_layout_engine()
        layout.set(wspace=0.04, hspace=0.05)
        for k, axes in enumerate(grid.flat):
            if k < len(answers):
                _panel(axes, answers[k])
            else:
                axes.set_axis_off()
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        key = ["upper trace: membrane potential, each on its own scale", "marks above: spikes", "red: input"]
        figure.supxlabel("     ".join(key), x=0.01, ha="left", fontsize=9, color=COLOURS["grey"])
    return figure


def _panel(axes: Axes, answer: Answer) -> None:
    axes.set_title(f"({answer.letter}) {answer.name}", fontsize=9, pad=12, fontweight="normal")
    axes.text(
        0,
        1.015,
        " ".join(filter(None, [answer.verdict, answer.note])),
        transform=axes.transAxes,
        va="bottom",
        fontsize=8,
        color=COLOURS[_WORD[answer.verdict]],
    )
    axes.set_xticks([])
    axes.tick_params(labelsize=7, length=2.5)
    axes.spines["bottom"].set_visible(False)
    times, v = np.asarray(answer.times_ms, float), np.asarray(answer.voltage, float)
    if not times.size:
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        lines = textwrap.wrap(answer.argument, _LINE, max_lines=_LINES, placeholder=" ...")
        axes.text(0, 0.97, "\n".join(lines), transform=axes.transAxes, va="top", fontsize=6.5, color=COLOURS["grey"])
        return
    current = np.asarray(answer.current, float)
    low, high = float(v.min()), float(v.max())
    span = high - low or 1.0
    axes.plot(times, v, color=COLOURS[_TRACE[answer.verdict]], linewidth=0.9)
    spikes = np.asarray(answer.spikes_ms, float)
    axes.vlines(spikes, high + 0.08 * span, high + 0.18 * span, color=COLOURS["black"], linewidth=0.8)
    top, bottom = low - 0.16 * span, low - 0.4 * span
    least, most = float(current.min()), float(current.max())
    if most > least:
        shown = bottom + (current - least) / (most - least) * (top - bottom)
        text = f"{short_number(least)} to {short_number(most)}"
    else:
        shown, text = np.full(times.shape, (top + bottom) / 2), short_number(least)
    axes.plot(times, shown, color=COLOURS["vermilion"], linewidth=1.1)
    begin, end = float(times[0]), float(times[-1])
    axes.set_xlim(begin, end)
    axes.set_ylim(low - 0.66 * span, high + 0.2 * span)
    bar, y = round_bar((end - begin) / 4), low - 0.49 * span
    axes.plot([end - bar, end], [y, y], color=COLOURS["black"], linewidth=1.6, solid_capstyle="butt")
    axes.text(end, y - 0.03 * span, f"{bar:g} ms", ha="right", va="top", fontsize=7)
    axes.text(
        begin,
        y - 0.03 * span,
        f"{text} {answer.current_unit}".strip(),
        va="top",
        fontsize=7,
        color=COLOURS["vermilion"],
    )
    axes.set_yticks([low, high], [short_number(low), f"{short_number(high)}\n{answer.voltage_unit}".strip()])
    axes.spines["left"].set_bounds(low, high)


@dataclass(frozen=True)
class Mark:
    """One cell of the table of models.

    Attributes
    ----------
    published : {"+", "-", "?", ""}
        "" if nothing is.
    verdict : {"reproduced", "fragile", "not found", "impossible", ""}
        "" if it was not assessed.
    """

    published: str
    verdict: str


_SIGN = {"reproduced": "+", "fragile": "(+)", "not found": "−", "impossible": "×", "": ""}
_AGREES = {("+", "reproduced"), ("-", "not found"), ("-", "impossible")}


def agreement_table(models: Mapping[str, Mapping[str, Mark]], *, title: str) -> Figure:
    """Figure 2 of Izhikevich (2004) again: in each cell the published verdict on the left, ours on the right.

    Parameters
    ----------
    models : dict of str to dict of str to Mark
        By model, then by the letter of the pattern; the cell of a pattern that a model lacks stays empty.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        There is no model.
    """
    if not models:
        raise BioplastError("there is nothing to draw: give at least one model")
    letters = sorted({letter for cells in models.values() for letter in cells})
    width = max(map(len, models)) * 0.075 + 0.2
    with styled():
        figure = new_figure(max(width + 0.5 * len(letters) + 0.3, 7.4), 0.36 * len(models) + 1.3)
        axes = figure.subplots()
        for row, cells in enumerate(models.values()):
            for column, letter in enumerate(letters):
                if letter in cells:
                    _mark(axes, column, row, cells[letter])
        axes.set_xlim(0, len(letters))
        axes.set_ylim(len(models), 0)
        axes.set_xticks(np.arange(len(letters)) + 0.5, letters)
        axes.set_yticks(np.arange(len(models)) + 0.5, list(models))
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_title(title, pad=22)
        key = (
            "left: published; right: ours.  + has it,  − has not or not found,  ? published as open,\n"
            "(+) at some step sizes only,  × impossible, by an argument.\n"
            "Green: agree.  Red: disagree.  Blue: not settled before, and found.  Yellow: fragile."
        )
        figure.supxlabel(key, x=0.01, ha="left", fontsize=8.5, color=COLOURS["grey"])
    return figure


def _mark(axes: Axes, x: int, y: int, mark: Mark) -> None:
    colour = _background(mark)
    axes.add_patch(Rectangle((x + 0.03, y + 0.05), 0.94, 0.9, facecolor=colour, edgecolor="none"))
    size: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9}
    axes.text(x + 0.27, y + 0.52, mark.published.replace("-", "−"), color=COLOURS["grey"], **size)
    axes.text(x + 0.68, y + 0.52, _SIGN[mark.verdict], color=COLOURS["black"], fontweight="bold", **size)


def _background(mark: Mark) -> str:
    if (mark.published, mark.verdict) in _AGREES:
        return "#d5efe5"
    if mark.verdict == "fragile":
        return "#fbeecb"
    if mark.published in ("+", "-") and mark.verdict:
        return "#fadccb"
    return "#cfe5f5" if mark.verdict == "reproduced" else "#eef1f4"
