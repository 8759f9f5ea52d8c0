"""The picture of a confusion matrix: how often which class was taken for which.

`bioplast.figure.save` writes what `confusion` returns.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from ..errors import BioplastError
from .style import COLOURS, new_figure, styled

__all__ = ["confusion"]


def confusion(counts: ArrayLike, names: Sequence[str], *, title: str) -> Figure:
    """Draw a confusion matrix: a row for each class, shaded by the share of its samples, with the numbers in it.

    Parameters
    ----------
    counts : array [classes, classes]
        Samples by their class (row) and by the class that they were given (column).
    names : sequence of str
        Of the classes.
    title : str
        Over the share of samples that were classified correctly.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BioplastError
        The counts are not square, negative, or of other classes than the names.
    """
    numbers = np.asarray(counts)
    if numbers.shape != (len(names), len(names)) or not len(names) or (numbers < 0).any():
        raise BioplastError(f"counts of shape {numbers.shape} are no table of {len(names)} classes by themselves")
    total = numbers.sum()
    share = numbers / np.maximum(numbers.sum(axis=1, keepdims=True), 1)
    right = f"{numbers.trace() / total:.1%} of {total} correct".replace("%", " %") if total else "no samples"
    with styled():
        size = 1.9 + 0.4 * len(names)
        figure = new_figure(size, size)
        axes = figure.subplots()
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.argwhere(numbers > 0):
            axes.text(
                column,
                row,
                str(numbers[row, column]),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if share[row, column] > 0.5 else COLOURS["black"],
            )
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set(xlabel="predicted", ylabel="true")
        axes.set_title(f"{title}\n{right}", fontsize=10)
    return figure
