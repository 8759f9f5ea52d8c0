"""Pictures of two dimensions: paths through the landscape, and spike counts by class."""

from __future__ import annotations

from typing import Any

import matplotlib.figure
import numpy as np
from matplotlib.ticker import MaxNLocator

from bioplast.figure.style import COLOURS, new_figure, styled

from .landscape import LOWEST, height

__all__ = ["count_map", "landscape_paths"]

_COLUMNS = 4


def landscape_paths(paths: dict[str, Any]) -> matplotlib.figure.Figure:
    """The path of every search over the contours of the landscape; a cross is the deepest point.

    Parameters
    ----------
    paths : dict of array [1 + generations, 2]
        By name.
    """
    x, y = np.linspace(-4, 4, 241), np.linspace(-3, 3, 121)
    z = height(*np.meshgrid(x, y))
    rows = -(-len(paths) // _COLUMNS)
    columns = min(len(paths), _COLUMNS)
    with styled():
        figure = new_figure(2.9 * columns, 2.5 * rows)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, (name, path) in zip(panels.flat, paths.items(), strict=False):
            course = np.asarray(path)
            axes.contourf(x, y, z, levels=16, cmap="Greys", alpha=0.75)
            axes.plot(*course.T, "-", color=COLOURS["vermilion"], linewidth=0.9)
            axes.plot(*course[0], "o", color=COLOURS["vermilion"], markersize=4)
            axes.plot(*course[-1], "o", color=COLOURS["blue"], markersize=5)
            axes.plot(*LOWEST, "+", color=COLOURS["black"], markersize=8)
            axes.set(xlim=(-4, 4), ylim=(-3, 3))
            axes.set_title(f"{name}: z = {float(height(*map(float, course[-1]))):.2f}", fontsize=9)
        for axes in list(panels.flat)[len(paths) :]:
            axes.set_visible(False)
        for axes in panels[-1]:
            axes.set_xlabel("x")
        for axes in panels[:, 0]:
            axes.set_ylabel("y")
    return figure


def count_map(counts: Any, title: str) -> matplotlib.figure.Figure:
    """How often each hidden neuron spikes for a sample of each class, as a heat map.

    Parameters
    ----------
    counts : array [classes, neurons]
    title : str
    """
    numbers = np.asarray(counts, dtype=float)
    # neurons by the class for which they spike most, so that blocks are seen
    order = np.lexsort((-numbers.max(axis=0), numbers.argmax(axis=0)))
    with styled():
        figure = new_figure(7, 1.4 + 0.22 * len(numbers))
        axes = figure.subplots()
        image = axes.imshow(numbers[:, order], aspect="auto", cmap="viridis", interpolation="nearest", vmin=0)
        axes.set(xlabel="hidden neuron, by the class it spikes most for", ylabel="class", title=title)
        axes.set_yticks(range(len(numbers)))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.colorbar(image, ax=axes, label="spikes per sample")
    return figure
