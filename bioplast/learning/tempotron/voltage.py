"""The potential of a leaky membrane with a decaying synaptic current, in closed form, compiled by numba.

``v`` is the potential above rest and ``j`` the synaptic current times the membrane resistance, so both in volts::

    tau*dv/dt = j - v        tau_s*dj/dt = -j        j += u[i] at a spike of afferent i

A jump ``u`` of `j` gives ``u*response(t)`` later on. Times are in seconds. Nothing here divides by ``tau - tau_s``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

__all__ = ["first_wrong", "gradient", "maximum", "peak_delay", "response", "response_slopes"]


def _compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, and keep the machine code where there is a place for it."""
    try:
        return numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # neither the folder of this file nor the user's cache can be written
        return numba.njit(nogil=True, error_model="numpy")(function)


@_compiled
def _mean_decay(x):  # type: ignore[no-untyped-def]
    """``(1 - exp(-x))/x`` for x >= 0, and its derivative: the mean of exp(-s) for s from 0 to x."""
    if x < 1e-2:
        return 1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))), -0.5 + x * (
            1 / 3 - x * (1 / 8 - x * (1 / 30 - x * (1 / 144 - x / 840)))
        )
    return -math.expm1(-x) / x, (math.exp(-x) * (1 + x) - 1) / x**2


@_compiled
def response(t, tau, tau_s):  # type: ignore[no-untyped-def]
    """``tau_s/(tau - tau_s)*(exp(-t/tau) - exp(-t/tau_s))``; for equal time constants its limit."""
    slow, fast = max(tau, tau_s), min(tau, tau_s)
    return t / tau * math.exp(-t / slow) * _mean_decay(t * (1 / fast - 1 / slow))[0]


@_compiled
def response_slopes(t, tau, tau_s):  # type: ignore[no-untyped-def]
    """The response, and its derivatives in `tau` and `tau_s`."""
    slow, fast = max(tau, tau_s), min(tau, tau_s)
    decay = t / tau * math.exp(-t / slow)
    mean, slope = _mean_decay(t * (1 / fast - 1 / slow))
    value = decay * mean
    by_slow = (value + decay * slope) * t / slow**2
    by_fast = -decay * slope * t / fast**2
    if tau >= tau_s:
        return value, by_slow - value / tau, by_fast
    return value, by_fast - value / tau, by_slow


@_compiled
def peak_delay(v, j, tau, tau_s):  # type: ignore[no-untyped-def]
    """How long the potential rises from here to a maximum: 0 if it falls, infinite if it rises for ever."""
    if not j > v:
        return 0.0
    if j <= 0:
        return math.inf
    rate = 1 / tau_s - 1 / tau
    x = tau_s * rate * (1 - v / j)
    if x >= 1:
        return math.inf
    return -math.log1p(-x) / rate if rate != 0 else tau_s * (1 - v / j)


@_compiled
def _later(v, j, t, tau, tau_s):  # type: ignore[no-untyped-def]
    return v * math.exp(-t / tau) + j * response(t, tau, tau_s)


@_compiled
def _highest(v, j, gap, tau, tau_s, dt):  # type: ignore[no-untyped-def]
    """When the potential is highest before the end of a gap without spikes, and how high; on a grid if dt > 0."""
    delay = peak_delay(v, j, tau, tau_s)
    if delay >= gap:
        return gap, _later(v, j, gap, tau, tau_s)
    if dt > 0:  # it rises up to the peak and falls after it
        before = math.floor(delay / dt) * dt
        after = min(before + dt, gap)
        low, high = _later(v, j, before, tau, tau_s), _later(v, j, after, tau, tau_s)
        return (after, high) if high > low else (before, low)
    return delay, _later(v, j, delay, tau, tau_s)


@_compiled
def _fill(times, gaps, duration, tau, tau_s):  # type: ignore[no-untyped-def]
    """What the gaps after the spikes do to v and j: rows of the length, and factors of v to v, j to v and j to j."""
    for k in range(times.size):
        gap = (times[k + 1] if k + 1 < times.size else duration) - times[k]
        gaps[k, 0] = gap
        gaps[k, 1] = math.exp(-gap / tau)
        gaps[k, 2] = response(gap, tau, tau_s)
        gaps[k, 3] = math.exp(-gap / tau_s)


