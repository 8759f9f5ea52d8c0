"""The confidence interval against published quantiles and closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplast.experiment import Row, interval
from bioplast.experiment.interval import t_quantile

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


@pytest.mark.parametrize("df", TABLE)
def test_quantiles_are_the_published_ones(df):
    assert round(t_quantile(0.975, df), 3) == TABLE[df][0]
    assert round(t_quantile(0.995, df), 3) == TABLE[df][1]


@given(st.floats(0.001, 0.999))
def test_quantiles_have_their_closed_forms(p):
    q = 4 * p * (1 - p)
    assert t_quantile(p, 1) == pytest.approx(math.tan(math.pi * (p - 0.5)), rel=1e-9, abs=1e-9)
    assert t_quantile(p, 2) == pytest.approx((2 * p - 1) * math.sqrt(2 / q), rel=1e-9, abs=1e-9)
    four = math.copysign(2 * math.sqrt(max(math.cos(math.acos(math.sqrt(q)) / 3) / math.sqrt(q) - 1, 0)), p - 0.5)
    assert t_quantile(p, 4) == pytest.approx(four, rel=1e-6, abs=1e-6)


def test_many_degrees_of_freedom_approach_the_normal_distribution():
    assert t_quantile(0.975, 100_001) == pytest.approx(1.959964, abs=1e-4)


@given(st.floats(0.01, 0.99), st.integers(1, 60))
def test_quantiles_are_symmetric_and_grow_with_the_probability(p, df):
    assert t_quantile(1 - p, df) == pytest.approx(-t_quantile(p, df), rel=1e-6, abs=1e-9)
    assert t_quantile(min(p + 0.005, 0.999), df) > t_quantile(p, df)


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


@pytest.mark.parametrize(("p", "df"), [(0, 3), (1, 3), (0.5, 0)])
def test_impossible_arguments(p, df):
    with pytest.raises(ValueError, match=r"lies between|at least 1"):
        t_quantile(p, df)
