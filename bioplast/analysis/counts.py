"""Spike counts: rate, Fano factor, correlation.

A spike belongs to the window that begins at its time, not to the one that ends there (to a nanosecond); spikes outside
``start <= t < start + duration`` are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BioplastError
from ._trains import TOLERANCE, by_time, positive, within


def rate(times: Any, indices: Any, neurons: int, duration: Any, start: Any = 0.0) -> np.ndarray:
    """Mean firing rate: spikes divided by the duration.

    Parameters
    ----------
    times : array [spikes]
        Spike times in seconds, in any order.
    indices : array [spikes]
        The neuron of each spike, from 0.
    neurons : int
        How many neurons there are, silent ones included.
    duration : float
        Of the recording, or of the part of it that counts, in seconds.
    start : float
        Where that part begins, in seconds.

    Returns
    -------
    ndarray [neurons]
        In Hz; 0 for a silent neuron.

    Raises
    ------
    BioplastError
        Times and indices differ in length, a time is not finite, an index lies outside the population, or the duration
        is not positive.
    """
    duration = positive("duration", duration)
    times, indices = by_time(times, indices, neurons)
    _, indices = within(times, indices, start, duration)
    return np.bincount(indices, minlength=neurons) / duration


def spike_counts(times: Any, indices: Any, neurons: int, duration: Any, bin: Any, start: Any = 0.0) -> np.ndarray:
    """How many spikes each neuron has in each bin.

    Parameters
    ----------
    times, indices, neurons, duration, start
        As for `rate`.
    bin : float
        In seconds. A last bin that the duration does not fill is left out.

    Returns
    -------
    ndarray of int [bins, neurons]

    Raises
    ------
    BioplastError
        As `rate`; or the bin is not positive, or longer than the duration.
    """
    duration, bin = positive("duration", duration), positive("bin", bin)
    bins = int((duration + TOLERANCE) / bin)
    if not bins:
        raise BioplastError(f"a bin of {bin} s is longer than the duration of {duration} s")
    times, indices = by_time(times, indices, neurons)
    times, indices = within(times, indices, start, duration)
    where = np.floor((times + TOLERANCE) / bin).astype(np.int64)
    full = where < bins
    flat = where[full] * neurons + indices[full]
    return np.bincount(flat, minlength=bins * neurons).reshape(bins, neurons)


def words(times: Any, indices: Any, neurons: int, duration: Any, bin: Any, start: Any = 0.0) -> np.ndarray:
    """Binary words: whether each neuron spikes in each bin.

    Parameters
    ----------
    times, indices, neurons, duration, bin, start
        As for `spike_counts`.

    Returns
    -------
    ndarray of uint8 [neurons, bins]
        A word for each neuron, as the functions of `bioplast.analysis.complexity` take them.

    Raises
    ------
    BioplastError
        As `spike_counts`.
    """
    counts = spike_counts(times, indices, neurons, duration, bin, start)
    return np.ascontiguousarray((counts > 0).T).view(np.uint8)


def raster_words(raster: Any, steps: int = 1) -> np.ndarray:
    """Binary words of a raster: whether each neuron spikes in each bin of some steps.

    Parameters
    ----------
    raster : array [steps, neurons]
        Whether, or how often, each neuron spikes in each step, such as `Output.raster` has it.
    steps : int
        How many are a bin. A last bin that is not full is left out.

    Returns
    -------
    ndarray of uint8 [neurons, bins]

    Raises
    ------
    BioplastError
        The raster is not [steps, neurons], has negative counts or what is no number, or is shorter than a bin.
    """
    raster = np.asarray(raster)
    if raster.ndim != 2 or raster.dtype.kind not in "biuf":
        raise BioplastError(f"a raster is [steps, neurons], not {raster.dtype} of shape {raster.shape}")
    if not (raster >= 0).all():
        raise BioplastError("a raster has counts that are negative or NaN")
    if isinstance(steps, bool) or not hasattr(steps, "__index__") or not 1 <= steps <= max(len(raster), 1):
        raise BioplastError(f"steps is {steps!r}: 1 to {len(raster)}, those of the raster, are accepted")
    bins = len(raster) // steps
    spiked = (raster[: bins * steps] > 0).reshape(bins, steps, raster.shape[1]).any(axis=1)
    return np.ascontiguousarray(spiked.T).view(np.uint8)


def fano_factor(counts: Any) -> np.ndarray:
    """Fano factor: the variance of the spike count over trials or bins, divided by its mean; 1 for a Poisson process.

    Parameters
    ----------
    counts : array [trials, ...]
        Counts in windows of the same length: over trials, or over bins as `spike_counts` returns them.

    Returns
    -------
    ndarray [...]
        NaN where all counts are 0, and for fewer than two trials. The variance is that of the sample, divided by the
        number of trials, as in Elephant: for a Poisson process and n trials its mean is (n - 1)/n.

    References
    ----------
    Fano (1947), Phys. Rev. 72:26, doi:10.1103/PhysRev.72.26
    """
    counts = np.asarray(counts, dtype=float)
    if len(counts) < 2:
        return np.full(counts.shape[1:], np.nan)
    with np.errstate(invalid="ignore"):
        return counts.var(axis=0) / counts.mean(axis=0)


def correlation(counts: Any) -> np.ndarray:
    """Pearson's correlation of the spike counts of every pair of neurons.

    Parameters
    ----------
    counts : array [bins, neurons]
        As `spike_counts` returns them.

    Returns
    -------
    ndarray [neurons, neurons]
        Symmetric, 1 on the diagonal; NaN for a neuron whose count never changes, a silent one for example.

    Raises
    ------
    BioplastError
        The counts are not [bins, neurons].
    """
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != 2:
        raise BioplastError(f"counts are [bins, neurons], not {counts.shape}")
    # Sums of counts are whole numbers, which floats hold exactly: a constant count has a variance of exactly 0.
    total = counts.sum(axis=0)
    covariance = len(counts) * (counts.T @ counts) - np.outer(total, total)
    spread = np.sqrt(np.maximum(covariance.diagonal(), 0))
    product = np.outer(spread, spread)
    found = np.full(product.shape, np.nan)
    np.divide(covariance, product, out=found, where=product > 0)
    np.fill_diagonal(found, np.where(spread > 0, 1.0, np.nan))
    return np.clip(found, -1, 1)
