"""The mean over seeds and its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Interval", "interval"]


class Interval(NamedTuple):
    """A mean and the bounds of its confidence interval, None when a single value gives none."""

    mean: float
    low: float | None
    high: float | None


def interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """The mean and its confidence interval by Student's t distribution.

    Parameters
    ----------
    values : sequence of float, one per seed
    level : float
        Coverage of the interval.

    Returns
    -------
    Interval
        ``(mean, low, high)``; `low` and `high` are None for a single value.

    Raises
    ------
    ValueError
        There are no values, one of them is not finite, or the level is not between 0 and 1.

    Examples
    --------
    >>> mean, low, high = interval([1.0, 2.0, 3.0])
    >>> f"{mean} from {low:.3f} to {high:.3f}"
    '2.0 from -0.484 to 4.484'
    """
    from scipy.special import stdtrit  # only a summary needs it

    if not 0 < level < 1:
        raise ValueError(f"the level of an interval lies between 0 and 1, not at {level}")
    numbers = [float(value) for value in values]
    if not numbers:
        raise ValueError("the mean of no values: at least one seed is needed")
    for k, number in enumerate(numbers):
        if not math.isfinite(number):
            raise ValueError(f"value {k} of {len(numbers)} is {number}: a mean over it would hide that seed")
    n = len(numbers)
    mean = math.fsum(numbers) / n
    if n == 1:
        return Interval(mean, None, None)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / (n - 1))
    half = float(stdtrit(n - 1, 0.5 + level / 2)) * deviation / math.sqrt(n)
    return Interval(mean, mean - half, mean + half)
