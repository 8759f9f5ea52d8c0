"""Coincident spikes: the spike-time tiling coefficient and the cross-correlogram."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BioplastError
from ._trains import TOLERANCE, Trains, by_neuron, by_time, pairs, positive, seconds, within


def spike_time_tiling(
    times: Any, indices: Any, neurons: int, duration: Any, window: Any, start: Any = 0.0
) -> np.ndarray:
    """Spike-time tiling coefficient of every pair of neurons: synchrony that does not grow with the rates.

    ``((P_A - T_B)/(1 - P_A*T_B) + (P_B - T_A)/(1 - P_B*T_A))/2``: P_A is the part of A's spikes with a spike of B
    within the window on either side, T_A the part of the recording that lies within the window around a spike of A.
    A summand 0/0 is 1.

    Parameters
    ----------
    times : array [spikes]
        Spike times in seconds, in any order; those outside ``start <= t < start + duration`` are left out.
    indices : array [spikes]
        The neuron of each spike, from 0.
    neurons : int
        How many neurons there are, silent ones included.
    duration : float
        Of the recording in seconds.
    window : float
        Two spikes at most this far apart are synchronous, in seconds.
    start : float
        Where the recording begins, in seconds.

    Returns
    -------
    ndarray [neurons, neurons]
        Symmetric, between -1 and 1, 1 on the diagonal; NaN for a silent neuron.

    Raises
    ------
    BioplastError
        Times and indices differ in length, a time is not finite, an index lies outside the population, or the duration
        or window is not positive.

    References
    ----------
    Cutts and Eglen (2014), J. Neurosci. 34:14288, doi:10.1523/JNEUROSCI.2767-14.2014
    """
    duration, window = positive("duration", duration), positive("window", window)
    times, indices = by_time(times, indices, neurons)
    times, indices = within(times, indices, start, duration)
    trains = by_neuron(times, indices, neurons)

    reach = window + TOLERANCE
    low = np.searchsorted(times, trains.times - reach, side="left")
    high = np.searchsorted(times, trains.times + reach, side="right")
    # What an earlier spike of the same neuron has reached does not count again.
    low[1:] = np.where(trains.following, np.maximum(low[1:], high[:-1]), low[1:])
    near = np.zeros(neurons * neurons, dtype=np.int64)
    for k, l in pairs(low, high):  # noqa: E741
        near += np.bincount(indices[k].astype(np.int64) * neurons + trains.indices[l], minlength=near.size)
    with np.errstate(invalid="ignore"):
        P = near.reshape(neurons, neurons) / trains.number[:, None]
    T = _tiled(trains, duration, window)

    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.where(P * T == 1, 1.0, (P - T) / (1 - P * T))
    silent = trains.number == 0
    half[silent] = half[:, silent] = np.nan
    return (half + half.T) / 2


def _tiled(trains: Trains, duration: float, window: float) -> np.ndarray:
    """The part of the recording within the window around a spike, [neurons]; 0 for a silent one."""
    gaps = np.minimum(np.diff(trains.times), 2 * window)[trains.following]
    tiled = np.bincount(trains.indices[1:][trains.following], gaps, len(trains.number)).astype(float)
    active = trains.number > 0
    first, last = trains.times[trains.bounds[:-1][active]], trains.times[trains.bounds[1:][active] - 1]
    tiled[active] += np.minimum(first, window) + np.minimum(duration - last, window)
    return np.clip(tiled / duration, 0, 1)


def correlogram(reference: Any, target: Any = None, *, window: Any, bin: Any) -> tuple[np.ndarray, np.ndarray]:
    """Cross-correlogram of two spike trains: how often the target fires at each lag from a spike of the reference.

    Parameters
    ----------
    reference : array [spikes]
        Spike times in seconds, in any order.
    target : array [spikes], optional
        The other train; without it the autocorrelogram, in which no spike is paired with itself.
    window : float
        The largest lag, in seconds; rounded to whole bins.
    bin : float
        In seconds; one bin is centred at lag 0.

    Returns
    -------
    lags : ndarray [2*n + 1]
        Centres of the bins in seconds, positive where the target fires after the reference. A lag belongs to the bin
        that begins with it, to a nanosecond.
    counts : ndarray of int [2*n + 1]
        Pairs of spikes. Divided by the number of reference spikes and by the bin they are the target's rate in Hz.

    Raises
    ------
    BioplastError
        A time is not finite, or the window is shorter than a bin.

    References
    ----------
    Perkel, Gerstein and Moore (1967), Biophys. J. 7:419, doi:10.1016/S0006-3495(67)86597-4
    """
    window, bin = positive("window", window), positive("bin", bin)
    side = round(window / bin)
    if not side:
        raise BioplastError(f"a window of {window} s is shorter than a bin of {bin} s")
    a = np.sort(seconds(reference))
    b = a if target is None else np.sort(seconds(target))
    if a.ndim != 1 or b.ndim != 1 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise BioplastError("a spike train is one finite time for each spike")
    reach = (side + 0.5) * bin + 2 * TOLERANCE
    counts = np.zeros(2 * side + 1, dtype=np.int64)
    for k, l in pairs(np.searchsorted(b, a - reach), np.searchsorted(b, a + reach, side="right")):  # noqa: E741
        if target is None:
            k, l = k[k != l], l[k != l]  # noqa: E741
        where = np.floor((b[k] - a[l] + TOLERANCE) / bin + 0.5).astype(np.int64) + side
        counts += np.bincount(where[(where >= 0) & (where < counts.size)], minlength=counts.size)
    return np.arange(-side, side + 1) * bin, counts
