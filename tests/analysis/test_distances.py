"""Distances between spike trains: Elephant, closed forms, their definitions, and that they are metrics."""

import itertools

import numpy as np
import pytest
from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance
from hypothesis import given, settings
from hypothesis import strategies as st
from quantities import Hz, ms
from support.random_trains import as_neo, populations, renewal

from bioplast import analysis
from bioplast.analysis import distances
from bioplast.errors import BioplastError

# Elephant warns that it sets rounding errors to zero.
pytestmark = pytest.mark.filterwarnings("ignore:van_rossum_distance:RuntimeWarning")

TAU = st.sampled_from([1e-4, 2e-3, 0.01, 0.1, 5.0])
COST = st.sampled_from([0.0, 1.0, 30.0, 200.0, 900.0, 1e5])
TWO = [
    (analysis.van_rossum, [1e-3, 0.02, 1.0, np.inf]),
    (analysis.victor_purpura, [0.0, 10.0, 300.0, 1e6]),
]
EACH = [(function, parameter) for function, parameters in TWO for parameter in parameters]


@settings(deadline=None, max_examples=40)
@given(populations(), TAU)
def test_van_rossum_like_elephant(population, tau):
    theirs = van_rossum_distance(as_neo(*population), tau * 1e3 * ms)
    # A distance is the root of a difference of sums up to 300: their rounding by 1e-13 is one of 5e-6 between copies.
    assert analysis.van_rossum(*population, tau) == pytest.approx(theirs, abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(populations(), COST)
def test_victor_purpura_like_elephant(population, cost):
    theirs = victor_purpura_distance(as_neo(*population), cost * Hz)
    assert analysis.victor_purpura(*population, cost) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("neurons", [3, 24])
def test_many_spikes_like_elephant(neurons):
    """Several blocks and portions, trains of very different lengths."""
    times, indices, _ = renewal(seed=10, shape=1, intervals=100, neurons=neurons)
    kept = times < np.linspace(0, 9, neurons)[indices]
    population = times[kept], indices[kept], neurons
    trains = as_neo(*population, duration=20)
    assert analysis.van_rossum(*population, 0.05) == pytest.approx(van_rossum_distance(trains, 50 * ms), abs=1e-6)
    theirs = victor_purpura_distance(trains, 20 * Hz)
    assert analysis.victor_purpura(*population, 20) == pytest.approx(theirs, abs=1e-9)


def test_portions_make_no_difference(monkeypatch):
    population = renewal(seed=11, shape=1, intervals=20, neurons=12)
    whole = analysis.victor_purpura(*population, 20)
    monkeypatch.setattr(distances, "_PORTION", 50)
    assert np.array_equal(whole, analysis.victor_purpura(*population, 20))


@pytest.mark.parametrize("apart", [0, 1e-3, 0.02, 0.5])
def test_one_spike_each(apart):
    times, indices = [0.3, 0.3 + apart], [0, 1]
    expected = np.sqrt(2 * (1 - np.exp(-apart / 0.02)))
    assert analysis.van_rossum(times, indices, 2, 0.02)[0, 1] == pytest.approx(expected)
    assert analysis.victor_purpura(times, indices, 2, 30)[0, 1] == pytest.approx(min(2, 30 * apart))


def test_one_spike_and_none():
    assert analysis.van_rossum([0.3], [1], 2, 0.02)[0, 1] == pytest.approx(1)
    assert analysis.victor_purpura([0.3], [1], 2, 30)[0, 1] == 1


def test_van_rossum_is_the_distance_of_the_filtered_trains():
    """The definition: the integral of the squared difference of the trains after an exponential filter, times 2/tau."""
    rng = np.random.default_rng(12)
    trains = [np.sort(rng.random(number)) for number in (7, 4, 9)]
    tau, step = 0.05, 1e-5
    grid = np.arange(step / 2, 2, step)
    past = [grid - train[:, None] for train in trains]
    filtered = [np.where(lag >= 0, np.exp(-np.maximum(lag, 0) / tau), 0).sum(axis=0) for lag in past]
    times, indices = np.concatenate(trains), np.repeat([0, 1, 2], [7, 4, 9])
    found = analysis.van_rossum(times, indices, 3, tau)
    for a, b in itertools.combinations(range(3), 2):
        squared = ((filtered[a] - filtered[b]) ** 2).sum() * step * 2 / tau
        assert found[a, b] == pytest.approx(np.sqrt(squared), rel=1e-3)


@pytest.mark.parametrize("cost", [0.0, 3.0, 10.0, 1000.0])
def test_victor_purpura_is_the_least_cost_of_all_matchings(cost):
    """The definition: each order-preserving choice of spikes to move, the others inserted or deleted."""
    rng = np.random.default_rng(13)
    for _ in range(20):
        a, b = np.sort(rng.random(rng.integers(0, 6))), np.sort(rng.random(rng.integers(0, 6)))
        least = min(
            len(a) + len(b) - 2 * moved + cost * np.abs(np.subtract(one, other)).sum()
            for moved in range(min(len(a), len(b)) + 1)
            for one in itertools.combinations(a, moved)
            for other in itertools.combinations(b, moved)
        )
        indices = np.repeat([0, 1], [len(a), len(b)])
        assert analysis.victor_purpura(np.r_[a, b], indices, 2, cost)[0, 1] == pytest.approx(least, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(populations(least=2))
def test_limits(population):
    """No cost, or no decay: differences of counts. Prohibitive cost, or no memory: spikes that do not coincide."""
    times, indices, neurons = population
    number = np.bincount(indices, minlength=neurons)
    raster = np.zeros((neurons, 200))
    raster[indices, np.round(times * 1000).astype(int)] = 1
    apart = number[:, None] + number - 2 * raster @ raster.T
    counted = np.abs(number[:, None] - number)
    assert analysis.victor_purpura(*population, 0) == pytest.approx(counted, abs=1e-12)
    assert analysis.van_rossum(*population, np.inf) == pytest.approx(counted, abs=1e-12)
    assert analysis.victor_purpura(*population, 1e9) == pytest.approx(apart, abs=1e-12)
    assert analysis.van_rossum(*population, 1e-6) == pytest.approx(np.sqrt(apart), abs=1e-12)


@pytest.mark.parametrize(("distance", "parameter"), EACH)
@settings(deadline=None, max_examples=25)
@given(population=populations(least=3, most=6))
def test_a_metric(distance, parameter, population):
    found = distance(*population, parameter)
    assert np.array_equal(found.diagonal(), np.zeros(len(found)))
    assert np.array_equal(found, found.T)
    assert (found >= 0).all()
    detour = found[:, :, None] + found[None, :, :]  # i to j to k
    assert (found[:, None, :] <= detour + 1e-6).all()


@pytest.mark.parametrize(("distance", "parameter"), EACH)
@settings(deadline=None, max_examples=25)
@given(population=populations(most=3, spikes=30))
def test_nothing_between_copies_of_a_train(distance, parameter, population):
    times, indices, neurons = population
    doubled = np.r_[times, times], np.r_[indices, indices + neurons], 2 * neurons
    assert np.array_equal(
        distance(*doubled, parameter)[np.arange(neurons), np.arange(neurons) + neurons], [0] * neurons
    )


@pytest.mark.parametrize(("distance", "parameter"), EACH)
def test_nothing_between_long_copies(distance, parameter):
    """Here the sums over the copies are not added in the same order."""
    train = np.sort(np.random.default_rng(15).random(300))
    found = distance(np.tile(train, 3), np.repeat([0, 1, 2], 300), 3, parameter)
    assert np.array_equal(found, np.zeros((3, 3)))


@pytest.mark.parametrize(("distance", "parameter"), EACH)
def test_neither_order_nor_origin_of_time_matter(distance, parameter):
    times, indices, neurons = renewal(seed=14, shape=1, intervals=30, neurons=5)
    expected = distance(times, indices, neurons, parameter)
    shuffled = np.random.default_rng(0).permutation(times.size)
    assert np.array_equal(distance(times[shuffled], indices[shuffled], neurons, parameter), expected)
    assert distance(times + 5000, indices, neurons, parameter) == pytest.approx(expected, abs=1e-4)


def test_a_short_time_constant_neither_overflows_nor_warns():
    found = analysis.van_rossum([0.0, 1e5, 2e5], [0, 1, 0], 2, 1e-6)
    assert found[0, 1] == pytest.approx(np.sqrt(3))


def test_no_spikes_and_no_trains():
    for distance, parameter in EACH:
        assert np.array_equal(distance([], [], 3, parameter), np.zeros((3, 3)))
        assert distance([], [], 0, parameter).shape == (0, 0)


def test_units_are_converted():
    times, indices = [0.3, 0.31], [0, 1]
    for distance, plain, unit in (
        (analysis.van_rossum, 0.02, 20 * ms),
        (analysis.victor_purpura, 30, 30 * Hz),
        (analysis.victor_purpura, 50, 1 / (20 * ms)),
    ):
        assert np.array_equal(distance(times, indices, 2, plain), distance(times, indices, 2, unit))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.van_rossum([0.1], [0], 1, 0), "tau is a positive time"),
        (lambda: analysis.van_rossum([0.1], [0], 1, -1), "tau is a positive time"),
        (lambda: analysis.victor_purpura([0.1], [0], 1, -1), "cost is a finite number"),
        (lambda: analysis.victor_purpura([0.1], [0], 1, np.inf), "cost is a finite number"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(BioplastError, match=message):
        call()
