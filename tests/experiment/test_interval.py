"""The confidence interval against published quantiles and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplast.experiment import Row, interval

# Abramowitz & Stegun (1964), table 26.10 (two-sided 95 % and 99 %).
TABLE = {
    1: (12.706, 63.657),
    2: (4.303, 9.925),
    3: (3.182, 5.841),
    4: (2.776, 4.604),
    5: (2.571, 4.032),
    6: (2.447, 3.707),
    7: (2.365, 3.499),
    9: (2.262, 3.250),
    10: (2.228, 3.169),
    19: (2.093, 2.861),
    29: (2.045, 2.756),
    30: (2.042, 2.750),
    60: (2.000, 2.660),
    120: (1.980, 2.617),
}


def quantile(n, level):
    """Half the interval of n numbers in units of their standard error."""
    numbers = np.random.default_rng(n).normal(size=n)
    _, low, high = interval(numbers, level)
    return (high - low) / 2 / (numbers.std(ddof=1) / math.sqrt(n))


@pytest.mark.parametrize("df", TABLE)
def test_quantiles_are_the_published_ones(df):
    assert round(quantile(df + 1, 0.95), 3) == TABLE[df][0]
    assert round(quantile(df + 1, 0.99), 3) == TABLE[df][1]


@given(st.floats(0.02, 0.998))
def test_quantiles_have_their_closed_forms(level):
    """Of 1, 2 and 4 degrees of freedom."""
    p, q = (1 + level) / 2, 1 - level**2
    assert quantile(2, level) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-9)
    assert quantile(3, level) == pytest.approx(level * math.sqrt(2 / q), rel=1e-9)
    four = 2 * math.sqrt(math.cos(math.acos(math.sqrt(q)) / 3) / math.sqrt(q) - 1)
    assert quantile(5, level) == pytest.approx(four, rel=1e-9)


def test_interval_of_three_values():
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert mean == 2.0
    assert high - mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert mean - low == pytest.approx(high - mean)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_interval_holds_the_mean_and_does_not_mind_the_order(values):
    mean, low, high = interval(values)
    assert low <= mean <= high
    assert mean == pytest.approx(np.mean(values), abs=1e-6)
    assert interval(values[::-1]) == pytest.approx((mean, low, high))


def test_interval_covers_the_true_mean_as_often_as_it_says():
    draws = np.random.default_rng(1).normal(3.0, 2.0, (4000, 5))
    covered = np.mean([low <= 3.0 <= high for _, low, high in map(interval, draws)])
    assert 0.94 < covered < 0.96


def test_one_value_has_no_interval():
    assert interval([4.0]) == (4.0, None, None)
    row = Row.over_seeds("a", [4.0], unit="mV")
    assert (row.value, row.low, row.high, row.seeds) == (4.0, None, None, 1)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [float("inf")]])
def test_no_mean_of_nothing_or_of_what_is_not_finite(values):
    with pytest.raises(ValueError, match=r"at least one seed|a mean over it would hide that seed"):
        interval(values)


@pytest.mark.parametrize("level", [0, 1, -0.5, float("nan")])
def test_impossible_levels(level):
    with pytest.raises(ValueError, match="lies between 0 and 1"):
        interval([1.0, 2.0], level)
