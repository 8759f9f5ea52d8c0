"""How far a response is from what a pattern requires, on one scale for all patterns.

A requirement that is met has the violation 0. A positive quantity that should be larger or smaller is judged by the
logarithm: 1 is wrong by a factor of two. What is missing altogether, such as the interval of a cell with one spike,
counts `MISSING`, which is also the most that a single requirement can count. The loss of a pattern is the mean
violation of its requirements, and `DIVERGED` for a response that is not finite, so that such a candidate never wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# The violation of a requirement by what is missing, and the most that one can count.
MISSING = 10.0
# The loss of a response that is not finite, more than any other.
DIVERGED = 100.0


@dataclass(frozen=True)
class Score:
    """The verdict of one criterion on N candidates.

    Attributes
    ----------
    violations : dict of str to ndarray [N]
        For each requirement, in words, between 0 (met) and `MISSING`.
    finite : ndarray [N] of bool
        Whether the response was finite throughout.
    """

    violations: Mapping[str, np.ndarray]
    finite: np.ndarray

    def __post_init__(self) -> None:
        clipped = {
            name: np.clip(np.where(np.isnan(value), MISSING, value), 0, MISSING)
            for name, value in self.violations.items()
        }
        object.__setattr__(self, "violations", clipped)

    @property
    def loss(self) -> np.ndarray:
        """[N], 0 exactly where the pattern is shown; always finite."""
        # Summed one by one: NumPy's own order of summation, and so the last digit, depends on the number of candidates.
        return np.where(self.finite, sum(self.violations.values()) / len(self.violations), DIVERGED)

    @property
    def met(self) -> np.ndarray:
        """[N] of bool, whether the pattern is shown."""
        return self.loss == 0

    def failed(self, candidate: int = 0) -> list[str]:
        """The requirements that a candidate does not meet, in words."""
        if not self.finite[candidate]:
            return ["the response is finite"]
        return [name for name, value in self.violations.items() if value[candidate] > 0]


def at_least(value: np.ndarray, bound: np.ndarray | float) -> np.ndarray:
    """log2(bound/value), 0 from the bound on; MISSING for a value that is NaN, zero or negative."""
    return _logarithm(bound, value)


def at_most(value: np.ndarray, bound: np.ndarray | float) -> np.ndarray:
    """log2(value/bound), 0 up to the bound; MISSING for a value that is NaN or infinite."""
    return _logarithm(value, bound)


def fires(count: np.ndarray, wanted: int, nearness: np.ndarray) -> np.ndarray:
    """At least so many spikes. Without any, the closer the cell came to one the better, but always worse than with one.

    Parameters
    ----------
    count : ndarray [N]
    wanted : int
    nearness : ndarray [N]
        In [0, 1), see `Features.nearness` and `nearness_in`.
    """
    short = np.log2(wanted / np.maximum(count, 1))
    return np.where(count == 0, MISSING - (MISSING - 1 - np.log2(wanted)) * nearness, np.maximum(short, 0))


def exactly(count: np.ndarray, wanted: int, nearness: np.ndarray) -> np.ndarray:
    """So many spikes, neither fewer (as `fires`) nor more (log2 of the ratio)."""
    return np.maximum(fires(count, wanted, nearness), np.log2(np.maximum(count, 1) / wanted))


def _logarithm(numerator: np.ndarray | float, denominator: np.ndarray | float) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        violation = np.log2(np.asarray(numerator, dtype=float) / np.asarray(denominator, dtype=float))
    return np.where(np.isnan(violation), MISSING, np.clip(violation, 0, MISSING))
