"""Manifolds and the spikes that lie on them: scatter in three dimensions, and small rasters of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, new_figure, styled, time_unit

__all__ = ["Cloud", "Sample", "clouds", "sample_rasters"]

_COLOURS = [COLOURS[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky")]


@dataclass(frozen=True)
class Cloud:
    """Points in three dimensions.

    Attributes
    ----------
    title : str
    points : array [points, 3]
        Such as the values of three units.
    labels : array of int [points]
        The manifold of each, from 0, which gives its colour.
    """

    title: str
    points: ArrayLike
    labels: ArrayLike


@dataclass(frozen=True)
class Sample:
    """The spikes of one sample.

    Attributes
    ----------
    title : str
    times_s : array [spikes]
        In seconds.
    indices : array of int [spikes]
        The unit of each, from 0.
    label : int
        The manifold it lies on, from 0, which gives its colour.
    """

    title: str
    times_s: ArrayLike
    indices: ArrayLike
    label: int = 0


def clouds(panels: Sequence[Cloud], *, columns: int = 4, axes_names: Sequence[str] = ("1", "2", "3")) -> Figure:
    """Scatter in three dimensions, row by row; each has its own limits.

    Parameters
    ----------
    panels : sequence of Cloud
    columns : int
        How many stand in a row.
    axes_names : sequence of three str
        Of the axes, such as the units shown.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        There is nothing to draw, or points and labels do not fit.
    """
    rows, width = _grid(panels, columns)
    with styled():
        figure = new_figure(2.5 * width + 0.3, 2.6 * rows)
        for k, panel in enumerate(panels):
            points, labels = np.asarray(panel.points, float), np.asarray(panel.labels)
            if points.ndim != 2 or points.shape[1] != 3 or labels.shape != points.shape[:1]:
                raise BioplastError(
                    f"{panel.title}: points {points.shape} and labels {labels.shape} are not [points, 3] and [points]"
                )
            axes: Any = figure.add_subplot(rows, width, k + 1, projection="3d")
            for label in np.unique(labels):
                axes.scatter(
                    *points[labels == label].T, s=3, color=_COLOURS[label % len(_COLOURS)], linewidths=0, alpha=0.7
                )
            axes.set(xticklabels=[], yticklabels=[], zticklabels=[])
            axes.set_xlabel(axes_names[0], labelpad=-12)
            axes.set_ylabel(axes_names[1], labelpad=-12)
            axes.set_zlabel(axes_names[2], labelpad=-12)
            axes.set_title(panel.title, pad=0, fontsize=10)
            axes.set_box_aspect((1, 1, 1), zoom=0.92)
    return figure


def sample_rasters(panels: Sequence[Sample], *, units: int, duration_s: float, columns: int = 4) -> Figure:
    """Spike rasters of samples, row by row, on the same axes.

    Parameters
    ----------
    panels : sequence of Sample
    units : int
        How many there are, silent ones included.
    duration_s : float
        The end of the time axis, in seconds.
    columns : int
        How many stand in a row.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        There is nothing to draw, times and indices differ in length, or a unit does not exist.
    """
    rows, width = _grid(panels, columns)
    scale, unit = time_unit(duration_s)
    with styled():
        figure = new_figure(1.8 * width + 0.6, 1.7 * rows + 0.4)
        grid = figure.subplots(rows, width, sharex=True, sharey=True, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes, panel in zip(grid.flat, panels, strict=False):
            times, index = np.asarray(panel.times_s, float), np.asarray(panel.indices, int)
            if times.shape != index.shape or times.ndim != 1:
                raise BioplastError(f"{panel.title}: times {times.shape} and indices {index.shape} differ in length")
            if index.size and (index.min() < 0 or index.max() >= units):
                raise BioplastError(f"{panel.title}: units lie between 0 and {units - 1}")
            mark = float(np.clip(80 / units, 1.5, 7))
            colour = _COLOURS[panel.label % len(_COLOURS)]
            axes.plot(times * scale, index, "|", color=colour, markersize=mark, markeredgewidth=1.2)
            axes.set_title(panel.title, pad=4, fontsize=9)
            axes.set(xlim=(-0.02 * duration_s * scale, 1.02 * duration_s * scale), ylim=(-1, units))
        for axes in grid[:, 0]:
            axes.set_ylabel("unit")
        for k in range(width):  # below the last panel of each column
            axes = grid[(len(panels) - 1 - k) // width, k]
            axes.set_xlabel(f"time ({unit})")
            axes.tick_params(labelbottom=True)
    return figure


def _grid(panels: Sequence[object], columns: int) -> tuple[int, int]:
    if not panels:
        raise BioplastError("there is nothing to draw: give at least one panel")
    if isinstance(columns, bool) or not isinstance(columns, int) or columns < 1:
        raise BioplastError(f"columns is {columns!r}: a whole number from 1 is accepted")
    width = min(columns, len(panels))
    return -(-len(panels) // width), width
