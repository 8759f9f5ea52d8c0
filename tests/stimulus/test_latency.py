"""Latency coding against a leaky integrator that is simulated, and rasters of the times."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV

from bioplast.errors import BioplastError
from bioplast.stimulus import latency, raster


def test_a_leaky_integrator_reaches_its_threshold_at_the_latency():
    x, tau, threshold, dt = np.array([0.21, 0.3, 0.5, 1.0]), 20e-3, 0.2, 1e-6
    v, times = np.zeros(4), np.full(4, np.nan)
    for step in range(int(70e-3 / dt)):
        v = x + (v - x) * np.exp(-dt / tau)  # exact for a constant input
        times[(v >= threshold) & np.isnan(times)] = (step + 1) * dt
    np.testing.assert_allclose(latency(x, tau * 1000 * ms, threshold), times, rtol=0, atol=1.01 * dt)


def test_what_stays_below_the_threshold_never_spikes():
    assert latency([[0.0, 0.2]], 20 * ms, 0.2).tolist() == [[np.inf, np.inf]]


def test_a_raster_has_each_spike_in_its_step():
    times = np.array([[0.0, 2.5e-3, np.inf], [3e-3, 0.3e-3, 99.0]])
    found = raster(times, 1 * ms, 4)
    assert found.shape == (2, 4, 3)
    assert [tuple(map(int, index)) for index in np.argwhere(found)] == [(0, 0, 0), (0, 2, 1), (1, 0, 1), (1, 3, 0)]


def test_a_time_on_the_border_of_two_steps_belongs_to_the_later_one():
    steps = np.arange(1000)
    np.testing.assert_array_equal(raster(steps * 0.1e-3, 0.1 * ms, 1000), np.eye(1000, dtype=bool))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: latency([-0.1], 20 * ms, 0.2), "not negative"),
        (lambda: latency([np.nan], 20 * ms, 0.2), "finite"),
        (lambda: latency([1], 20 * ms, 0), "threshold is 0"),
        (lambda: latency([1], 0.02, 0.2), "tau is 0.02"),
        (lambda: latency([1], 20 * mV, 0.2), "tau is .*: a positive time"),
        (lambda: raster([np.nan], 1 * ms, 3), "not negative"),
        (lambda: raster([0.0], 0 * ms, 3), "dt is 0"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(BioplastError, match=message):
        call()
