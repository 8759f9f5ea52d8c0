"""Renewal processes in equilibrium: their rate is the same from the first moment on.

Elephant has them too, but draws from NumPy's global state; here it is a generator that is passed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import brian2
import numpy as np

from ..errors import BioplastError
from . import _checks
from .spike_trains import SpikeTrains

__all__ = ["gamma_renewal", "poisson"]

# Intervals that are drawn at a time.
_AT_A_TIME = 1 << 21


def poisson(
    rate: Any,
    duration: Any,
    neurons: int = 1,
    *,
    refractory: Any = 0 * brian2.ms,
    rng: np.random.Generator,
) -> SpikeTrains:
    """Poisson processes, with an absolute refractory period if one is given.

    Parameters
    ----------
    rate : quantity [Hz], or of [neurons]
        The mean rate, refractoriness included.
    duration : quantity [time]
    neurons : int
    refractory : quantity [time]
        No two spikes of a neuron are closer; shorter than 1/rate. Time 0 is a moment like any other, at which a part
        of the neurons is refractory.
    rng : numpy.random.Generator

    Returns
    -------
    SpikeTrains
        Intervals are ``refractory`` and an exponential rest: their coefficient of variation is 1 - rate*refractory.

    Raises
    ------
    BioplastError
        A rate is negative, or too high for the refractory period; a unit or a number is missing; or more spikes are
        expected than fit into 32 GB.
    """
    rng, length, dead = (
        _checks.generator(rng),
        _checks.time("duration", duration),
        _checks.time("refractory", refractory, True),
    )
    number = _checks.whole("neurons", neurons)
    rates = _checks.rates(rate, (number,), "[neurons]")
    if (rates * dead >= 1).any():
        raise BioplastError(
            f"rate is {rates.max():g} Hz with a refractory period of {dead * 1e3:g} ms: "
            f"below {1 / dead:g} Hz is accepted"
        )
    _checks.affordable("spikes", rates.sum() * length, _checks.SPIKE)
    with np.errstate(divide="ignore"):
        rest = 1 / rates - dead  # the mean of the exponential part

    def intervals(which: np.ndarray, each: int) -> np.ndarray:
        return dead + rng.exponential(size=(len(which), each)) * rest[which, None]

    waiting = rng.random(number) < rates * dead
    first = np.where(waiting, rng.random(number) * dead, 0) + rng.exponential(size=number) * np.where(
        rates, rest, np.inf
    )
    # A neuron that is refractory at time 0 waits for what is left of its period; the process itself has no memory.
    return _trains(first, intervals, rates, length)


def gamma_renewal(rate: Any, shape: float, duration: Any, neurons: int = 1, *, rng: np.random.Generator) -> SpikeTrains:
    """Renewal processes with gamma-distributed intervals: regular for a large shape, bursting below 1.

    Parameters
    ----------
    rate : quantity [Hz], or of [neurons]
        The mean rate.
    shape : float
        Of the intervals' distribution, positive; their coefficient of variation is 1/sqrt(shape). A Poisson process
        has 1.
    duration : quantity [time]
    neurons : int
    rng : numpy.random.Generator

    Returns
    -------
    SpikeTrains

    Raises
    ------
    BioplastError
        As `poisson`; or the shape is not positive.
    """
    rng, length = _checks.generator(rng), _checks.time("duration", duration)
    number = _checks.whole("neurons", neurons)
    rates = _checks.rates(rate, (number,), "[neurons]")
    if not _checks.is_real(shape) or not 0 < shape < np.inf:
        raise BioplastError(f"shape is {shape!r}: a positive number is accepted")
    _checks.affordable("spikes", rates.sum() * length, _checks.SPIKE)
    with np.errstate(divide="ignore"):
        scale = 1 / (rates * shape)

    def intervals(which: np.ndarray, each: int) -> np.ndarray:
        return rng.standard_gamma(shape, (len(which), each)) * scale[which, None]

    # Time 0 lies anywhere in an interval, and the longer one is the more likely it holds time 0.
    part = 1 - rng.random(number)
    return _trains(part * rng.standard_gamma(shape + 1, number) * scale, intervals, rates, length)


def _trains(
    first: np.ndarray, intervals: Callable[[np.ndarray, int], np.ndarray], rates: np.ndarray, duration: float
) -> SpikeTrains:
    """Trains from the first spike of each neuron on, until all are past the duration."""
    which = np.flatnonzero(first < duration)
    last = first[which]
    times, indices = [last], [which]
    while which.size:
        expected = rates[which].max() * duration
        each = int(expected + 4 * np.sqrt(expected)) + 4
        following = last[:, None] + np.cumsum(intervals(which, max(min(each, _AT_A_TIME // len(which)), 1)), axis=1)
        inside = following < duration
        times.append(following[inside])
        indices.append(np.broadcast_to(which[:, None], following.shape)[inside])
        goes_on = inside[:, -1]
        which, last = which[goes_on], following[goes_on, -1]
    return SpikeTrains(np.concatenate(times), np.concatenate(indices), len(first), duration)
