"""The pictures: raster, membrane potential, grid of firing patterns.

Each function returns a `matplotlib.figure.Figure` made without pyplot, so nothing global changes and no window opens;
`save` writes it as PNG and SVG, the same bytes for the same picture.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from .atomic import write_bytes

__all__ = ["COLOURS", "Panel", "pattern_grid", "raster", "save", "trace"]

# Okabe & Ito (2008): told apart with every kind of colour vision, and in print.
COLOURS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "black": "#1b1f24",
    "grey": "#6b7580",
}

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 9,
    "axes.edgecolor": COLOURS["grey"],
    "axes.labelcolor": COLOURS["black"],
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": COLOURS["black"],
    "xtick.color": COLOURS["grey"],
    "ytick.color": COLOURS["grey"],
    "xtick.labelcolor": COLOURS["black"],
    "ytick.labelcolor": COLOURS["black"],
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "lines.solid_joinstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "bioplast",
    "path.simplify": True,
}


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


@contextmanager
def _styled() -> Iterator[None]:
    with matplotlib.rc_context(_STYLE):
        yield


class _Picture(Figure):
    """A figure that a notebook shows as a picture, without the global state of pyplot."""

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        with _styled():
            self.savefig(content, format="png", dpi=100)
        return content.getvalue()


def _new(width: float, height: float) -> Figure:
    figure = _Picture(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def raster(
    times_s: ArrayLike,
    indices: ArrayLike,
    *,
    title: str,
    neurons: int | None = None,
    duration_s: float | None = None,
    groups: Sequence[tuple[str, int]] | None = None,
    bin_s: float | None = None,
) -> Figure:
    """Spikes of a population: a mark for each spike, above the population's rate.

    Parameters
    ----------
    times_s : array [spikes]
        Spike times in seconds.
    indices : array [spikes]
        The neuron of each spike, from 0.
    title : str
    neurons : int, optional
        How many neurons there are; by default up to the highest index.
    duration_s : float, optional
        End of the time axis; by default the last spike.
    groups : sequence of (name, size), optional
        Populations in the order of their indices, each in a colour of its own.
    bin_s : float, optional
        Bin of the rate; by default a hundredth of the duration, at least 1 ms.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        Times and indices differ in length, or an index lies outside the population.
    """
    times, index = np.asarray(times_s, float), np.asarray(indices, int)
    if times.shape != index.shape or times.ndim != 1:
        raise ValueError(f"times {times.shape} and indices {index.shape} are one value for each spike")
    number = int(neurons if neurons is not None else index.max(initial=0) + 1)
    if index.size and (index.min() < 0 or index.max() >= number):
        raise ValueError(f"neuron indices lie between 0 and {number - 1}, not {index.min()} to {index.max()}")
    end = float(duration_s if duration_s is not None else times.max(initial=0.0)) or 1.0
    scale, unit = _time_unit(end)
    bins = max(1, round(end / (bin_s or max(end / 100, 1e-3))))
    edges = np.linspace(0, end, bins + 1)
    parts, first = [], 0
    for name, size in groups or [("", number)]:
        parts.append((name, first, first + int(size)))
        first += int(size)
    colours = [COLOURS[c] for c in ("blue", "vermilion", "green", "purple", "orange", "sky")]
    with _styled():
        figure = _new(8, 4.8)
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
        # A mark is about as high as a neuron's share of the axis, within what the eye can follow.
        mark = float(np.clip(190 / max(number, 1), 2, 9))
        many = times.size > 3000  # then as a picture inside the SVG, which would be huge
        for k, (name, low, high) in enumerate(parts):
            inside = (index >= low) & (index < high)
            colour = colours[k % len(colours)] if groups else COLOURS["black"]
            axes.plot(
                times[inside] * scale,
                index[inside],
                "|",
                color=colour,
                markersize=mark,
                markeredgewidth=0.8,
                rasterized=many,
            )
            counts, _ = np.histogram(times[inside], edges)
            rate = counts / (edges[1] - edges[0]) / max(high - low, 1)
            line: dict[str, Any] = {"baseline": None} if groups else {"fill": True, "alpha": 0.75}
            below.stairs(rate, edges * scale, color=colour, label=name, **line)
        axes.set(title=title, ylabel="neuron", ylim=(-0.5 - 0.01 * number, number - 0.5 + 0.01 * number))
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.tick_params(labelbottom=False)
        below.set(xlabel=f"time ({unit})", ylabel="rate (Hz)", xlim=(0, end * scale))
        below.set_ylim(bottom=0)
        if groups:
            handles = [matplotlib.lines.Line2D([], [], color=colours[k % 6], lw=3) for k in range(len(parts))]
            names = [name for name, _, _ in parts]
            axes.legend(handles, names, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(parts), borderaxespad=0.2)
        figure.align_ylabels([axes, below])
    return figure


def trace(
    times_s: ArrayLike,
    values: ArrayLike,
    unit: str,
    *,
    title: str,
    quantity: str = "membrane potential",
    spikes_s: ArrayLike = (),
    threshold: float | None = None,
    current: ArrayLike | None = None,
    current_unit: str = "",
    names: Sequence[str] = (),
) -> Figure:
    """One or several membrane potentials over time, with spikes and the input below.

    Parameters
    ----------
    times_s : array [steps]
        Time in seconds.
    values : array [steps] or [steps, traces]
        In `unit`.
    unit : str
        The unit of `values` as text, such as "mV".
    title : str
    quantity : str
        What `values` are.
    spikes_s : array [spikes]
        Spike times in seconds, marked above the trace.
    threshold : float, optional
        A dashed line, in `unit`.
    current : array [steps], optional
        The input, drawn below in `current_unit`.
    current_unit : str
    names : sequence of str, optional
        A name for each trace, for the legend.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        The arrays differ in length.
    """
    times, columns = np.asarray(times_s, float), np.asarray(values, float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    drive = None if current is None else np.asarray(current, float)
    if columns.shape[0] != times.size or (drive is not None and drive.shape != times.shape):
        raise ValueError(
            f"{times.size} times, {columns.shape[0]} values" + ("" if drive is None else f", {drive.size} of input")
        )
    scale, time_unit = _time_unit(float(times.max(initial=0.0)) or 1.0)
    colours = [COLOURS[c] for c in ("blue", "vermilion", "green", "purple", "orange", "sky")]
    with _styled():
        figure = _new(8, 3.4 if drive is None else 4.2)
        if drive is None:
            axes = below = figure.subplots()
        else:
            axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
            below.plot(times * scale, drive, color=COLOURS["grey"], linewidth=1.2)
            below.set_ylabel(_label("input", current_unit))
            below.margins(y=0.2)
            axes.tick_params(labelbottom=False)
        for k, column in enumerate(columns.T):
            label = names[k] if k < len(names) else None
            axes.plot(times * scale, column, color=colours[k % len(colours)], label=label)
        if threshold is not None:
            axes.axhline(threshold, color=COLOURS["grey"], linestyle="--", linewidth=0.8, label="threshold")
        axes.set_title(title)
        marks = np.asarray(spikes_s, float)
        if marks.size:
            axes.set_title(title, pad=18)
            top = axes.get_xaxis_transform()
            axes.plot(
                marks * scale,
                np.full(marks.size, 1.02),
                "|",
                transform=top,
                color=COLOURS["vermilion"],
                markersize=7,
                clip_on=False,
                label="spikes",
            )
        axes.set_ylabel(_label(quantity, unit))
        below.set(xlabel=f"time ({time_unit})", xlim=(times.min(initial=0.0) * scale, times.max(initial=0.0) * scale))
        if any(names) or threshold is not None or marks.size:
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1.04), ncols=4, borderaxespad=0, handlelength=1.4)
        figure.align_ylabels()
    return figure


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
    ValueError
        There are more panels than places, or a panel's arrays differ in length.
    """
    if len(panels) > rows * columns:
        raise ValueError(f"{len(panels)} panels do not fit into {rows} x {columns}")
    for panel in panels:
        sizes = {np.size(panel.times_ms), np.size(panel.v_mV), np.size(panel.current)}
        if len(sizes) != 1:
            raise ValueError(f"panel {panel.letter}: times, voltage and input differ in length")
    with _styled():
        figure = _new(2.75 * columns, 1.9 * rows + 0.6)
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
        text = f"{_short(least)} to {_short(most)}"
    else:
        shown, text = np.full(times.shape, (band_bottom + band_top) / 2), _short(least)
    axes.plot(times, shown, color=COLOURS["vermilion"], linewidth=1.1)
    begin, end = float(times.min()), float(times.max())
    axes.set_xlim(begin, end)
    axes.set_ylim(low - 0.62 * span, high + 0.04 * span)
    bar = _round_bar((end - begin) / 4)
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
    parts = ["blue: membrane potential v", f"red: {_label('input current I', current_unit)}, each on its own scale"]
    compared = [panel for panel in panels if panel.equal is not None]
    if compared:
        parts.append(
            f"✓ spike times equal to {reference} ({sum(map(bool, (p.equal for p in compared)))} of {len(compared)})"
        )
    if any(panel.equal is False for panel in compared):
        parts.append("✗ not equal")
    return "     ".join(parts)


