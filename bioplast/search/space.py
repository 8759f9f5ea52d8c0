"""What is searched: bounded numbers, and points of [0, 1]^n that stand for their values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import BioplastError

SCALES = ("linear", "log")


@dataclass(frozen=True)
class Axis:
    """A number that is searched between two bounds, evenly or by its logarithm.

    Parameters
    ----------
    low, high : float
        Finite, in order.
    scale : {"linear", "log"}
        How a search walks between the bounds; "log" needs a positive `low`.

    Raises
    ------
    BioplastError
        If the bounds are not finite or not in order, or the scale is not known or does not go with them.
    """

    low: float
    high: float
    scale: str = "linear"

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise BioplastError(f"scale {self.scale!r} is not known; accepted: 'linear', 'log'")
        if not -np.inf < self.low < self.high < np.inf:
            raise BioplastError(f"bounds {self.low:g} and {self.high:g}: two finite numbers in order are accepted")
        if self.scale == "log" and self.low <= 0:
            raise BioplastError(f"bounds {self.low:g} and {self.high:g}: scale 'log' needs bounds above zero")

    def at(self, x: np.ndarray) -> np.ndarray:
        """The value for x in [0, 1], of any shape."""
        if self.scale == "log":
            return self.low * (self.high / self.low) ** x
        return self.low + (self.high - self.low) * x

    def place(self, value: np.ndarray | float) -> np.ndarray:
        """The x in [0, 1] that `at` takes to a value, of any shape; that of the nearer bound for one beyond them."""
        inside = np.clip(value, self.low, self.high)
        if self.scale == "log":
            return np.log(inside / self.low) / np.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)


def values_at(axes: Mapping[str, Axis], points: np.ndarray) -> dict[str, np.ndarray]:
    """The values [N] by name for points [N, axes], whose columns are in the order of the axes."""
    return {name: axis.at(points[:, k]) for k, (name, axis) in enumerate(axes.items())}


def points_of(axes: Mapping[str, Axis], values: Mapping[str, np.ndarray]) -> np.ndarray:
    """The points [N, axes] for values [N] by name; the inverse of `values_at`."""
    return np.stack([axis.place(values[name]) for name, axis in axes.items()], axis=1)
