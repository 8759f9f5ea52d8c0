"""The pictures of spike-train statistics: histogram of the inter-spike intervals, cross-correlogram.

They take what `bioplast.analysis` returns. The raster is `bioplast.figure.raster`; `bioplast.figure.save` writes any
of them.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, legend_above, new_figure, round_bar, styled, time_unit

__all__ = ["correlogram", "isi_histogram"]


def isi_histogram(
    intervals_s: ArrayLike, *, title: str, bin_s: float | None = None, end_s: float | None = None
) -> Figure:
    """Histogram of inter-spike intervals, beside what a Poisson process of the same rate would give.

    Parameters
    ----------
    intervals_s : array [intervals]
        In seconds, as `bioplast.analysis.isi` returns them; those of several neurons are pooled.
    title : str
    bin_s : float, optional
        In seconds; by default 1, 2 or 5 times a power of ten, 50 to 125 bins in all.
    end_s : float, optional
        End of the axis; by default five times the mean, or the longest interval if that is shorter. The axis label says
        how many intervals lie beyond.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        An interval is negative or not finite, or bin or end is not positive.
    """
    intervals = np.asarray(intervals_s, float).ravel()
    if not (np.isfinite(intervals).all() and (intervals >= 0).all()):
        raise BioplastError("intervals are finite and not negative")
    mean = float(intervals.mean()) if intervals.size else 0.0
    # A little beyond the longest, so that it has a bin of its own.
    end = float(end_s if end_s is not None else min(5 * mean, 1.02 * intervals.max(initial=0.0))) or 1.0
    width = float(bin_s if bin_s is not None else round_bar(end / 50))
    if not (end > 0 and width > 0):
        raise BioplastError(f"bin and end are positive times in seconds, not {width} and {end}")
    bins = max(1, int(np.ceil(end / width * (1 - 1e-9))))
    edges = width * np.arange(bins + 1)
    # A train at a fixed time step has intervals on the edges; the tolerance keeps each on one side.
    counts, _ = np.histogram(intervals + 1e-9, edges)
    beyond = intervals.size - int(counts.sum())
    scale, unit = time_unit(edges[-1])
    with styled():
        figure = new_figure(7, 4)
        axes = figure.subplots()
        label = f"{intervals.size} intervals"
        if intervals.size > 1 and mean > 0:
            label += f", mean {_three(mean * scale)} {unit}, CV {intervals.std() / mean:.2f}"
        axes.stairs(counts, edges * scale, fill=True, color=COLOURS["blue"], alpha=0.75, label=label)
        if mean > 0:
            expected = intervals.size * -np.diff(np.exp(-edges / mean))
            centres = (edges[:-1] + edges[1:]) / 2
            name = "Poisson process of the same rate"
            axes.plot(centres * scale, expected, color=COLOURS["vermilion"], linewidth=1.4, label=name)
        axes.set(
            xlabel=f"inter-spike interval ({unit})" + (f", {beyond} longer ones not shown" if beyond else ""),
            ylabel=f"intervals per {_three(width * scale)} {unit}",
            xlim=(0, edges[-1] * scale),
        )
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10], integer=True))
        _title_and_legend(axes, title)
    return figure


def correlogram(
    lags_s: ArrayLike,
    counts: ArrayLike,
    *,
    title: str,
    references: int,
    rate_hz: float | None = None,
) -> Figure:
    """Cross-correlogram: the rate of one neuron around the spikes of another.

    Parameters
    ----------
    lags_s : array [bins]
        Centres of equal bins in seconds, as `bioplast.analysis.correlogram` returns them.
    counts : array [bins]
        Pairs of spikes at each lag.
    title : str
    references : int
        How many spikes the reference has.
    rate_hz : float, optional
        The target's mean rate. Drawn with the bounds between which 95 % of the bins of two independent Poisson
        processes lie.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        Lags and counts differ in length, there are fewer than two bins, or the reference has no spike.
    """
    lags, pairs = np.asarray(lags_s, float), np.asarray(counts, float)
    if lags.shape != pairs.shape or lags.ndim != 1 or lags.size < 2:
        raise BioplastError(f"lags {lags.shape} and counts {pairs.shape} are one value for each of two or more bins")
    if references < 1:
        raise BioplastError("the reference has no spike: there is no lag to count from")
    width = (lags[-1] - lags[0]) / (lags.size - 1)
    edges = np.append(lags - width / 2, lags[-1] + width / 2)
    scale, unit = time_unit(edges[-1])
    per_hz = references * width  # pairs in a bin for each Hz of the target
    with styled():
        figure = new_figure(7, 4)
        axes = figure.subplots()
        label = f"{int(pairs.sum())} pairs of spikes"
        axes.stairs(pairs / per_hz, edges * scale, fill=True, color=COLOURS["blue"], alpha=0.75, label=label)
        top = float(pairs.max()) / per_hz
        if rate_hz is not None:
            spread = 1.96 * np.sqrt(rate_hz / per_hz)
            axes.axhline(rate_hz, color=COLOURS["vermilion"], linewidth=1.4, label="mean rate")
            for bound, name in ((rate_hz + spread, "95 % of the bins if independent"), (rate_hz - spread, None)):
                axes.axhline(max(bound, 0), color=COLOURS["vermilion"], linewidth=1, linestyle="--", label=name)
            top = max(top, rate_hz + spread)
        axes.axvline(0, color=COLOURS["grey"], linewidth=0.8, linestyle=":")
        axes.set(
            xlabel=f"lag of the target behind the reference ({unit})",
            ylabel=f"rate of the target (Hz), bins of {_three(width * scale)} {unit}",
            xlim=(edges[0] * scale, edges[-1] * scale),
            ylim=(0, 1.08 * top or 1),
        )
        _title_and_legend(axes, title)
    return figure


def _title_and_legend(axes: Axes, title: str) -> None:
    """Title, and below it the legend on a line of its own, where it hides nothing."""
    axes.set_title(title, pad=24)
    legend_above(axes, columns=3, borderaxespad=0.4, columnspacing=1.4)


def _three(value: float) -> str:
    return f"{value:.3g}"
