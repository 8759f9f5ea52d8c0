"""Numbers with a unit are what they say or are refused; what would fill the memory is refused before it does."""

from __future__ import annotations

import numpy as np
import pytest
import quantities as pq
from brian2 import Hz, TimedArray, ms, mV, nA, second

from bioplast import stimulus
from bioplast.errors import BioplastError
from bioplast.stimulus import SpikeTrains


def rng():
    return np.random.default_rng(1)


def test_latency_takes_intensities_with_the_unit_of_their_threshold():
    plain = stimulus.latency([1, 2, 4], 10 * ms, 1.5)
    np.testing.assert_array_equal(stimulus.latency([1, 2, 4] * mV, 10 * ms, 1.5 * mV), plain)
    np.testing.assert_array_equal(stimulus.latency([1 * mV, 2 * mV, 4 * mV], 10 * ms, 1500e-6 * 1000 * mV), plain)


def test_times_with_a_unit_are_seconds():
    plain = SpikeTrains(np.array([0.1, 0.2]), np.array([0, 1]), 2, 0.5)
    for times in ([100, 200] * ms, [100 * ms, 0.2 * second]):
        with_unit = SpikeTrains(times, np.array([0, 1]), 2, 500 * ms)
        assert type(with_unit.times) is np.ndarray and type(with_unit.duration) is float
        np.testing.assert_allclose(with_unit.times, plain.times, rtol=1e-15)
        assert with_unit.duration == plain.duration
    raster = stimulus.raster([0, 1.5] * ms, 1 * ms, 3)
    np.testing.assert_array_equal(raster, stimulus.raster([0, 1.5e-3], 1 * ms, 3))


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: stimulus.raster([0, 0.5] * mV, 1 * ms, 3), "times are given in V: s is expected"),
        (lambda: stimulus.raster([0 * mV, 1 * mV], 1 * ms, 3), "times are given in V: s is expected"),
        (lambda: stimulus.raster([0 * ms, 1.0], 1 * ms, 3), "times: a unit for all or for none"),
        (lambda: stimulus.raster([0, 5] * pq.ms, 1 * ms, 3), "times: .*package quantities"),
        (lambda: stimulus.raster([0 * pq.ms], 1 * ms, 3), "times: .*package quantities"),
        (lambda: stimulus.raster(["a"], 1 * ms, 3), "times: numbers are accepted"),
        (lambda: SpikeTrains([1, 2] * mV, [0, 1], 2, 0.5), "times are given in V: s is expected"),
        (lambda: SpikeTrains([0.1, 0.2], [0, 1], 2, 1 * mV), "duration is given in V: s is expected"),
        (lambda: SpikeTrains([0.1, 0.2], [0, 1], 2, "1"), "duration: numbers are accepted"),
        (lambda: stimulus.linear_latency([0, 1] * mV, 40 * ms), "intensities are given in V: no unit is expected"),
        (lambda: stimulus.linear_latency([0 * mV, 1 * mV], 40 * ms), "intensities are given in V: no unit"),
        (lambda: stimulus.direct_current([0, 1] * nA, 1 * nA, 3), "intensities are given in A: no unit is expected"),
        (lambda: stimulus.poisson_raster([1] * Hz, 9 * Hz, 1 * ms, 3, rng=rng()), "given in Hz: no unit is expected"),
        (lambda: stimulus.latency([1, 2] * mV, 10 * ms, 1), "threshold is 1: one positive number with the unit of"),
        (
            lambda: stimulus.latency([1, 2], 10 * ms, 1 * mV),
            r"1\. \* mvolt: one positive number with the unit of",
        ),
        (lambda: stimulus.latency([1, 2], 10 * ms, "1"), "threshold: numbers are accepted"),
        (lambda: stimulus.inhomogeneous_poisson(np.ones((5, 2)), 1 * ms, 2, rng=rng()), "a rate with a unit"),
        (lambda: stimulus.inhomogeneous_poisson(TimedArray([1] * Hz, dt=1 * ms), 1 * ms, rng=rng()), "with a unit"),
    ],
)
def test_another_unit_is_one_line(call, line):
    with pytest.raises(BioplastError, match=line) as error:
        call()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: stimulus.poisson(1e12 * Hz, 1 * second, 10, rng=rng()),
        lambda: stimulus.gamma_renewal(10 * Hz, 2, 1e12 * second, rng=rng()),
        lambda: stimulus.inhomogeneous_poisson([1, 1e13] * Hz, 1 * second, rng=rng()),
        lambda: stimulus.bernoulli(0.5, 10**12, rng=rng()),
        lambda: stimulus.markov(0.5, 0.1, 10**12, rng=rng()),
        lambda: stimulus.poisson_raster(np.ones(100), 1 * Hz, 1 * ms, 10**12, rng=rng()),
        lambda: stimulus.raster(np.ones(100), 1 * ms, 10**12),
    ],
    ids=["poisson", "gamma", "inhomogeneous", "bernoulli", "markov", "poisson_raster", "raster"],
)
def test_more_than_fits_into_any_memory_is_refused_before_it_is_drawn(call):
    with pytest.raises(BioplastError, match="up to 32 GB are accepted"):
        call()
