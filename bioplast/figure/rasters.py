"""Spike rasters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, new_figure, styled, time_unit


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
    BioplastError
        Times and indices differ in length, or an index lies outside the population.
    """
    times, index = np.asarray(times_s, float), np.asarray(indices, int)
    if times.shape != index.shape or times.ndim != 1:
        raise BioplastError(f"times {times.shape} and indices {index.shape} are one value for each spike")
    number = int(neurons if neurons is not None else index.max(initial=0) + 1)
    if index.size and (index.min() < 0 or index.max() >= number):
        raise BioplastError(f"neuron indices lie between 0 and {number - 1}, not {index.min()} to {index.max()}")
    end = float(duration_s if duration_s is not None else times.max(initial=0.0)) or 1.0
    scale, unit = time_unit(end)
    bins = max(1, round(end / (bin_s or max(end / 100, 1e-3))))
    edges = np.linspace(0, end, bins + 1)
    parts, first = [], 0
    for name, size in groups or [("", number)]:
        parts.append((name, first, first + int(size)))
        first += int(size)
    colours = [COLOURS[c] for c in ("blue", "vermilion", "green", "purple", "orange", "sky")]
    with styled():
        figure = new_figure(8, 4.8)
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
