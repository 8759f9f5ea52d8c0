"""What a search is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import BioplastError

# From points [candidates, n] in [0, 1] to their losses [candidates].
Loss = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Minimum:
    """The best point of a search.

    Attributes
    ----------
    point : ndarray [n]
        In [0, 1].
    loss : float
        Infinite if no point of the search had a loss that is a number.
    evaluations : int
        How many points were given to the loss.
    """

    point: np.ndarray
    loss: float
    evaluations: int


class Counted:
    """A loss that is checked and counted; a loss that is not a number (NaN) counts as infinite, so that it never wins.

    Raises
    ------
    BioplastError
        If the number of axes is not positive; when it is called, if there is not one loss to each point.
    """

    def __init__(self, loss: Loss, axes: int):
        if axes < 1:
            raise BioplastError(f"a search over {axes} axes: at least one is needed")
        self._loss = loss
        self.evaluations = 0

    def __call__(self, points: np.ndarray) -> np.ndarray:
        losses = np.asarray(self._loss(points), dtype=float)
        if losses.shape != (len(points),):
            raise BioplastError(
                f"the loss has shape {losses.shape}; one number for each of the {len(points)} points is accepted"
            )
        self.evaluations += len(points)
        return np.where(np.isnan(losses), np.inf, losses)
