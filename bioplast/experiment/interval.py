"""The mean over seeds and its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Interval", "interval", "t_quantile"]


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
    half = t_quantile(0.5 + level / 2, n - 1) * deviation / math.sqrt(n)
    return Interval(mean, mean - half, mean + half)


def t_quantile(p: float, df: int) -> float:
    """The quantile of Student's t distribution with `df` degrees of freedom.

    With a whole number of degrees of freedom the distribution function is a finite sum (Abramowitz & Stegun 1964,
    26.7.3 and 26.7.4), which is inverted by bisection over the angle ``atan(t/sqrt(df))``.

    Parameters
    ----------
    p : float
        Probability, between 0 and 1, both excluded.
    df : int
        Degrees of freedom, at least 1.
    """
    if not 0 < p < 1:
        raise ValueError(f"a probability lies between 0 and 1, not at {p}")
    if df < 1:
        raise ValueError(f"degrees of freedom are at least 1, not {df}")
    if p < 0.5:
        return -t_quantile(1 - p, df)
    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        if 0.5 + _central_probability(middle, df) / 2 < p:
            low = middle
        else:
            high = middle
    return math.sqrt(df) * math.tan(low)


def _central_probability(angle: float, df: int) -> float:
    """P(|T| < t) for t = sqrt(df)*tan(angle)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = df % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(2 + odd, df + 1, 2):
        total += term
        term *= cosine**2 * (k - 1) / k
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
