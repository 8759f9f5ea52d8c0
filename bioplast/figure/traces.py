"""Traces of a state over time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, axis_label, new_figure, styled, time_unit


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
    BioplastError
        The arrays differ in length.
    """
    times, columns = np.asarray(times_s, float), np.asarray(values, float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    drive = None if current is None else np.asarray(current, float)
    if columns.shape[0] != times.size or (drive is not None and drive.shape != times.shape):
        raise BioplastError(
            f"{times.size} times, {columns.shape[0]} values" + ("" if drive is None else f", {drive.size} of input")
        )
    scale, of_time = time_unit(float(times.max(initial=0.0)) or 1.0)
    colours = [COLOURS[c] for c in ("blue", "vermilion", "green", "purple", "orange", "sky")]
    with styled():
        figure = new_figure(8, 3.4 if drive is None else 4.2)
        if drive is None:
            axes = below = figure.subplots()
        else:
            axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.2, 1))
            below.plot(times * scale, drive, color=COLOURS["grey"], linewidth=1.2)
            below.set_ylabel(axis_label("input", current_unit))
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
        axes.set_ylabel(axis_label(quantity, unit))
        below.set(xlabel=f"time ({of_time})", xlim=(times.min(initial=0.0) * scale, times.max(initial=0.0) * scale))
        if any(names) or threshold is not None or marks.size:
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1.04), ncols=4, borderaxespad=0, handlelength=1.4)
        figure.align_ylabels()
    return figure
