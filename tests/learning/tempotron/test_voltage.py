"""The closed form of the potential against grids, simulations and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, second
from scipy.integrate import quad, solve_ivp

from bioplast.errors import BioplastError
from bioplast.learning import Kernel, Patterns
from bioplast.learning.tempotron import voltage

TAUS = [(15e-3, 3.75e-3), (3.75e-3, 15e-3), (8e-3, 8e-3), (8e-3, 8e-3 * (1 + 1e-7)), (20e-3, 19e-3), (40e-3, 0.5e-3)]


def on_grid(kernel, times, weights, grid):
    """The potential of a pattern as the sum over its spikes of two exponentials."""
    tau, tau_s = kernel.tau, kernel.tau_s
    since = grid[:, None] - times
    after = np.where(since > 0, since, 0)
    if tau == tau_s:
        each = after / tau * np.exp(-after / tau)
    else:
        each = tau_s / (tau - tau_s) * (np.exp(-after / tau) - np.exp(-after / tau_s))
    return kernel.gain * (each @ weights)


@pytest.mark.parametrize(("tau", "tau_s"), TAUS)
def test_the_response_solves_the_equations(tau, tau_s):
    def slope(t, y):
        v, j = y
        return [(j - v) / tau, -j / tau_s]

    times = np.linspace(0, 0.1, 23)[1:]
    solved = solve_ivp(slope, (0, 0.1), [0, 1], t_eval=times, rtol=1e-10, atol=1e-13).y[0]
    found = [voltage.response(t, tau, tau_s) for t in times]
    np.testing.assert_allclose(found, solved, atol=1e-9)
    # all the charge flows through the membrane: the area under v is that under j
    area = quad(voltage.response, 0, 3, (tau, tau_s), points=[1e-3, 1e-2, 0.1], limit=200)[0]
    assert area == pytest.approx(tau_s, rel=1e-7)


def test_the_published_kernel():
    kernel = Kernel.normalised(15 * ms, 3.75 * ms)
    assert kernel.peak == pytest.approx(1, abs=1e-14)
    assert kernel.peak_time * 1e3 == pytest.approx(6.93, abs=5e-3)
    t = np.array([1e-3, 5e-3, 40e-3])
    np.testing.assert_allclose(kernel(t), 2.1165 * (np.exp(-t / 15e-3) - np.exp(-t / 3.75e-3)), rtol=3e-5)
    assert kernel(-1e-3) == 0


@pytest.mark.parametrize(("tau", "tau_s"), TAUS)
@pytest.mark.parametrize("t", [1e-6, 1e-3, 7e-3, 0.3])
def test_the_slopes_of_the_response_are_finite_differences(t, tau, tau_s):
    value, by_tau, by_tau_s = voltage.response_slopes(t, tau, tau_s)
    assert value == voltage.response(t, tau, tau_s)
    h = 1e-4

    def difference(of):
        return (8 * (of(h) - of(-h)) - of(2 * h) + of(-2 * h)) / (12 * h)  # of fourth order

    expected = difference(lambda e: voltage.response(t, tau * (1 + e), tau_s)) / tau
    assert by_tau == pytest.approx(expected, rel=1e-7, abs=1e-7 * value / tau + 1e-11)
    expected = difference(lambda e: voltage.response(t, tau, tau_s * (1 + e))) / tau_s
    assert by_tau_s == pytest.approx(expected, rel=1e-7, abs=1e-7 * value / tau_s + 1e-11)


def random_case(rng, kind):
    """Spikes of 12 afferents within 40 ms: of both signs, inhibitory only, or with the maximum at the end."""
    times = np.sort(rng.uniform(0, 40e-3, 12))
    weights = rng.normal(0, 1, 12)
    if kind == "inhibitory":
        weights = -np.abs(weights)
    if kind == "at a spike":  # it rises until inhibition strikes
        weights[:6], weights[6:] = np.abs(weights[:6]), -30.0
        times[6:] = times[5] + 1e-5
    duration = 40e-3 if kind == "at the end" else 60e-3
    if kind == "at the end":
        weights[-1] = 20.0
        times[-1] = duration - rng.uniform(0.1e-3, 1e-3)
    # at whole microseconds, so that a grid of them misses no corner
    return np.sort(np.round(times, 6)), weights, duration


@pytest.mark.parametrize("kind", ["of both signs", "inhibitory", "at a spike", "at the end"])
def test_the_time_of_the_maximum_is_that_of_a_fine_grid(kind):
    rng = np.random.default_rng(["of both signs", "inhibitory", "at a spike", "at the end"].index(kind))
    where = {"rest": 0, "inner": 0, "spike": 0, "end": 0}
    for k in range(250):
        tau, tau_s = rng.permutation([rng.uniform(5e-3, 30e-3), rng.uniform(1e-3, 10e-3)]) if k % 5 else (8e-3, 8e-3)
        kernel = Kernel(tau, tau_s, 1.0, 1e9)
        times, weights, duration = random_case(rng, kind)
        patterns = Patterns.of_latencies(times[None])
        found = kernel.maxima(patterns, weights, duration * second)
        grid = np.arange(round(duration * 1e6) + 1) * 1e-6
        on = on_grid(kernel, times, weights, grid)
        best = on.argmax()
        assert found.times[0] == pytest.approx(grid[best], abs=1e-6)
        # half a step from the maximum, at the steepest bend that there can be
        bend = np.abs(weights).sum() / tau * (1 / tau + 1 / tau_s) * (0.5e-6) ** 2 / 2
        assert on[best] - 1e-12 <= found.values[0] <= on[best] + bend + 1e-12
        assert found.values[0] == pytest.approx(on_grid(kernel, times, weights, found.times)[0], abs=1e-12)
        spike = np.isclose(times, found.times[0], rtol=0, atol=1e-12).any()
        at = "rest" if found.times[0] == 0 else "end" if found.times[0] == duration else "spike" if spike else "inner"
        where[at] += 1
    wanted = {"of both signs": "inner", "inhibitory": "rest", "at a spike": "spike", "at the end": "end"}[kind]
    assert where[wanted] > 100, where


def test_the_time_of_the_maximum_is_the_published_formula():
    rng = np.random.default_rng(5)
    tau, tau_s = 15e-3, 3.75e-3
    kernel = Kernel(tau, tau_s, 1.0, 1e9)
    seen = 0
    for _ in range(200):
        times, weights, _ = random_case(rng, "of both signs")
        time = kernel.maxima(Patterns.of_latencies(times[None]), weights, 60 * ms).times[0]
        past = times < time
        slow, fast = (weights[past] @ np.exp(times[past] / t) for t in (tau, tau_s))
        if np.isclose(times, time, rtol=0, atol=1e-9).any() or not past.any():
            continue
        expected = tau * tau_s / (tau - tau_s) * (np.log(tau / tau_s) + np.log(fast / slow))
        assert time == pytest.approx(expected, abs=1e-10)
        seen += 1
    assert seen > 100


def shunted(kernel, times, weights, duration):
    """The maximum when afferents are silent after the first crossing on a fine grid."""
    grid = np.arange(round(duration * 1e6) + 1) * 1e-6
    on = on_grid(kernel, times, weights, grid)
    above = np.flatnonzero(on > kernel.threshold)
    if above.size:
        left = times <= grid[above[0]]
        on = on_grid(kernel, times[left], weights[left], grid)
    return on.max(), grid[on.argmax()], bool(above.size)


def test_spikes_after_a_threshold_crossing_do_not_count():
    rng = np.random.default_rng(6)
    kernel = Kernel(15e-3, 3.75e-3, 1.0, 0.25)
    crossed, changed = 0, 0
    for _ in range(150):
        times, weights, duration = random_case(rng, "of both signs")
        patterns = Patterns.of_latencies(times[None])
        found = kernel.maxima(patterns, weights, duration * second)
        value, time, spike = shunted(kernel, times, weights, duration)
        assert (found.values[0], found.times[0]) == pytest.approx((value, time), abs=2e-6)
        assert found.spikes[0] == spike
        crossed += spike
        changed += on_grid(kernel, times, weights, np.arange(60000) * 1e-6).max() > value + 1e-3
    assert 30 < crossed < 120 and changed > 10


def test_the_maximum_in_steps_is_that_of_the_grid():
    rng = np.random.default_rng(7)
    for dt in (0.1e-3, 1e-3):
        kernel = Kernel(15e-3, 3.75e-3, 1.0, 1e9)
        for _ in range(100):
            times, weights, _ = random_case(rng, "of both signs")
            times = np.round(times / dt) * dt
            found = kernel.maxima(Patterns.of_latencies(times[None]), weights, 60 * ms, dt * second)
            grid = np.arange(round(60e-3 / dt) + 1) * dt
            on = on_grid(kernel, times, weights, grid)
            assert found.values[0] == pytest.approx(max(on.max(), 0), abs=1e-12)
            assert found.times[0] == pytest.approx(grid[on.argmax()], abs=1e-9)


@pytest.mark.parametrize(("tau", "tau_s"), TAUS)
def test_the_gradient_of_the_maximum_is_a_finite_difference(tau, tau_s):
    rng = np.random.default_rng(8)
    times, weights, duration = random_case(rng, "of both signs")
    patterns = Patterns.of_latencies(times[None])

    def high(weights, tau, tau_s):
        return Kernel(tau, tau_s, 1.0, 1e9).maxima(patterns, weights, duration * second).values[0]

    found = Kernel(tau, tau_s, 1.0, 1e9).maxima(patterns, weights, duration * second)
    assert found.values[0] > 0
    slope = np.zeros(12)
    t, i = patterns[0]
    by_tau, by_tau_s = voltage.gradient(t, i, weights, found.times[0], tau, tau_s, slope)
    h = 1e-5
    for k in range(12):
        there = h * (np.arange(12) == k)
        difference = (high(weights + there, tau, tau_s) - high(weights - there, tau, tau_s)) / (2 * h)
        assert slope[k] == pytest.approx(difference, abs=1e-8)
    difference = (high(weights, tau * (1 + h), tau_s) - high(weights, tau * (1 - h), tau_s)) / (2 * h)
    assert by_tau * tau == pytest.approx(difference, abs=1e-7)
    difference = (high(weights, tau, tau_s * (1 + h)) - high(weights, tau, tau_s * (1 - h))) / (2 * h)
    assert by_tau_s * tau_s == pytest.approx(difference, abs=1e-7)


def test_wrong_patterns_and_kernels_are_refused():
    with pytest.raises(BioplastError, match=r"tau_s of a tempotron is 0\.0: a positive number"):
        Kernel.normalised(15 * ms, 0 * ms)
    with pytest.raises(BioplastError, match=r"threshold of a tempotron is -1\.0: .*above rest"):
        Kernel.normalised(15 * ms, 3 * ms, threshold=-1.0)
    with pytest.raises(BioplastError, match="tau is 15: one time with a unit"):
        Kernel.normalised(15, 3 * ms)
    with pytest.raises(BioplastError, match="none negative"):
        Patterns.of_latencies([[1e-3, -1e-3]])
    with pytest.raises(BioplastError, match="none negative"):
        Patterns.of_latencies([[np.nan]])
    with pytest.raises(BioplastError, match="pattern 1: the afferents are whole numbers from 0 to 2"):
        Patterns.of_events([([], []), ([0.0], [3])], 3)
    with pytest.raises(BioplastError, match="0 and 1"):
        Patterns.of_rasters(np.full((1, 2, 3), 2), 1e-3)
    patterns = Patterns.of_latencies([[1e-3, np.inf, 5e-3]])
    assert len(patterns) == 1 and patterns.afferents.tolist() == [0, 2]
    kernel = Kernel.normalised(15 * ms, 3 * ms)
    with pytest.raises(BioplastError, match=r"a spike at 0\.005 s is later than the duration, 0\.002 s"):
        kernel.maxima(patterns, np.ones(3), 2 * ms)
    with pytest.raises(BioplastError, match=r"weights of shape \(2,\): finite numbers, one for each of 3"):
        kernel.maxima(patterns, np.ones(2), 10 * ms)
