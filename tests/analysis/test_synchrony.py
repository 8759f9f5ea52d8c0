"""Spike-time tiling and correlograms against Elephant, the definition, and cases known by hand."""

import numpy as np
import pytest
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import cross_correlation_histogram, spike_time_tiling_coefficient
from hypothesis import given, settings
from hypothesis import strategies as st
from quantities import ms
from support.random_trains import DURATION, STEP, as_neo, populations, renewal

from bioplast import analysis
from bioplast.analysis import _trains
from bioplast.errors import BioplastError


def elephant_tiling(population, window):
    trains = as_neo(*population)
    return np.array([[spike_time_tiling_coefficient(a, b, dt=window * 1e3 * ms) for a in trains] for b in trains])


# Half steps: whether spikes exactly the window apart are synchronous is a matter of rounding in Elephant.
@settings(deadline=None, max_examples=60)
@given(populations(), st.integers(0, 30).map(lambda steps: (steps + 0.5) * STEP))
def test_tiling_like_elephant(population, window):
    found = analysis.spike_time_tiling(*population, DURATION, window)
    assert found == pytest.approx(elephant_tiling(population, window), abs=1e-9, nan_ok=True)


@settings(deadline=None, max_examples=50)
@given(populations(least=3), st.integers(1, 60).map(lambda steps: steps * STEP))
def test_tiling_lies_between_its_bounds_and_is_symmetric(population, window):
    found = analysis.spike_time_tiling(*population, DURATION, window)
    silent = np.bincount(population[1], minlength=population[2]) == 0
    assert np.array_equal(np.isnan(found), silent[:, None] | silent)
    assert np.array_equal(found, found.T, equal_nan=True)
    assert np.nanmax(found, initial=-1) <= 1 + 1e-12
    assert np.nanmin(found, initial=1) >= -1 - 1e-12
    assert found.diagonal()[~silent] == pytest.approx(1)


def test_tiling_of_one_spike_each():
    """Within the window 1, otherwise -T with T = 2*window/duration, or half of it at the recording's edge."""
    times, indices = [0.5, 0.505, 0.52, 0.0], [0, 1, 2, 3]
    found = analysis.spike_time_tiling(times, indices, 4, 1, 0.005)
    assert found[0, 1] == pytest.approx(1)
    assert found[0, 2] == pytest.approx(-0.01)
    assert found[0, 3] == pytest.approx(-(0.01 + 0.005) / 2)


@pytest.mark.parametrize("start", [0, 0.7, 1000, 86_400])
def test_tiling_does_not_depend_on_the_time_origin(start):
    """Elephant's window is 0.4 s too long at 40000 s, so a distance by hand: 12 ms apart, window 5 ms."""
    found = analysis.spike_time_tiling([start + 0.5, start + 0.512], [0, 1], 2, 100, 0.005, start)
    assert found[0, 1] == pytest.approx(-1e-4)


def test_spikes_exactly_the_window_apart_are_synchronous():
    for k in range(1, 2000, 7):
        found = analysis.spike_time_tiling([k * 1e-4, (k + 50) * 1e-4], [0, 1], 2, 1, 0.005)
        assert found[0, 1] == pytest.approx(1)


def test_tiling_of_independent_trains_is_zero():
    times, indices, neurons = renewal(seed=7, shape=1, intervals=12_000, neurons=6)
    found = analysis.spike_time_tiling(times, indices, neurons, 1000, 0.01)[np.triu_indices(6, 1)]
    # A coefficient is nearly (P_A + P_B)/2 - T, with P from 10^4 spikes, or half as many as they share coincidences.
    T = 1 - np.exp(-2 * 10 * 0.01)
    assert np.all(np.abs(found) < 5 * np.sqrt(T / 10_000) / (1 - T))


def test_portions_of_pairs_make_no_difference(monkeypatch):
    population = renewal(seed=8, shape=1, intervals=50, neurons=10)
    whole = analysis.spike_time_tiling(*population, 4, 0.02)
    lags = analysis.correlogram(population[0], window=0.1, bin=0.001)[1]
    monkeypatch.setattr(_trains, "_PAIRS", 7)
    assert np.array_equal(whole, analysis.spike_time_tiling(*population, 4, 0.02))
    assert np.array_equal(lags, analysis.correlogram(population[0], window=0.1, bin=0.001)[1])


@settings(deadline=None, max_examples=60)
@given(populations(least=2, most=2), st.integers(1, 50))
def test_correlogram_like_elephant(population, side):
    """On the grid, where lags are whole bins: Elephant bins the trains first."""
    times, indices, _ = population
    lags, counts = analysis.correlogram(times[indices == 0], times[indices == 1], window=side * STEP, bin=STEP)
    a, b = (BinnedSpikeTrain(train, bin_size=STEP * 1e3 * ms) for train in as_neo(*population))
    theirs, steps = cross_correlation_histogram(a, b, window=[-side, side])
    assert lags == pytest.approx(steps * STEP)
    assert np.array_equal(counts, theirs.magnitude.ravel())


def test_correlogram_is_the_histogram_of_all_differences():
    rng = np.random.default_rng(9)
    a, b = rng.random(300) * 2, rng.random(200) * 2
    lags, counts = analysis.correlogram(a, b, window=0.1, bin=0.004)
    edges = (np.arange(52) - 25.5) * 0.004
    assert np.array_equal(counts, np.histogram((b - a[:, None]).ravel(), edges)[0])
    assert lags == pytest.approx((edges[1:] + edges[:-1]) / 2)
    assert np.array_equal(analysis.correlogram(b, a, window=0.1, bin=0.004)[1], counts[::-1])


def test_correlogram_shows_a_delay():
    a = np.arange(1, 50) * 0.1
    lags, counts = analysis.correlogram(a, a + 0.003, window=0.01, bin=0.001)
    assert lags[counts > 0] == pytest.approx([0.003])
    assert counts.sum() == 49


def test_autocorrelogram_pairs_no_spike_with_itself():
    train = np.array([0.1, 0.102, 0.107])
    _, counts = analysis.correlogram(train, window=0.01, bin=0.001)
    _, cross = analysis.correlogram(train, train, window=0.01, bin=0.001)
    assert counts[10] == 0
    assert cross[10] == 3
    assert np.array_equal(np.delete(counts, 10), np.delete(cross, 10))
    assert np.array_equal(counts, counts[::-1])


def test_empty_trains():
    assert analysis.correlogram([], [0.1], window=0.01, bin=0.001)[1].sum() == 0
    assert np.isnan(analysis.spike_time_tiling([], [], 2, 1, 0.005)).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.spike_time_tiling([0.1], [0], 1, 1, 0), "window is a positive time"),
        (lambda: analysis.correlogram([0.1], window=0.001, bin=0.01), "shorter than a bin"),
        (lambda: analysis.correlogram([np.nan], window=0.1, bin=0.01), "finite"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(BioplastError, match=message):
        call()
