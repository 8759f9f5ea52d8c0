"""Matrices as heat maps side by side, on one scale of colours.

`bioplast.figure.save` writes what `heat_maps` returns.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import new_figure, styled

__all__ = ["heat_maps"]


def heat_maps(panels: Mapping[str, ArrayLike], *, x: str, y: str, colour: str) -> Figure:
    """Draw matrices side by side.

    Parameters
    ----------
    panels : mapping of str to array [rows, columns]
        Matrices of numbers from 0 on, of one shape, by their titles.
    x, y : str
        What the columns and the rows are.
    colour : str
        What the colours stand for, with the unit.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        There is no matrix, they are of different shapes, or hold what is negative or not finite.
    """
    matrices = {title: np.asarray(matrix, dtype=float) for title, matrix in panels.items()}
    shapes = {matrix.shape for matrix in matrices.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise BioplastError(f"heat maps of the shapes {sorted(shapes)}: matrices of one shape are accepted")
    top = max(float(matrix.max(initial=0)) for matrix in matrices.values())
    if not all(np.isfinite(m).all() and (m >= 0).all() for m in matrices.values()):
        raise BioplastError("heat maps of numbers that are negative or not finite: numbers from 0 on are accepted")
    with styled():
        figure = new_figure(1.4 + 1.5 * len(matrices), 3.6)
        axes = figure.subplots(1, len(matrices), sharey=True, squeeze=False)[0]
        for axis, (title, matrix) in zip(axes, matrices.items(), strict=True):
            picture = axis.imshow(matrix, aspect="auto", cmap="Blues", vmin=0, vmax=top or 1, interpolation="nearest")
            axis.set_title(title, fontsize=10)
            axis.set_xlabel(x)
            axis.spines[["left", "bottom"]].set_visible(False)
        axes[0].set_ylabel(y)
        figure.colorbar(picture, ax=list(axes), label=colour)
    return figure
