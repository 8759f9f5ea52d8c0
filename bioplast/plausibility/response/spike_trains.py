"""Spike trains of many candidates at once, as one padded array."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SpikeTrains:
    """The spike times of N candidates.

    Attributes
    ----------
    times : ndarray [N, M]
        In seconds, ascending in each row and padded with infinity.
    """

    times: np.ndarray

    @classmethod
    def of(cls, rows: list[np.ndarray] | list[list[float]]) -> SpikeTrains:
        """From one sequence of spike times for each candidate, sorted or not."""
        lengths = np.array([len(row) for row in rows], dtype=int)
        flat = np.concatenate([np.sort(np.asarray(row, dtype=float)) for row in rows])
        return cls.padded(flat, np.repeat(np.arange(len(rows)), lengths), len(rows))

    @classmethod
    def from_events(cls, times: np.ndarray, indices: np.ndarray, size: int) -> SpikeTrains:
        """From (times in seconds, index of the candidate), in any order."""
        order = np.lexsort((times, indices))
        return cls.padded(np.asarray(times, dtype=float)[order], np.asarray(indices)[order], size)

    @classmethod
    def padded(cls, times: np.ndarray, indices: np.ndarray, size: int) -> SpikeTrains:
        """From (times, indices) that are sorted by index, then by time."""
        counts = np.bincount(indices, minlength=size)
        rows = np.full((size, max(1, int(counts.max(initial=0)))), np.inf)
        rows[indices, np.arange(len(indices)) - np.repeat(np.cumsum(counts) - counts, counts)] = times
        return cls(rows)

    @property
    def count(self) -> np.ndarray:
        """The number of spikes [N]."""
        return np.isfinite(self.times).sum(axis=1)

    @property
    def first(self) -> np.ndarray:
        """The first spike [N], NaN where there is none."""
        return self.at(0)

    @property
    def last(self) -> np.ndarray:
        """The last spike [N], NaN where there is none."""
        return self.at(self.count - 1)

    def at(self, k: int | np.ndarray) -> np.ndarray:
        """The spike of index k, counted from 0 [N]; NaN where there is no such spike."""
        k = np.broadcast_to(k, self.times.shape[:1])
        inside = (k >= 0) & (k < self.count)
        chosen = np.take_along_axis(self.times, np.where(inside, k, 0)[:, None], axis=1)[:, 0]
        return np.where(inside, chosen, np.nan)

    def between(self, start: np.ndarray, end: np.ndarray) -> SpikeTrains:
        """The spikes with start <= time < end; `start` and `end` are [N]; none where they are NaN."""
        start, end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        inside = (self.times >= start[:, None]) & (self.times < end[:, None]) & np.isfinite(self.times)
        counts = inside.sum(axis=1)
        rows = np.full((len(counts), max(1, int(counts.max(initial=0)))), np.inf)
        rows[np.arange(rows.shape[1]) < counts[:, None]] = self.times[inside]
        return SpikeTrains(rows)

    @property
    def intervals(self) -> Intervals:
        """The inter-spike intervals, as many as there are spikes less one."""
        finite = np.isfinite(self.times)
        times = np.where(finite, self.times, np.nan)
        return Intervals(np.diff(times, axis=1, append=np.nan)[:, : max(1, times.shape[1] - 1)])


@dataclass(frozen=True)
class Intervals:
    """Inter-spike intervals [N, K] in seconds, in their order, padded with NaN."""

    values: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """How many there are [N]."""
        return np.isfinite(self.values).sum(axis=1)

    @property
    def longest(self) -> np.ndarray:
        """[N], NaN where there is none."""
        longest = np.where(np.isfinite(self.values), self.values, -np.inf).max(axis=1)
        return np.where(np.isfinite(longest), longest, np.nan)

    @property
    def shortest(self) -> np.ndarray:
        """[N], NaN where there is none."""
        shortest = np.where(np.isfinite(self.values), self.values, np.inf).min(axis=1)
        return np.where(np.isfinite(shortest), shortest, np.nan)

    @property
    def spread(self) -> np.ndarray:
        """The longest over the shortest [N], 1 for a regular train; NaN where there is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.longest / self.shortest

    def at(self, k: int | np.ndarray) -> np.ndarray:
        """The interval of index k; negative from the end [N]; NaN where there is no such interval."""
        count = self.count
        k = np.where(np.asarray(k) < 0, count + k, k)
        inside = (k >= 0) & (k < count)
        chosen = np.take_along_axis(self.values, np.where(inside, k, 0)[:, None], axis=1)[:, 0]
        return np.where(inside, chosen, np.nan)

    def only(self, mask: np.ndarray) -> Intervals:
        """Those for which `mask` [N, K] holds, in their places; `at` is then not meaningful."""
        return Intervals(np.where(mask, self.values, np.nan))