@_compiled
def _scan(times, afferents, gaps, u, tau, tau_s, threshold, dt):  # type: ignore[no-untyped-def]
    v, j = 0.0, 0.0
    best, best_time, best_count = 0.0, 0.0, 0
    for k in range(times.size):
        j += u[afferents[k]]
        v_end = v * gaps[k, 1] + j * gaps[k, 2]
        j_end = j * gaps[k, 3]
        if v_end > best:
            best, best_time, best_count = v_end, times[k] + gaps[k, 0], k + 1
        if j > v and j_end < v_end:  # it rises and then falls
            delay, high = _highest(v, j, gaps[k, 0], tau, tau_s, dt)
            if high > best:
                best, best_time, best_count = high, times[k] + delay, k + 1
        if best > threshold:  # no spike that comes later counts
            left = times[-1] + gaps[-1, 0] - times[k]
            delay, best = _highest(v, j, left, tau, tau_s, dt)
            return best, times[k] + delay, k + 1
        v, j = v_end, j_end
    return best, best_time, best_count


@_compiled
def maximum(times, afferents, u, duration, tau, tau_s, threshold, dt):  # type: ignore[no-untyped-def]
    """The highest potential that a pattern evokes, the first time of it, and how many spikes it depends on.

    Parameters
    ----------
    times, afferents : array [spikes]
        Sorted by time.
    u : array [afferents]
        By how much a spike raises `j`.
    duration : float
        The end; a maximum may lie at it.
    tau, tau_s : float
    threshold : float
        Once it is crossed, the spikes that follow do not count.
    dt : float
        Positive: the potential is looked at every `dt` from 0, where all spikes are. 0: at all times.

    Returns
    -------
    tuple of (float, float, int)
        At rest, where nothing raises it, 0 at the time 0.
    """
    gaps = np.empty((times.size, 4))
    _fill(times, gaps, duration, tau, tau_s)
    return _scan(times, afferents, gaps, u, tau, tau_s, threshold, dt)


@_compiled
def first_wrong(order, begin, wanted, first, times, afferents, gaps, stale, u, duration, tau, tau_s, threshold, dt):  # type: ignore[no-untyped-def]
    """Go through patterns up to the first one that is answered wrongly.

    Parameters
    ----------
    order : array [patterns], begin : int
        The patterns in their order, and the place in it to begin at.
    wanted : array [patterns]
        Whether a spike is wanted.
    first : array [patterns + 1]
        Where the spikes of each pattern begin in `times`, `afferents` and `gaps`.
    gaps, stale : array [spikes, 4], array [patterns]
        What was computed for these time constants, and whether it is to be computed anew.
    u, duration, tau, tau_s, threshold, dt
        As of `maximum`.

    Returns
    -------
    tuple of (int, float, float, int)
        The place in the order, or their number, and what `maximum` returns.
    """
    for place in range(begin, order.size):
        p = order[place]
        here = slice(first[p], first[p + 1])
        if stale[p]:
            _fill(times[here], gaps[here], duration, tau, tau_s)
            stale[p] = False
        best, time, count = _scan(times[here], afferents[here], gaps[here], u, tau, tau_s, threshold, dt)
        if (best > threshold) != wanted[p]:
            return place, best, time, count
    return order.size, 0.0, 0.0, 0


@_compiled
def gradient(times, afferents, u, time, tau, tau_s, slope):  # type: ignore[no-untyped-def]
    """The derivatives of the potential at a time: in `u`, added to `slope`, and in both time constants, returned.

    At a maximum its own time does not count: either the potential is flat there or the time is that of a spike.
    """
    by_tau, by_tau_s = 0.0, 0.0
    for k in range(times.size):
        if times[k] < time:
            value, one, other = response_slopes(time - times[k], tau, tau_s)
            slope[afferents[k]] += value
            by_tau += u[afferents[k]] * one
            by_tau_s += u[afferents[k]] * other
    return by_tau, by_tau_s
