"""Grids of panels: the traces of many firing patterns side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, axis_label, new_figure, round_bar, short_number, styled


@dataclass(frozen=True)
class Panel:
    """One firing pattern in the grid.

    Attributes
    ----------
    letter, name : str
        Such as "A" and "tonic spiking".
    times_ms : array [steps]
        Time in ms.
    v_mV : array [steps]
        Membrane potential in mV.
    current : array [steps]
        Input current, in the unit given to `pattern_grid`.
    equal : bool or None
        Whether the spikes equal the reference; None when they were not compared.
    note : str
        A few characters beside the mark, such as "28 spikes".
    """

    letter: str
    name: str
    times_ms: ArrayLike
    v_mV: ArrayLike  # noqa: N815 - the unit's symbol
    current: ArrayLike
    equal: bool | None = None
    note: str = ""


def pattern_grid(
    panels: Sequence[Panel],
    *,
    title: str,
    rows: int = 5,
    columns: int = 4,
    current_unit: str = "",
    reference: str = "the reference",
) -> Figure:
    """Firing patterns as in figure 1 of Izhikevich (2004): letter and name, the voltage, the input below it.

    All panels share the voltage axis; the time axis is each panel's own, with a scale bar. The input is drawn to fill
    its band, and its range stands beside it.

    Parameters
    ----------
    panels : sequence of Panel
        At most ``rows*columns``, row by row.
    title : str
    rows, columns : int
    current_unit : str
        The unit of the input as text; "" for a pure number.
    reference : str
        What the spikes were compared with, for the legend.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        There are more panels than places, or a panel's arrays differ in length.
    """
    if len(panels) > rows * columns:
        raise BioplastError(f"{len(panels)} panels do not fit into {rows} x {columns}")
    for panel in panels:
        sizes = {np.size(panel.times_ms), np.size(panel.v_mV), np.size(panel.current)}
        if len(sizes) != 1:
            raise BioplastError(f"panel {panel.letter}: times, voltage and input differ in length")
    with styled():
        figure = new_figure(2.75 * columns, 1.9 * rows + 0.6)
        grid = figure.subplots(rows, columns, squeeze=False)
        layout: Any = figure.get_layout_engine()
        layout.set(wspace=0.03, hspace=0.04)
        low, high = _voltage_range(panels)
        for k, axes in enumerate(grid.flat):
            if k >= len(panels):
                axes.set_axis_off()
                continue
            _pattern(axes, panels[k], low, high, current_unit)
            if k % columns == 0:
                axes.set_ylabel("v (mV)", labelpad=2)
                # The label beside the voltage, not beside the input.
                axes.yaxis.set_label_coords(-0.2, 0.62)
            else:
                axes.tick_params(labelleft=False)
        figure.suptitle(f"{title}\n", x=0.01, ha="left", fontsize=13, fontweight="bold", linespacing=0.6)
        figure.supxlabel(_key(panels, current_unit, reference), x=0.01, ha="left", fontsize=9, color=COLOURS["grey"])
    return figure


def _voltage_range(panels: Sequence[Panel]) -> tuple[float, float]:
    finite = [v[np.isfinite(v)] for v in (np.asarray(panel.v_mV, float) for panel in panels)]
    low = min((float(v.min()) for v in finite if v.size), default=-90.0)
    high = max((float(v.max()) for v in finite if v.size), default=30.0)
    return min(low, -80.0), max(min(high, 60.0), 30.0)


def _pattern(axes: Axes, panel: Panel, low: float, high: float, current_unit: str) -> None:
    times, v = np.asarray(panel.times_ms, float), np.asarray(panel.v_mV, float)
    current = np.asarray(panel.current, float)
    span = high - low
    band_top, band_bottom = low - 0.14 * span, low - 0.36 * span
    axes.plot(times, np.minimum(v, high), color=COLOURS["blue"], linewidth=0.9)
    least, most = float(np.nanmin(current)), float(np.nanmax(current))
    if most > least:
        shown = band_bottom + (current - least) / (most - least) * (band_top - band_bottom)
        text = f"{short_number(least)} to {short_number(most)}"
    else:
        shown, text = np.full(times.shape, (band_bottom + band_top) / 2), short_number(least)
    axes.plot(times, shown, color=COLOURS["vermilion"], linewidth=1.1)
    begin, end = float(times.min()), float(times.max())
    axes.set_xlim(begin, end)
    axes.set_ylim(low - 0.62 * span, high + 0.04 * span)
    bar = round_bar((end - begin) / 4)
    y = low - 0.46 * span
    axes.plot([end - bar, end], [y, y], color=COLOURS["black"], linewidth=1.6, solid_capstyle="butt")
    axes.text(end, y - 0.03 * span, f"{bar:g} ms", ha="right", va="top", fontsize=7.5)
    axes.text(begin, y - 0.03 * span, f"I: {text}".strip(), va="top", fontsize=7.5, color=COLOURS["vermilion"])
    axes.set_xticks([])
    axes.set_yticks([-80, -40, 0])
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_bounds(low, high)
    axes.tick_params(labelsize=7.5, length=2.5)
    axes.set_title(f"({panel.letter}) {panel.name}", fontsize=9, pad=4, fontweight="normal")
    mark = {True: "✓", False: "✗", None: ""}[panel.equal]
    colour = {True: COLOURS["green"], False: COLOURS["vermilion"], None: COLOURS["grey"]}[panel.equal]
    axes.set_title(f"{panel.note} {mark}".strip(), loc="right", fontsize=8.5, color=colour, pad=4, fontweight="normal")


def _key(panels: Sequence[Panel], current_unit: str, reference: str) -> str:
    parts = ["blue: membrane potential v", f"red: {axis_label('input current I', current_unit)}, each on its own scale"]
    compared = [panel for panel in panels if panel.equal is not None]
    if compared:
        parts.append(
            f"✓ spike times equal to {reference} ({sum(map(bool, (p.equal for p in compared)))} of {len(compared)})"
        )
    if any(panel.equal is False for panel in compared):
        parts.append("✗ not equal")
    return "     ".join(parts)
