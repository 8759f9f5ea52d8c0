"""Spike trains as flat arrays: units, order, and which spikes lie in a window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BioplastError

# Times are multiples of a step that binary numbers do not have, so a spike up to a nanosecond before a boundary is
# taken to lie on it.
TOLERANCE = 1e-9

# Pairs of spikes that are listed at a time: 24 MB.
_PAIRS = 1 << 20


def seconds(value: Any, name: str = "times") -> np.ndarray:
    """Plain seconds; see `in_unit`."""
    return in_unit(value, "s", name)


def in_unit(value: Any, unit: str, name: str) -> np.ndarray:
    """Plain numbers from plain ones, from `quantities` and Neo, or from Brian2.

    Parameters
    ----------
    value : array, quantity, or list or tuple of quantities
    unit : {"s", "1/s"}
        That which plain numbers have.
    name : str
        What the value is called; in the plural if it ends in s.

    Raises
    ------
    BioplastError
        It has another unit, or units in part, or is no array of numbers.
    """
    given = f"{name} {'are' if name.endswith('s') else 'is'} given in"
    if hasattr(value, "rescale"):
        try:
            return np.asarray(value.rescale(unit).magnitude, dtype=float)
        except ValueError:
            raise BioplastError(f"{given} {value.dimensionality}: {unit} is expected") from None
    if (dimensions := getattr(value, "dim", None)) is not None:
        from brian2 import get_unit, second

        expected = second.dim if unit == "s" else (1 / second).dim
        if not dimensions.is_dimensionless and dimensions is not expected:
            raise BioplastError(f"{given} {get_unit(dimensions)}: {unit} is expected")
    elif isinstance(value, list | tuple) and (units := {hasattr(v, "rescale") or hasattr(v, "dim") for v in value}):
        if len(units) == 2:
            raise BioplastError(f"{name}: a unit for all or for none is accepted")
        if units == {True}:
            return np.array([in_unit(each, unit, name) for each in value])
    if np.ma.is_masked(value):
        raise BioplastError(f"{name}: numbers are accepted, not an array with masked elements")
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise BioplastError(f"{name}: numbers are accepted") from None


def positive(name: str, value: Any, infinite: bool = False) -> float:
    """A time as plain seconds; BioplastError unless it is one positive number."""
    time = seconds(value, name)
    if time.ndim or not time > 0 or not (infinite or np.isfinite(time)):
        raise BioplastError(f"{name} is a positive time in seconds, not {value}")
    return float(time)


@dataclass(frozen=True)
class Trains:
    """Spikes sorted by neuron, then time.

    Attributes
    ----------
    times : ndarray [spikes]
        In seconds.
    indices : ndarray [spikes]
        The neuron of each.
    bounds : ndarray [neurons + 1]
        The spikes of neuron i are ``bounds[i]`` to ``bounds[i + 1]``.
    """

    times: np.ndarray
    indices: np.ndarray
    bounds: np.ndarray

    @property
    def number(self) -> np.ndarray:
        """How many spikes each neuron has, [neurons]."""
        return np.diff(self.bounds)

    @property
    def following(self) -> np.ndarray:
        """Whether the spike before, in this order, is of the same neuron, for all but the first, [spikes - 1]."""
        return self.indices[1:] == self.indices[:-1]


def by_time(times: Any, indices: Any, neurons: int) -> tuple[np.ndarray, np.ndarray]:
    """Checked times in seconds and neurons, sorted by time."""
    times, indices = seconds(times), np.asarray(indices)
    if times.ndim != 1 or times.shape != indices.shape:
        raise BioplastError(f"times {times.shape} and indices {indices.shape} are one value for each spike")
    if indices.size and not np.issubdtype(indices.dtype, np.integer):
        raise BioplastError(f"indices are whole numbers, not {indices.dtype}")
    if indices.size and (indices.min() < 0 or indices.max() >= neurons):
        raise BioplastError(f"indices lie between 0 and {neurons - 1}, not {indices.min()} to {indices.max()}")
    if not np.isfinite(times).all():
        raise BioplastError("spike times are finite")
    # NumPy sorts integers of 16 bits by their digits, in linear time.
    indices = indices.astype(np.uint16 if neurons <= 1 << 16 else np.int64, copy=False)
    if np.any(times[1:] < times[:-1]):
        order = np.argsort(times, kind="stable")
        times, indices = times[order], indices[order]
    return times, indices


def by_neuron(times: Any, indices: Any, neurons: int) -> Trains:
    """Checked times and neurons, sorted by neuron, then time."""
    times, indices = by_time(times, indices, neurons)
    order = np.argsort(indices, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(indices, minlength=neurons))])
    return Trains(times[order], indices[order].astype(np.int64), bounds)


def within(times: np.ndarray, indices: np.ndarray, start: Any, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """The spikes with ``start <= t < start + duration``; their times count from `start`."""
    times = times - float(seconds(start, "start"))
    inside = (times >= -TOLERANCE) & (times < duration - TOLERANCE)
    return times[inside], indices[inside]


def pairs(low: np.ndarray, high: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All (k, l) with ``low[l] <= k < high[l]``, in portions that fit into memory."""
    length = high - low
    ends = np.cumsum(length)
    first = 0
    while first < len(low):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _PAIRS, side="right")))
        part = slice(first, last)
        l = np.repeat(np.arange(first, last), length[part])  # noqa: E741 - k and l as in the sums
        k = np.arange(done, ends[last - 1]) - np.repeat(ends[part] - length[part] - low[part], length[part])
        yield k, l
        first = last
