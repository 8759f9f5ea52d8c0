"""What a data set of spikes is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BioplastError
from .parts import check_number

__all__ = ["Recordings"]

# A time that lies so little before the border of two steps, in steps, belongs to the later one: it was rounded.
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Recordings:
    """Spikes of the same neurons in many samples, and the class of each.

    Attributes
    ----------
    times : ndarray [spikes]
        In units of `tick`, as the published files have them, one sample after the other.
    indices : ndarray of int [spikes]
        The neuron of each spike.
    bounds : ndarray of int [samples + 1]
        Sample k has the spikes from ``bounds[k]`` to before ``bounds[k + 1]``.
    labels : ndarray of int [samples]
        Classes, counted from 0.
    shape : tuple of int
        How the neurons are arranged, such as (polarity, row, column); the last varies fastest.
    tick : float
        The unit of the times, in seconds.

    Raises
    ------
    BioplastError
        The arrays do not belong together; a time is negative or not finite; a neuron does not exist.
    """

    times: np.ndarray
    indices: np.ndarray
    bounds: np.ndarray
    labels: np.ndarray
    shape: tuple[int, ...]
    tick: float = 1.0

    def __post_init__(self) -> None:
        spikes = len(self.times)
        together = len(self.indices) == spikes and len(self.bounds) == len(self.labels) + 1
        if not together or self.bounds[0] != 0 or self.bounds[-1] != spikes or (np.diff(self.bounds) < 0).any():
            raise BioplastError("times, indices, bounds and labels do not belong together")
        if spikes and not (np.isfinite(self.times).all() and self.times.min() >= 0):
            raise BioplastError("a spike time is negative or not finite")
        if spikes and self.indices.dtype.kind not in "iu":
            raise BioplastError(f"neurons are {self.indices.dtype.name}: whole numbers are accepted")
        if spikes and not (self.indices.min() >= 0 and self.indices.max() < self.neurons):
            raise BioplastError(f"a neuron is {int(self.indices.max())}: 0 to {self.neurons - 1} are accepted")

    @classmethod
    def of_lists(
        cls,
        times: list[np.ndarray],
        indices: list[np.ndarray],
        labels: Any,
        shape: tuple[int, ...],
        tick: float = 1.0,
    ) -> Recordings:
        """Recordings of which each sample has arrays of its own."""
        bounds = np.concatenate([[0], np.cumsum([len(each) for each in times])]).astype(np.int64)
        none = np.zeros(0, dtype=np.uint16)
        joined, neurons = np.concatenate(times or [none]), np.concatenate(indices or [none])
        return cls(joined, neurons, bounds, np.asarray(labels, dtype=int), shape, tick)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def neurons(self) -> int:
        """How many neurons there are."""
        return math.prod(self.shape)

    @property
    def duration(self) -> float:
        """The time of the last spike of all samples, in seconds."""
        return float(self.times.max()) * self.tick if len(self.times) else 0.0

    def events(self, sample: int) -> tuple[np.ndarray, np.ndarray]:
        """The spikes of a sample: an input of a program, and a list of them is one of a batch.

        Returns
        -------
        times : ndarray [spikes]
            In seconds, sorted.
        neurons : ndarray of int [spikes]
        """
        times, neurons = self._sample(sample)
        order = np.lexsort((neurons, times))
        return times[order], neurons[order]

    def raster(self, dt: Any, steps: int) -> np.ndarray:
        """Whether each neuron spikes in each step: inputs for `bioplast.learning.fit`.

        Parameters
        ----------
        dt : quantity [time]
            The duration of a step.
        steps : int
            How many there are, from time 0 on, whenever the first spike comes; spikes after the last are left out.

        Returns
        -------
        ndarray of bool [samples, steps, neurons]
            Step k has the spikes with ``k*dt <= t < (k + 1)*dt``. A byte each: take a part of many samples first.
        """
        check_number("steps", steps, 1)
        found = np.zeros((len(self), steps, self.neurons), dtype=bool)
        for sample, flat in enumerate(found.reshape(len(self), steps * self.neurons)):
            flat[self._flat(sample, dt, steps)] = True
        return found

    def counts(self, dt: Any, steps: int) -> np.ndarray:
        """How many spikes each neuron has in each step, int32 [samples, steps, neurons]; see `raster`."""
        check_number("steps", steps, 1)
        found = np.zeros((len(self), steps, self.neurons), dtype=np.int32)
        for sample, flat in enumerate(found.reshape(len(self), steps * self.neurons)):
            np.add.at(flat, self._flat(sample, dt, steps), 1)
        return found

    def take(self, rows: Any) -> Recordings:
        """The samples of these rows, in their order.

        Parameters
        ----------
        rows : array of int [samples], or slice
        """
        chosen = np.arange(len(self))[rows]
        spans = [slice(self.bounds[row], self.bounds[row + 1]) for row in chosen]
        bounds = np.concatenate([[0], np.cumsum([span.stop - span.start for span in spans])]).astype(np.int64)
        times, indices = (
            np.concatenate([every[:0], *(every[span] for span in spans)]) for every in (self.times, self.indices)
        )
        return Recordings(times, indices, bounds, self.labels[chosen], self.shape, self.tick)

    def _sample(self, sample: int) -> tuple[np.ndarray, np.ndarray]:
        """Times in seconds and neurons, in the order of the file."""
        span = slice(self.bounds[sample], self.bounds[sample + 1])
        # float64 first: a file may have float16, whose steps are 1 ms above 1 s
        return self.times[span].astype(float) * self.tick, self.indices[span].astype(np.int64)

    def _flat(self, sample: int, dt: Any, steps: int) -> np.ndarray:
        """The places of the spikes in a raster of one sample, [steps, neurons] as one axis."""
        times, neurons = self._sample(sample)
        rows = np.floor(times / _seconds(dt) + _ROUNDING).astype(np.int64)
        inside = rows < steps
        return rows[inside] * self.neurons + neurons[inside]


def _seconds(dt: Any) -> float:
    """A step in seconds."""
    from brian2 import second

    plain = float(dt) if getattr(dt, "dim", None) is second.dim and not np.ndim(dt) else math.nan
    if not 0 < plain < math.inf:
        raise BioplastError(f"dt is {dt!r}: a positive time with a unit is accepted, such as 1*ms")
    return plain
