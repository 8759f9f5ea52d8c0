"""Inter-spike intervals and how irregular they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._trains import by_neuron


def isi(times: Any, indices: Any, neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """The inter-spike intervals of every neuron.

    Parameters
    ----------
    times : array [spikes]
        Spike times in seconds, in any order.
    indices : array [spikes]
        The neuron of each spike, from 0.
    neurons : int
        How many neurons there are, silent ones included.

    Returns
    -------
    intervals : ndarray [intervals]
        In seconds, sorted by neuron, then time. A neuron with n spikes has n - 1 of them.
    indices : ndarray [intervals]
        The neuron of each.

    Raises
    ------
    BioplastError
        Times and indices differ in length, a time is not finite, or an index lies outside the population.
    """
    trains = by_neuron(times, indices, neurons)
    return np.diff(trains.times)[trains.following], trains.indices[1:][trains.following]


def cv(times: Any, indices: Any, neurons: int) -> np.ndarray:
    """Coefficient of variation: the intervals' standard deviation divided by their mean; 1 for a Poisson process.

    Parameters
    ----------
    times, indices, neurons
        As for `isi`.

    Returns
    -------
    ndarray [neurons]
        NaN for a neuron with fewer than three spikes: one interval has no spread. The standard deviation is that of
        the sample, divided by the number of intervals, as in Elephant.

    Raises
    ------
    BioplastError
        As `isi`.
    """
    intervals, of = isi(times, indices, neurons)
    mean = _mean(intervals, of, neurons)
    variance = _mean((intervals - mean[of]) ** 2, of, neurons)
    with np.errstate(invalid="ignore"):
        return np.where(np.bincount(of, minlength=neurons) < 2, np.nan, np.sqrt(variance) / mean)


def cv2(times: Any, indices: Any, neurons: int) -> np.ndarray:
    """Mean of ``2*|b - a|/(a + b)`` over neighbouring intervals a, b: irregularity that a slowly changing rate leaves.

    Parameters
    ----------
    times, indices, neurons
        As for `isi`.

    Returns
    -------
    ndarray [neurons]
        1 for a Poisson process, 0 for a regular train, NaN for a neuron with fewer than three spikes (or with three
        at the same time).

    Raises
    ------
    BioplastError
        As `isi`.

    References
    ----------
    Holt, Softky, Koch and Douglas (1996), J. Neurophysiol. 75:1806, doi:10.1152/jn.1996.75.5.1806
    """
    contrast, of = _contrasts(times, indices, neurons)
    return 2 * _mean(np.abs(contrast), of, neurons)


def lv(times: Any, indices: Any, neurons: int) -> np.ndarray:
    """Local variation: the mean of ``3*(b - a)**2/(a + b)**2`` over neighbouring intervals a, b.

    Parameters
    ----------
    times, indices, neurons
        As for `isi`.

    Returns
    -------
    ndarray [neurons]
        1 for a Poisson process, 0 for a regular train, 3/(2*k + 1) for gamma intervals of shape k; NaN for a neuron
        with fewer than three spikes (or with three at the same time).

    Raises
    ------
    BioplastError
        As `isi`.

    References
    ----------
    Shinomoto, Shima and Tanji (2003), Neural Comput. 15:2823, doi:10.1162/089976603322518759
    """
    contrast, of = _contrasts(times, indices, neurons)
    return 3 * _mean(contrast**2, of, neurons)


def _contrasts(times: Any, indices: Any, neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """``(b - a)/(a + b)`` of neighbouring intervals, and the neuron of each."""
    intervals, of = isi(times, indices, neurons)
    a, b = intervals[:-1], intervals[1:]
    same = of[1:] == of[:-1]
    with np.errstate(invalid="ignore"):
        return ((b - a) / (a + b))[same], of[1:][same]


def _mean(values: np.ndarray, of: np.ndarray, neurons: int) -> np.ndarray:
    """Mean for each neuron, NaN where there is no value."""
    with np.errstate(invalid="ignore"):
        return np.bincount(of, values, neurons) / np.bincount(of, minlength=neurons)
