"""Spike counts against Elephant, and against what is known of Poisson processes."""

import warnings

import elephant.statistics
import numpy as np
import pytest
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient
from hypothesis import given, settings
from hypothesis import strategies as st
from quantities import ms, s
from support.random_trains import DURATION, as_neo, populations, renewal

from bioplast import analysis
from bioplast.errors import BioplastError

BINS = st.sampled_from([1, 2, 4, 5, 7, 10, 40])  # in steps of the grid


@settings(deadline=None, max_examples=60)
@given(populations(), BINS)
def test_counts_like_elephant(population, steps):
    counts = analysis.spike_counts(*population, DURATION, steps * 1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = BinnedSpikeTrain(as_neo(*population), bin_size=steps * ms).to_array()
    assert np.array_equal(counts, theirs.T)


@settings(deadline=None, max_examples=60)
@given(populations())
def test_rates_like_elephant(population):
    theirs = [elephant.statistics.mean_firing_rate(train).rescale("Hz").item() for train in as_neo(*population)]
    assert analysis.rate(*population, DURATION) == pytest.approx(np.array(theirs))


@settings(deadline=None, max_examples=60)
@given(populations(least=2, most=8), st.integers(1, 4))
def test_fano_factor_like_elephant(population, neurons):
    """The trains of a population taken as trials of one neuron."""
    _, indices, trials = population
    counts = np.bincount(indices, minlength=trials)
    theirs = elephant.statistics.fanofactor(as_neo(*population))
    several = analysis.fano_factor(np.tile(counts[:, None], neurons))
    assert several == pytest.approx(np.full(neurons, theirs), nan_ok=True)
    assert analysis.fano_factor(counts) == pytest.approx(theirs, nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(populations(least=2), BINS)
def test_correlation_like_elephant(population, steps):
    counts = analysis.spike_counts(*population, DURATION, steps * 1e-3)
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore")
        theirs = correlation_coefficient(BinnedSpikeTrain(as_neo(*population), bin_size=steps * ms))
    found = analysis.correlation(counts)
    assert found == pytest.approx(np.asarray(theirs), abs=1e-9, nan_ok=True)
    constant = counts.min(axis=0) == counts.max(axis=0)
    assert np.array_equal(np.isnan(found), constant[:, None] | constant)
    assert np.array_equal(found, found.T, equal_nan=True)


def test_fano_factor_is_one_for_a_poisson_process():
    times, indices, neurons = renewal(seed=4, shape=1, intervals=60_000, neurons=4, rate=50)
    counts = analysis.spike_counts(times, indices, neurons, 1000, 0.1)
    assert counts.shape == (10_000, 4)
    # The variance of var/mean over n Poisson counts is 2/(n - 1) at most (Hoel 1943).
    assert np.all(np.abs(analysis.fano_factor(counts) - 1) < 5 * np.sqrt(2 / 9_999))


def test_fano_factor_is_the_squared_cv_for_long_windows_of_gamma_intervals():
    times, indices, neurons = renewal(seed=5, shape=4, intervals=120_000, neurons=4, rate=100)
    counts = analysis.spike_counts(times, indices, neurons, 1000, 1)
    # To first order in window/mean interval: cv^2 + (1 - cv^4)/(6*100).
    expected = 1 / 4 + (1 - 1 / 16) / 600
    assert np.all(np.abs(analysis.fano_factor(counts) - expected) < 5 * expected * np.sqrt(2 / 999))


def test_correlation_is_the_share_of_common_spikes():
    """Each neuron has spikes of its own and those of a common Poisson process."""
    rng = np.random.default_rng(6)
    duration, share = 2000.0, 0.3
    own = [rng.random(rng.poisson(20 * (1 - share) * duration)) * duration for _ in range(3)]
    common = rng.random(rng.poisson(20 * share * duration)) * duration
    times = np.concatenate([*own, *[common] * 3])
    indices = np.repeat([0, 1, 2, 0, 1, 2], [len(part) for part in own] + [len(common)] * 3)
    found = analysis.correlation(analysis.spike_counts(times, indices, 3, duration, 0.1))
    spread = (1 - share**2) / np.sqrt(20_000)
    assert np.all(np.abs(found[np.triu_indices(3, 1)] - share) < 5 * spread)
    assert np.array_equal(found.diagonal(), np.ones(3))


@pytest.mark.parametrize("step", [1e-4, 0.1e-3, 1 / 30000])
def test_a_spike_on_a_boundary_belongs_to_the_bin_that_begins(step):
    """Whatever rounding k*step has, and wherever the window starts."""
    times = np.arange(12_000) * step
    for start in (0, 3000 * step, 0.3):
        counts = analysis.spike_counts(times, np.zeros(12_000, int), 1, 6000 * step, 30 * step, start)
        if start in (0, 3000 * step):
            assert (counts == 30).all()
        assert counts.shape == (200, 1)
        (rate,) = analysis.rate(times, np.zeros(12_000, int), 1, 6000 * step, start)
        assert rate * 6000 * step == pytest.approx(counts.sum())


def test_rounding_at_either_end_of_the_window():
    """Times a rounding error below the start lie at it, and below the end lie at the end."""
    times = np.nextafter([0.3, 0.7], 0)
    assert analysis.rate(times, [0, 0], 1, 0.4, start=0.3) == pytest.approx([1 / 0.4])
    assert analysis.spike_counts(times, [0, 0], 1, 0.4, 0.1, start=0.3).ravel().tolist() == [1, 0, 0, 0]


def test_what_lies_outside_is_left_out():
    times, indices = [0.05, 0.1, 0.25, 0.4, 0.45], [0, 0, 1, 0, 1]
    assert analysis.rate(times, indices, 3, 0.3, start=0.1) == pytest.approx([1 / 0.3, 1 / 0.3, 0])
    assert analysis.spike_counts(times, indices, 2, 0.35, 0.2, start=0.1).tolist() == [[1, 1]]


def test_units_are_converted():
    times, indices = [0.05, 0.15], [0, 0]
    assert analysis.rate(times, indices, 1, 200 * ms, start=0 * s) == pytest.approx([10])
    assert analysis.spike_counts(times, indices, 1, 0.2 * s, 100 * ms).tolist() == [[1], [1]]


def test_what_cannot_be_known_is_nan():
    assert np.isnan(analysis.fano_factor([[3, 1]])).all()
    assert analysis.fano_factor([[0, 1], [0, 3]]) == pytest.approx([np.nan, 0.5], nan_ok=True)
    found = analysis.correlation([[1, 0, 1], [1, 0, 2], [1, 0, 0]])
    assert np.isnan(found).tolist() == [[True, True, True], [True, True, True], [True, True, False]]
    assert analysis.rate([], [], 2, 1.0).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"duration": 0}, "duration is a positive time"),
        ({"duration": np.inf}, "duration is a positive time"),
        ({"bin": -1}, "bin is a positive time"),
        ({"bin": 2}, "longer than the duration"),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(BioplastError, match=message):
        analysis.spike_counts([0.1], [0], 1, **{"duration": 1, "bin": 0.1, **arguments})


def test_correlation_wants_bins_and_neurons():
    with pytest.raises(BioplastError, match="bins, neurons"):
        analysis.correlation([1, 2, 3])
