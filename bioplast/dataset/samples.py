"""What a data set of images is made of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Samples"]


class Samples(NamedTuple):
    """Images and what they show.

    Attributes
    ----------
    images : ndarray [samples, rows, columns], or [samples, rows, columns, colours]
        Intensities from 0 to 1, or whole numbers from 0 to 255 (``uint8``) where the published files have them: the
        encoders of `bioplast.stimulus` take either.
    labels : ndarray of int [samples]
        Classes, counted from 0.
    """

    images: np.ndarray
    labels: np.ndarray

    @property
    def pixels(self) -> np.ndarray:
        """The images as one row each, [samples, rows*columns]: an input neuron for every pixel."""
        return self.images.reshape(len(self.images), -1)
