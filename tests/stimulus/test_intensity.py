"""Codes of intensities: linear latency, Poisson spikes, direct current; each against its formula or its law."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Hz, ms, mV, nA
from hypothesis import given, strategies
from scipy import stats

from bioplast.errors import BioplastError
from bioplast.stimulus import direct_current, linear_latency, poisson_raster, raster

BYTES = np.array([[0, 51, 102], [153, 204, 255]], dtype=np.uint8)


def test_a_latency_falls_linearly_from_its_largest_to_zero():
    np.testing.assert_allclose(
        linear_latency(BYTES, 50 * ms), np.array([[50, 40, 30], [20, 10, 0]]) * 1e-3, rtol=0, atol=1e-17
    )
    assert linear_latency([0.25, 1.0], 8 * ms).tolist() == [0.006, 0]
    assert linear_latency([4, 16], 8 * ms, maximum=16).tolist() == [0.006, 0]


@given(strategies.lists(strategies.integers(0, 255), min_size=2))
def test_the_stronger_never_comes_later(intensities):
    order = np.argsort(linear_latency(np.array(intensities, dtype=np.uint8), 20 * ms), kind="stable")
    assert np.array(intensities)[order].tolist() == sorted(intensities, reverse=True)


def test_every_pixel_but_a_black_one_spikes_once_in_the_steps_up_to_the_largest_latency():
    found = raster(linear_latency(BYTES, 50 * ms), 1 * ms, 50)
    assert found.shape == (2, 50, 3)
    assert found.sum(axis=1).tolist() == [[0, 1, 1], [1, 1, 1]]
    assert [int(step) for step in found[1].argmax(axis=0)] == [20, 10, 0]


def test_poisson_spikes_are_as_frequent_as_their_law_says():
    """Whether there is a spike in a step has probability 1 - exp(-rate*dt); 1e-9 is the risk of a false alarm."""
    found = poisson_raster([[0.0, 0.1, 0.5, 1.0]] * 5, 100 * Hz, 4 * ms, 8000, rng=np.random.default_rng(1))
    assert found.shape == (5, 8000, 4) and found.dtype == bool
    counts = found.sum(axis=(0, 1))
    assert counts[0] == 0
    for count, part in zip(counts[1:], (0.1, 0.5, 1.0), strict=True):
        assert stats.binomtest(int(count), 40_000, 1 - np.exp(-0.4 * part)).pvalue > 1e-9


def test_poisson_spikes_are_independent_from_step_to_step_and_sample_to_sample():
    one, other = poisson_raster(
        np.full((2, 1), 255, dtype=np.uint8), 100 * Hz, 5 * ms, 20_000, rng=np.random.default_rng(2)
    )
    for first, second in ((one[1:, 0], one[:-1, 0]), (one[:, 0], other[:, 0])):
        assert abs(np.corrcoef(first, second)[0, 1]) < 6 / np.sqrt(20_000)


def test_the_same_generator_gives_the_same_spikes():
    draw = [poisson_raster(BYTES, 50 * Hz, 1 * ms, 40, rng=np.random.default_rng(3)) for _ in range(2)]
    np.testing.assert_array_equal(*draw)
    assert poisson_raster(BYTES[0], 50 * Hz, 1 * ms, 40, rng=np.random.default_rng(3)).shape == (40, 3)


def test_a_direct_current_is_the_same_in_all_steps_and_takes_the_memory_of_one():
    found = direct_current(BYTES, 2 * nA, 1000)
    assert found.shape == (2, 1000, 3)
    for step in (0, 999):
        np.testing.assert_allclose(found[:, step], np.array([[0, 0.4, 0.8], [1.2, 1.6, 2]]) * 1e-9, rtol=1e-15)
    assert found.strides[1] == 0 and not found.flags.writeable
    assert direct_current([1.0], -3 * mV, 2).tolist() == [[-0.003], [-0.003]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_latency([1.1], 20 * ms), "intensities lie from 1.1 to 1.1: 0 to 1 are accepted"),
        (lambda: linear_latency([-0.1], 20 * ms), "0 to 1 are accepted"),
        (lambda: linear_latency([np.nan], 20 * ms), "intensities lie from nan"),
        (lambda: linear_latency([17], 20 * ms, 16), "0 to 16 are accepted"),
        (lambda: linear_latency([1], 20 * ms, 0), "maximum is 0: a positive number"),
        (lambda: linear_latency(["1"], 20 * ms), "of type str"),
        (lambda: linear_latency([1], 20), "tau_max is 20: a positive time with a unit"),
        (lambda: poisson_raster([1], 20, 1 * ms, 5, rng=np.random.default_rng(0)), "rate is 20: a rate with a unit"),
        (lambda: poisson_raster([1], 20 * Hz, 1, 5, rng=np.random.default_rng(0)), "dt is 1"),
        (lambda: poisson_raster([1], 20 * Hz, 1 * ms, 0, rng=np.random.default_rng(0)), "steps is 0"),
        (lambda: poisson_raster([1], 20 * Hz, 1 * ms, 5, rng=7), "rng is 7: a generator"),
        (lambda: poisson_raster([2], 20 * Hz, 1 * ms, 5, rng=np.random.default_rng(0)), "0 to 1 are accepted"),
        (lambda: direct_current([1], 1.0, 5), "amplitude is 1.0: one quantity is accepted"),
        (lambda: direct_current([1], [1, 2] * nA, 5), "one quantity is accepted"),
        (lambda: direct_current([1], 1 * nA, 1.5), "steps is 1.5"),
        (lambda: raster([0.0], 1 * ms, 1.5), "steps is 1.5"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(BioplastError, match=message):
        call()
