"""Requirements that several patterns share, each as a violation [N] on the scale of `score`."""

from __future__ import annotations

import numpy as np

from ..response.spike_trains import Intervals, SpikeTrains
from ..response.sweep import Window
from .score import at_least, at_most

# An interval is as long as another if neither is more than half longer.
ALIKE = 1.5
# Spikes of a burst are at least so many times closer to each other than to what comes before and after.
BURST = 3.0
# The fewest spikes of a burst.
BURST_SPIKES = 3


def settled(train: SpikeTrains, window: Window) -> Intervals:
    """The intervals that end in the second half of a window, when the onset is over."""
    ends = np.where(np.isfinite(train.times), train.times, np.nan)[:, 1:]
    gaps = train.intervals
    if ends.shape[1] == 0:
        return gaps
    return gaps.only(ends >= window.part(0.5, 1).start[:, None])


def regular(intervals: Intervals) -> np.ndarray:
    """They are alike; at least two are needed."""
    return at_most(np.where(intervals.count >= 2, intervals.spread, np.nan), ALIKE)


def goes_on(train: SpikeTrains, end: np.ndarray, longest: np.ndarray) -> np.ndarray:
    """The firing lasts until `end`: no more than 1.5 of the given intervals are left without a spike."""
    return at_most((end - train.last) / longest, ALIKE)


class Bursts:
    """A train cut into bursts.

    The intervals of each candidate are sorted; the largest ratio of two neighbours separates those within bursts from
    those between bursts. With fewer than two intervals nothing is cut.

    Attributes
    ----------
    separation : ndarray [N]
        That ratio: the shortest interval between bursts over the longest within; NaN with fewer than two intervals.
    sizes : ndarray [N, K]
        The number of spikes of each burst, in order, padded with 0.
    between : Intervals
        From the last spike of a burst to the first of the next, in their places.
    within : Intervals
        The others, in their places.
    """

    def __init__(self, train: SpikeTrains):
        gaps = train.intervals.values
        ordered = np.sort(np.where(np.isfinite(gaps), gaps, np.inf), axis=1)
        ordered = np.concatenate([ordered, np.full((len(ordered), 1), np.inf)], axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(np.isfinite(ordered[:, 1:]) & (ordered[:, 1:] > 0), ordered[:, 1:] / ordered[:, :-1], 0.0)
        jump = ratio.argmax(axis=1)
        rows = np.arange(len(gaps))
        largest = ratio[rows, jump]
        some = train.intervals.count >= 2
        self.separation = np.where(some, largest, np.nan)
        limit = np.where(some, ordered[rows, jump], np.inf)
        long = np.isfinite(gaps) & (gaps > limit[:, None])
        self.between = Intervals(np.where(long, gaps, np.nan))
        self.within = Intervals(np.where(long, np.nan, gaps))
        spikes = np.isfinite(train.times)
        order = np.zeros(spikes.shape, dtype=int)
        width = min(long.shape[1], spikes.shape[1] - 1)
        order[:, 1:] = np.cumsum(long[:, :width], axis=1)
        count = order.max(axis=1, initial=0, where=spikes) + 1
        self.sizes = np.zeros((len(gaps), int(count.max())), dtype=int)
        np.add.at(self.sizes, (np.broadcast_to(rows[:, None], order.shape)[spikes], order[spikes]), 1)

    @property
    def count(self) -> np.ndarray:
        """The number of bursts [N], single spikes counted as well."""
        return (self.sizes > 0).sum(axis=1)

    def size(self, k: int) -> np.ndarray:
        """The number of spikes of burst k [N], negative from the last."""
        count = self.count
        index = np.broadcast_to(k if k >= 0 else count + k, count.shape)
        inside = (index >= 0) & (index < count)
        return np.where(inside, self.sizes[np.arange(len(count)), np.where(inside, index, 0)], 0)

    @property
    def smallest(self) -> np.ndarray:
        """The fewest spikes [N] of a burst; of several, the last does not count, since the stimulus may cut it."""
        counts = np.where(self.sizes > 0, self.sizes, np.iinfo(int).max)
        column = np.arange(counts.shape[1])
        number = self.count
        counted = (column < (number - 1)[:, None]) | ((number == 1)[:, None] & (column == 0))
        return np.where(number > 0, np.where(counted, counts, np.iinfo(int).max).min(axis=1), 0)


def apart(separation: np.ndarray) -> np.ndarray:
    """Bursts are set off from what surrounds them."""
    return at_least(separation, BURST)
