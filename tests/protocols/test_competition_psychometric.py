"""The Weibull fit: closed form, known parameters, and the bootstrap against the Fisher information."""

import numpy as np
import pytest

from bioplast.errors import BioplastError
from bioplast.protocols.competition.psychometric import bootstrap, fit, weibull

COHERENCES = np.array([0, 3.2, 6.4, 12.8, 25.6, 51.2])


@pytest.mark.parametrize(("alpha", "beta"), [(9.2, 1.5), (6.4, 0.9), (15.0, 3.0)])
def test_it_finds_the_parameters_of_expected_counts(alpha, beta):
    trials = np.full(6, 10**9)
    found = fit(COHERENCES, np.round(weibull(COHERENCES, alpha, beta) * trials), trials)
    assert (found.alpha, found.beta) == pytest.approx((alpha, beta), rel=1e-4)
    assert found(found.alpha) == pytest.approx(1 - 0.5 / np.e)


def test_two_points_lie_on_the_curve():
    right = np.array([700, 900])
    found = fit([5, 20], right, [1000, 1000])
    exponents = -np.log(2 * (1 - right / 1000))  # (c/alpha)^beta
    beta = np.log(exponents[1] / exponents[0]) / np.log(4)
    assert found.beta == pytest.approx(beta, rel=1e-4)
    assert found.alpha == pytest.approx(5 / exponents[0] ** (1 / beta), rel=1e-4)


def test_the_bootstrap_spreads_as_the_fisher_information_says():
    alpha, beta, trials = 9.2, 1.5, np.full(6, 4000)
    c = COHERENCES[1:]
    exponent = (c / alpha) ** beta
    p = weibull(c, alpha, beta)
    by_exponent = 0.5 * np.exp(-exponent)
    slopes = np.stack([by_exponent * exponent * -beta / alpha, by_exponent * exponent * np.log(c / alpha)])
    variances = np.diag(np.linalg.inv((slopes * 4000 / (p * (1 - p))) @ slopes.T))
    right = np.round(weibull(COHERENCES, alpha, beta) * trials)
    drawn = bootstrap(COHERENCES, right, trials, 400, np.random.default_rng(5))
    assert drawn.shape == (400, 2)
    # a standard deviation of 400 draws has a standard error of 3.5 %
    np.testing.assert_allclose(drawn.std(axis=0), np.sqrt(variances), rtol=0.14)
    np.testing.assert_allclose(drawn.mean(axis=0), [alpha, beta], atol=5 * np.sqrt(variances.max() / 400))


def test_data_without_a_threshold_have_none():
    assert fit([6.4], [80], [100]) is None
    assert fit(COHERENCES, np.full(6, 50), np.full(6, 100)) is None
    assert fit([3.2, 6.4, 12.8], [50, 100, 100], [100] * 3) is None  # a step has no slope
    assert fit([0, 0], [60, 60], [100, 100]) is None
    assert np.isnan(bootstrap([6.4], [80], [100], 3, np.random.default_rng(1))).all()


def test_more_right_ones_than_trials_are_refused():
    with pytest.raises(BioplastError, match="no more trials are right than there are"):
        fit([3.2, 6.4], [101, 90], [100, 100])
    with pytest.raises(BioplastError, match="one number for each"):
        fit([3.2, 6.4], [90], [100, 100])
