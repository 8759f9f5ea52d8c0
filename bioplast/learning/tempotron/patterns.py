"""Spatiotemporal patterns of spikes, one after the other in plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...errors import BioplastError

__all__ = ["Patterns"]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Patterns of spikes of the same afferents.

    Attributes
    ----------
    first : array [patterns + 1]
        Where the spikes of each pattern begin.
    times, afferents : array [spikes]
        Seconds and whose spike it is, sorted by time within each pattern.
    size : int
        The number of afferents.
    """

    first: np.ndarray
    times: np.ndarray
    afferents: np.ndarray
    size: int

    def __len__(self) -> int:
        return len(self.first) - 1

    def __getitem__(self, pattern: int) -> tuple[np.ndarray, np.ndarray]:
        """Times and afferents of one pattern."""
        here = slice(self.first[pattern], self.first[pattern + 1])
        return self.times[here], self.afferents[here]

    @classmethod
    def of_latencies(cls, latencies: ArrayLike) -> Patterns:
        """Patterns in which each afferent spikes once.

        Parameters
        ----------
        latencies : array [patterns, afferents]
            Seconds from the start; infinite for an afferent that is silent.

        Raises
        ------
        BioplastError
            For another shape, or times that are negative or NaN.
        """
        latencies = np.asarray(latencies, dtype=float)
        if latencies.ndim != 2 or not (latencies >= 0).all():
            raise BioplastError(
                f"latencies of shape {latencies.shape}: times [patterns, afferents], none negative, are accepted"
            )
        each = [np.flatnonzero(np.isfinite(row)) for row in latencies]
        return cls.of_events([(row[i], i) for row, i in zip(latencies, each, strict=True)], latencies.shape[1])

    @classmethod
    def of_events(cls, events: Sequence[tuple[Any, Any]], size: int) -> Patterns:
        """Patterns from lists of spikes.

        Parameters
        ----------
        events : sequence of tuple (array [spikes], array [spikes])
            For each pattern the times in seconds and the afferents, in any order.
        size : int
            The number of afferents.

        Raises
        ------
        BioplastError
            For times that are negative or not finite, or an afferent that does not exist.
        """
        times, afferents, first = [], [], [0]
        for k, (t, i) in enumerate(events):
            t, i = np.asarray(t, dtype=float), np.asarray(i)
            if t.ndim != 1 or t.shape != i.shape or not (np.isfinite(t) & (t >= 0)).all():
                raise BioplastError(f"pattern {k}: finite times, none negative, and as many afferents are accepted")
            if (i != np.round(i)).any() or ((i < 0) | (i >= size)).any():
                raise BioplastError(f"pattern {k}: the afferents are whole numbers from 0 to {size - 1}")
            order = np.lexsort((i, t))
            times.append(t[order])
            afferents.append(i[order].astype(np.int32))
            first.append(first[-1] + len(t))
        empty = np.zeros(0)
        return cls(
            np.array(first), np.concatenate([empty, *times]), np.concatenate([empty.astype(np.int32), *afferents]), size
        )

    @classmethod
    def of_rasters(cls, rasters: ArrayLike, dt: float) -> Patterns:
        """Patterns from rasters.

        Parameters
        ----------
        rasters : array [patterns, steps, afferents]
            Spikes, 0 and 1.
        dt : float
            The duration of a step in seconds; step k is the time ``k*dt``.

        Raises
        ------
        BioplastError
            For another shape.
        """
        rasters = np.asarray(rasters)
        if rasters.ndim != 3 or not ((rasters == 0) | (rasters == 1)).all():
            raise BioplastError(f"rasters of shape {rasters.shape}: 0 and 1 [patterns, steps, afferents] are accepted")
        events = [tuple(np.nonzero(raster)) for raster in rasters]
        return cls.of_events([(steps * dt, i) for steps, i in events], rasters.shape[2])
