"""Spike trains that were drawn, and what they become: a group, a TimedArray, Neo trains, arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import brian2
import numpy as np

from ..errors import BioplastError
from . import _checks

if TYPE_CHECKING:
    import neo

__all__ = ["SpikeTrains"]


@dataclass(frozen=True, eq=False)
class SpikeTrains:
    """The spikes of a population from time 0 on.

    Attributes
    ----------
    times : ndarray [spikes]
        In seconds, sorted; may be given with a unit, as the duration may.
    indices : ndarray of int [spikes]
        The neuron of each.
    neurons : int
        How many there are, silent ones included.
    duration : float
        In seconds; every spike is before it.

    Raises
    ------
    BioplastError
        The arrays do not belong together, or a spike lies outside.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import Hz, ms
    >>> from bioplast import stimulus
    >>> spikes = stimulus.poisson(20*Hz, 500*ms, neurons=3, refractory=2*ms, rng=np.random.default_rng(1))
    >>> spikes.counts(100*ms).shape, spikes.raster(1*ms).shape
    ((5, 3), (500, 3))
    >>> group = spikes.group(0.1*ms, name="source")      # an ordinary brian2.SpikeGeneratorGroup
    """

    times: np.ndarray
    indices: np.ndarray
    neurons: int
    duration: float

    def __post_init__(self) -> None:
        times, indices = _checks.bare("times", self.times, brian2.second).astype(float), np.asarray(self.indices)
        duration = _checks.bare("duration", self.duration, brian2.second)
        if duration.ndim or not 0 < duration < np.inf:
            raise BioplastError(f"duration is {_checks.in_short(self.duration)}: one positive time is accepted")
        object.__setattr__(self, "duration", float(duration))
        if times.ndim != 1 or times.shape != indices.shape:
            raise BioplastError(f"times {times.shape} and indices {indices.shape} are one value for each spike")
        if indices.size and (indices.dtype.kind not in "iu" or indices.min() < 0 or indices.max() >= self.neurons):
            raise BioplastError(f"indices are whole numbers from 0 to {self.neurons - 1}")
        if not ((times >= 0) & (times < self.duration)).all():
            raise BioplastError(f"spikes lie from 0 to before {self.duration} s")
        order = np.lexsort((indices, times))
        object.__setattr__(self, "times", times[order])
        object.__setattr__(self, "indices", indices[order].astype(np.int64))

    @classmethod
    def of_raster(cls, raster: Any, dt: Any) -> SpikeTrains:
        """The spikes of a raster, each at the beginning of its step.

        Parameters
        ----------
        raster : array [steps, neurons]
            Truth values, or 0 and 1.
        dt : quantity [time]
            The duration of a step.
        """
        given, step = np.asarray(raster), _checks.time("dt", dt)
        if given.ndim != 2 or not np.isin(given, (0, 1)).all():
            raise BioplastError(
                f"a raster is [steps, neurons] of truth values, not {given.dtype} of shape {given.shape}"
            )
        rows, indices = np.nonzero(given)
        return cls(rows * step, indices, given.shape[1], len(given) * step)

    def counts(self, width: Any) -> np.ndarray:
        """How many spikes each neuron has in each bin: those with ``k*width <= t < (k + 1)*width``.

        Parameters
        ----------
        width : quantity [time]
            Of a bin. A last bin that the duration does not fill is left out.

        Returns
        -------
        ndarray of int [bins, neurons]
        """
        step = _checks.time("width", width)
        bins = int(self.duration / step + _checks.ROUNDING)
        if not bins:
            raise BioplastError(f"a width of {step} s is longer than the duration of {self.duration} s")
        rows = self._rows(step)
        inside = rows < bins
        flat = rows[inside] * self.neurons + self.indices[inside]
        return np.bincount(flat, minlength=bins * self.neurons).reshape(bins, self.neurons)

    def raster(self, dt: Any) -> np.ndarray:
        """Whether each neuron spikes in each step, [steps, neurons]: an input of a program; see `counts`."""
        return self.counts(dt) > 0

    def group(self, dt: Any, **options: Any) -> brian2.SpikeGeneratorGroup:
        """A group that emits the spikes, each in its step; several of a neuron in one step are one.

        Parameters
        ----------
        dt : quantity [time]
            The step of the group.
        **options
            As for `brian2.SpikeGeneratorGroup`, such as ``name``.
        """
        step = _checks.time("dt", dt)
        places = np.unique(self._rows(step) * self.neurons + self.indices)
        rows, indices = np.divmod(places, self.neurons)
        return brian2.SpikeGeneratorGroup(self.neurons, indices, rows * step * brian2.second, dt=dt, **options)

    def timed_array(self, dt: Any, amplitude: Any = 1.0, **options: Any) -> brian2.TimedArray:
        """A TimedArray with the amplitude in each step in which a neuron spikes and 0 in the others, [steps, neurons].

        Parameters
        ----------
        dt : quantity [time]
        amplitude : number or quantity
        **options
            As for `brian2.TimedArray`, such as ``name``.
        """
        return brian2.TimedArray(self.raster(dt) * 1.0 * amplitude, dt=dt, **options)

    def to_neo(self) -> list[neo.SpikeTrain]:
        """A Neo spike train for each neuron, from 0 to the duration, in seconds."""
        import neo

        order = np.argsort(self.indices, kind="stable")
        bounds = np.cumsum(np.bincount(self.indices, minlength=self.neurons))[:-1]
        parts = np.split(self.times[order], bounds)
        return [neo.SpikeTrain(part, units="s", t_start=0, t_stop=self.duration) for part in parts]

    def _rows(self, step: float) -> np.ndarray:
        return _checks.bins(self.times, step)