def _legend_above(axes: Axes, columns: int, **layout: Any) -> None:
    """The legend above the axes, where it hides nothing; `layout` is that of Matplotlib's legends."""
    legend = axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderpad=0, handlelength=1.4, **layout
    )
    legend.set_in_layout(False)


def _round_bar(length: float) -> float:
    """The largest of 1, 2, 5, 10, 20, 50, ... that is not longer."""
    power = 10.0 ** np.floor(np.log10(length))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length * (1 + 1e-9)))


def _short(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _label(quantity: str, unit: str) -> str:
    return f"{quantity} ({unit})" if unit else quantity


def _time_unit(end_s: float) -> tuple[float, str]:
    """A factor from seconds, and the unit it leads to."""
    return (1.0, "s") if end_s >= 2 else (1e3, "ms")


def save(figure: Figure, path: str | Path, dpi: int = 160) -> Path:
    """Write a figure as PNG and as SVG, atomically; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : path
        Where, without or with the ending ``.png``; the SVG lies beside it.
    dpi : int
        Resolution of the PNG.

    Returns
    -------
    Path
        The PNG file.

    Raises
    ------
    OSError
        A file cannot be written; no part of one is left.
    """
    path = Path(path)
    stem = path.with_suffix("") if path.suffix in (".png", ".svg") else path
    with _styled():
        for ending, metadata in ((".svg", {"Date": None, "Creator": None}), (".png", {"Software": None})):
            content = io.BytesIO()
            figure.savefig(content, format=ending[1:], dpi=dpi, metadata=metadata)
            write_bytes(stem.with_name(stem.name + ending), content.getvalue())
    return stem.with_name(stem.name + ".png")
