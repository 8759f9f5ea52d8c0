"""What a data set is made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Samples"]


class Samples(NamedTuple):
    """Images and what they show.

    Attributes
    ----------
    images : ndarray [samples, rows, columns]
        Intensities from 0 to 1.
    labels : ndarray of int [samples]
        Classes, counted from 0.
    """

    images: np.ndarray
    labels: np.ndarray
