"""Inter-spike intervals against Elephant, and against what is known of renewal processes."""

import elephant.statistics
import numpy as np
import pytest
import quantities as pq
from brian2 import ms
from hypothesis import given, settings
from support.random_trains import as_neo, populations, renewal

from bioplast import analysis
from bioplast.errors import BioplastError

STATISTICS = ["cv", "cv2", "lv"]


@settings(deadline=None, max_examples=60)
@given(populations(spikes=20))
def test_like_elephant(population):
    intervals, of = analysis.isi(*population)
    expected = [elephant.statistics.isi(train).rescale("s").magnitude for train in as_neo(*population)]
    assert np.array_equal(of, np.repeat(np.arange(population[2]), [len(found) for found in expected]))
    assert intervals == pytest.approx(np.concatenate(expected), rel=1e-9)
    for name in STATISTICS:
        theirs = [getattr(elephant.statistics, name)(part) if len(part) > 1 else np.nan for part in expected]
        assert getattr(analysis, name)(*population) == pytest.approx(np.array(theirs), abs=1e-9, nan_ok=True)


def test_three_intervals_by_hand():
    population = np.cumsum([0.5, 1, 2, 1]), np.zeros(4, int), 1
    assert analysis.isi(*population)[0] == pytest.approx([1, 2, 1])
    assert analysis.cv(*population) == pytest.approx([np.sqrt(2 / 9) / (4 / 3)])
    assert analysis.cv2(*population) == pytest.approx([2 / 3])
    assert analysis.lv(*population) == pytest.approx([3 / 9])


# The standard deviation of each estimate, times the square root of the number of intervals. For exponential intervals
# that of the CV is 1 (delta method). The terms of CV2 and LV depend on their neighbours only, so their mean's variance
# is at most three times that of independent terms: 4*(1/12) and 9*(1/5 - 1/9).
@pytest.mark.parametrize(("name", "spread"), [("cv", 1), ("cv2", 1), ("lv", np.sqrt(2.4))])
def test_one_for_a_poisson_process(name, spread):
    found = getattr(analysis, name)(*renewal(seed=1, shape=1, intervals=20_000, neurons=5))
    assert np.all(np.abs(found - 1) < 5 * spread / np.sqrt(20_000))


# Gamma intervals of shape k: CV 1/sqrt(k); LV 3/(2k + 1) (Shinomoto et al. 2003); CV2 for k = 2 is 2*E|u| with the
# density 3/4*(1 - u^2) of u = (b - a)/(a + b), that is 3/4.
@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [("cv", 2, 2**-0.5), ("cv", 9, 1 / 3), ("lv", 2, 3 / 5), ("lv", 9, 3 / 19), ("cv2", 2, 3 / 4)],
)
def test_gamma_intervals(name, shape, expected):
    (found,) = getattr(analysis, name)(*renewal(seed=2, shape=shape, intervals=100_000))
    assert abs(found - expected) < 5 * np.sqrt(2.4 / 100_000)


@pytest.mark.parametrize("name", STATISTICS)
def test_zero_for_a_regular_train(name):
    assert getattr(analysis, name)(np.arange(200) * 0.01, np.zeros(200, int), 1) == pytest.approx([0], abs=1e-9)


def test_local_variation_survives_a_change_of_rate():
    """The CV mistakes two rates for irregularity, the local measures do not."""
    times, indices = np.cumsum(np.repeat([0.01, 0.1], 500)), np.zeros(1000, int)
    assert analysis.cv(times, indices, 1) > 0.8
    assert analysis.cv2(times, indices, 1) < 0.01
    assert analysis.lv(times, indices, 1) < 0.01


@pytest.mark.parametrize("name", STATISTICS)
def test_fewer_than_three_spikes_have_no_irregularity(name):
    found = getattr(analysis, name)([0.1, 0.1, 0.2, 0.1, 0.2, 0.4], [1, 2, 2, 3, 3, 3], 5)
    assert list(np.isnan(found)) == [True, True, True, False, True]


def test_no_spikes_at_all():
    assert [part.size for part in analysis.isi([], [], 3)] == [0, 0]
    assert np.isnan(analysis.cv([], [], 3)).all()
    assert analysis.cv2([], [], 0).shape == (0,)


@pytest.mark.parametrize("neurons", [4, 70_000])
def test_order_does_not_matter(neurons):
    times, indices, _ = renewal(seed=3, shape=1, intervals=30, neurons=4)
    indices = np.array([0, 1, 2, neurons - 1])[indices]
    shuffled = np.random.default_rng(0).permutation(times.size)
    for name in STATISTICS:
        function = getattr(analysis, name)
        found = function(times[shuffled], indices[shuffled], neurons)
        assert np.array_equal(found, function(times, indices, neurons), equal_nan=True)
        assert np.flatnonzero(np.isfinite(found)).tolist() == [0, 1, 2, neurons - 1]


def test_units_are_converted():
    plain, indices = np.array([0.001, 0.003, 0.004]), np.zeros(3, int)
    for times in (np.array([1, 3, 4]) * pq.ms, np.array([1, 3, 4]) * ms):
        assert analysis.isi(times, indices, 1)[0] == pytest.approx(np.diff(plain))


@pytest.mark.parametrize(
    ("times", "indices", "message"),
    [
        ([0.1, 0.2], [0], "one value for each spike"),
        ([0.1], [2], "between 0 and 1"),
        ([0.1], [-1], "between 0 and 1"),
        ([0.1], [0.5], "whole numbers"),
        ([np.nan], [0], "finite"),
    ],
)
def test_mistakes_are_named(times, indices, message):
    with pytest.raises(BioplastError, match=message):
        analysis.isi(times, indices, 2)
