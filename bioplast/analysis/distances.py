"""Distances between spike trains."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BioplastError
from ._trains import by_neuron, by_time, in_unit, positive

# Rounding relative to the norms: a squared distance below it is none.
_ROUNDING = 1e-13

# Numbers in the working array of a portion of pairs: they stay in the processor's cache.
_PORTION = 1 << 16


def van_rossum(times: Any, indices: Any, neurons: int, tau: Any) -> np.ndarray:
    """Van Rossum's distance of every pair of trains: of the trains after filtering with a decaying exponential.

    Normalised so that a single spike is at distance 1 from an empty train, as in Elephant; the paper's own distance is
    this one divided by sqrt(2).

    Parameters
    ----------
    times : array [spikes]
        Spike times in seconds, in any order.
    indices : array [spikes]
        The neuron (or trial) of each spike, from 0.
    neurons : int
        How many trains there are, empty ones included.
    tau : float
        The filter's time constant in seconds. Far below the intervals, distances count the spikes that do not coincide;
        infinite, they are differences of spike counts.

    Returns
    -------
    ndarray [neurons, neurons]
        Symmetric, 0 on the diagonal. Distances below 3e-7 of the trains' own norms are lost in rounding and come as 0.

    Raises
    ------
    BioplastError
        Times and indices differ in length, a time is not finite, an index lies outside the population, or tau is not
        positive.

    References
    ----------
    van Rossum (2001), Neural Comput. 13:751, doi:10.1162/089976601300014321
    """
    tau = positive("tau", tau, infinite=True)
    times, indices = by_time(times, indices, neurons)
    times = times / tau
    # Sums of exp(-|s - t|) over all spikes s of one train and t of another: pairs within a block of spikes one by one,
    # pairs with earlier blocks through what the earlier spikes of each train have left at the block's start.
    block = max(32, neurons // 2)
    near, far = np.zeros((neurons, neurons)), np.zeros((neurons, neurons))
    left, now = np.zeros(neurons), times[0] if times.size else 0.0
    for first in range(0, times.size, block):
        t, i = times[first : first + block], indices[first : first + block].astype(np.int64)
        far += np.outer(np.bincount(i, np.exp(now - t), neurons), left)
        pair = np.exp(-np.abs(t[:, None] - t))
        near += np.bincount((i[:, None] * neurons + i).ravel(), pair.ravel(), neurons**2).reshape(near.shape)
        left = left * np.exp(now - t[-1]) + np.bincount(i, np.exp(t - t[-1]), neurons)
        now = t[-1]
    inner = (near + near.T) / 2 + (far + far.T)
    norms = inner.diagonal()[:, None] + inner.diagonal()
    squared = norms - 2 * inner
    squared[squared < _ROUNDING * norms] = 0
    np.fill_diagonal(squared, 0)
    return np.sqrt(squared)


def victor_purpura(times: Any, indices: Any, neurons: int, cost: Any) -> np.ndarray:
    """Victor and Purpura's distance of every pair of trains: the least cost of turning one into the other.

    Inserting or deleting a spike costs 1, moving it costs ``cost`` per second.

    Parameters
    ----------
    times : array [spikes]
        Spike times in seconds, in any order.
    indices : array [spikes]
        The neuron (or trial) of each spike, from 0.
    neurons : int
        How many trains there are, empty ones included.
    cost : float
        q in 1/s, finite. At 0 distances are differences of spike counts; beyond 2 divided by the smallest difference
        of spike times they count the spikes that do not coincide.

    Returns
    -------
    ndarray [neurons, neurons]
        Symmetric, 0 on the diagonal.

    Raises
    ------
    BioplastError
        Times and indices differ in length, a time is not finite, an index lies outside the population, or the cost is
        negative or infinite.

    References
    ----------
    Victor and Purpura (1996), J. Neurophysiol. 76:1310, doi:10.1152/jn.1996.76.2.1310
    """
    cost = per_second(cost)
    trains = by_neuron(times, indices, neurons)
    number = trains.number
    padded = np.zeros((number.max(initial=0), neurons))
    padded[np.arange(trains.times.size) - trains.bounds[trains.indices], trains.indices] = trains.times
    short, long = np.triu_indices(neurons, 1)
    short, long = np.where(number[short] <= number[long], (short, long), (long, short))
    order = np.lexsort((number[short], number[long]))
    short, long = short[order], long[order]
    found = np.zeros((neurons, neurons))
    end = short.size
    while end:  # from the longest trains down, as many pairs as fit
        begin = max(0, end - max(1, _PORTION // (int(number[long[end - 1]]) + 1)))
        a, b = short[begin:end], long[begin:end]
        found[a, b] = found[b, a] = _least_cost(padded, number, a, b, cost)
        end = begin
    return found


def per_second(value: Any) -> float:
    """A cost as a plain number per second; BioplastError unless it is one finite number that is not negative."""
    cost = in_unit(value, "1/s", "cost")
    if cost.ndim or not (np.isfinite(cost) and cost >= 0):
        raise BioplastError(f"cost is a finite number per second and not negative, not {value}")
    return float(cost)


def _least_cost(padded: np.ndarray, number: np.ndarray, a: np.ndarray, b: np.ndarray, cost: float) -> np.ndarray:
    """Cost of turning each train of `a` into the one of `b`, [pairs], by dynamic programming.

    ``new[k]`` is the least cost of turning the first k spikes of `a` into the first d - k of `b`, less d: inserting
    and deleting then cost nothing, and moving 2 less. All k of one d follow at once from `old` at d - 1 and `older` at
    d - 2.
    """
    total = number[a] + number[b]
    order = np.argsort(-total, kind="stable")
    a, b, total = a[order], b[order], total[order]
    rows, columns = int(number[a].max()), int(number[b].max())
    source, target = cost * padded[:rows, a], cost * padded[:columns, b][::-1]
    older, old, new = np.zeros((3, rows + 1, a.size))
    result = np.zeros(a.size)
    for d in range(2, int(total[0]) + 1):
        going, going_on = np.searchsorted(-total, [-d, -d - 1], side="right")
        low, high = max(1, d - columns), min(rows, d - 1) + 1
        moved = source[low - 1 : high - 1, :going] - target[columns - d + low : columns - d + high, :going]
        np.abs(moved, out=moved)
        moved -= 2
        moved += older[low - 1 : high - 1, :going]
        np.minimum(moved, old[low - 1 : high - 1, :going], out=moved)
        np.minimum(moved, old[low:high, :going], out=new[low:high, :going])
        done = np.arange(going_on, going)
        result[done] = new[number[a[done]], done]
        older, old, new = old, new, older
    found = np.empty(a.size)
    found[order] = result + total
    return found
