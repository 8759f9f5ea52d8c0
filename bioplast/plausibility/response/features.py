"""What the criteria read of a response: spikes, and a few numbers that say where the membrane potential was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .levels import Levels
from .spike_trains import SpikeTrains
from .sweep import Sweep, Window, total

# So many half-cycles of v after the last spike are measured.
CYCLES = 3


@dataclass(frozen=True)
class Recording:
    """The responses of N candidates.

    Attributes
    ----------
    times : ndarray [steps]
        In seconds.
    voltage : ndarray [steps, N]
        After the reset, if the model has one; in any unit.
    spikes : SpikeTrains
        In seconds.
    current : ndarray [steps, N]
        The input, in the unit of the sweep.
    levels : Levels, optional
        If no reset ends the spikes.
    """

    times: np.ndarray
    voltage: np.ndarray
    spikes: SpikeTrains
    current: np.ndarray
    levels: Levels | None = None


@dataclass(frozen=True)
class Features:
    """The reduced responses of N candidates; all arrays are [N] unless another shape is given.

    Attributes
    ----------
    spikes : SpikeTrains
    tau : ndarray
        The relaxation time of the membrane, in seconds.
    step : ndarray
        The time step, in seconds.
    rest_low, rest_high : ndarray
        The range of v while the cell should be at rest.
    top : ndarray
        The highest v from the first watched rest on.
    scale : ndarray
        The depolarization that the model's spikes start from, which makes `nearness` a number.
    low, high : dict of str to ndarray
        The range of v in the windows of `Sweep.ranged`.
    cycles : ndarray [N, CYCLES]
        After the last spike: the largest deviation from rest in each half-cycle, that is between two crossings of the
        resting level; NaN where there is none.
    half_period : ndarray
        How long the second half-cycle lasted, in seconds; NaN without one.
    trough, hump : ndarray
        After the last spike: the lowest v before, and v at, the point that v has risen to most.
    final : ndarray
        The last v.
    finite : ndarray of bool
        Whether v was finite throughout.
    driven : ndarray of bool
        Whether the input was that of the sweep, to its end.
    levels : Levels, optional
        If no reset ends the spikes.
    width : ndarray, optional
        How long a spike then lasts, the mean time above the level that it crosses; in seconds.
    lowest_spike, highest_swing : ndarray, optional
        Of the swings of v from below the level between spikes and back: the lowest peak that is a spike, and the
        highest that is none; infinite without one.
    """

    spikes: SpikeTrains
    tau: np.ndarray
    step: np.ndarray
    rest_low: np.ndarray
    rest_high: np.ndarray
    top: np.ndarray
    scale: np.ndarray
    low: Mapping[str, np.ndarray]
    high: Mapping[str, np.ndarray]
    cycles: np.ndarray
    half_period: np.ndarray
    trough: np.ndarray
    hump: np.ndarray
    final: np.ndarray
    finite: np.ndarray
    driven: np.ndarray
    levels: Levels | None = None
    width: np.ndarray | None = None
    lowest_spike: np.ndarray | None = None
    highest_swing: np.ndarray | None = None

    @property
    def longer(self) -> np.ndarray:
        """The relaxation time, or the duration of a spike that no reset ends if that is longer."""
        return self.tau if self.width is None else np.maximum(self.tau, self.width)

    @property
    def rest(self) -> np.ndarray:
        """The resting level, the middle of the range."""
        return (self.rest_low + self.rest_high) / 2

    @property
    def reach(self) -> np.ndarray:
        """How far v went above rest; NaN if it did not."""
        reach = self.top - self.rest
        return np.where(reach > 0, reach, np.nan)

    @property
    def nearness(self) -> np.ndarray:
        """How close a cell came to a spike, in [0, 1): 0 without any depolarization."""
        return self._near(self.top)

    def nearness_in(self, name: str) -> np.ndarray:
        """How close it came in a window of `Sweep.ranged`."""
        return self._near(self.high[name])

    def _near(self, high: np.ndarray) -> np.ndarray:
        x = np.clip(np.nan_to_num((high - self.rest) / self.scale, nan=0.0), 0, 1e12)
        return np.clip(x / (1 + x), 0, 1 - 1e-9)

    def answers(self, window: Window) -> SpikeTrains:
        """The spikes in a window."""
        return self.spikes.between(window.start, window.end)

    def silent(self, window: Window) -> np.ndarray:
        """The violation by spikes where none should be: log2(1 + count), the less the later the first comes."""
        train = self.answers(window)
        late = np.nan_to_num((train.first - window.start) / window.length, nan=0.0)
        return np.log2(1.0 + train.count) * (1 - 0.5 * late)


def reduce(recording: Recording, sweep: Sweep, tau: np.ndarray | float, scale: np.ndarray | float) -> Features:
    """The features of recorded responses.

    Parameters
    ----------
    recording : Recording
    sweep : Sweep
        What the candidates should have been given.
    tau, scale : ndarray [N] or float
        See `Features`.
    """
    times, size = np.asarray(recording.times, dtype=float), sweep.size
    finite = np.isfinite(recording.voltage).all(axis=0)
    v = np.where(finite, recording.voltage, 0.0)
    alive = (times[:, None] < sweep.end) & (times[:, None] >= sweep.rests[0].start)
    rest_low, rest_high = _range(v, total(sweep.rests, times))
    ranges = {name: _range(v, total([window], times)) for name, window in sweep.ranged.items()}
    last = len(times) - 1 - np.argmax(alive[::-1], axis=0)
    seen = alive & _aftermath(times, v, recording.spikes, sweep)
    rest = (rest_low + rest_high) / 2
    cycles, half_period = _half_cycles(times, v - rest, seen)
    trough, hump = _rise(v, seen)
    lowest_spike, highest_swing = _swings(v, recording.levels, alive)
    return Features(
        spikes=recording.spikes,
        tau=np.broadcast_to(np.asarray(tau, dtype=float), (size,)),
        step=np.full(size, times[1] - times[0]),
        rest_low=rest_low,
        rest_high=rest_high,
        top=_range(v, alive)[1],
        scale=np.broadcast_to(np.asarray(scale, dtype=float), (size,)),
        low={name: low for name, (low, _) in ranges.items()},
        high={name: high for name, (_, high) in ranges.items()},
        cycles=cycles,
        half_period=half_period,
        trough=trough,
        hump=hump,
        final=v[last, np.arange(size)],
        finite=finite,
        driven=_as_driven(times, recording.current, sweep),
        levels=recording.levels,
        width=_width(v, recording, sweep, alive),
        lowest_spike=lowest_spike,
        highest_swing=highest_swing,
    )


def width(aloft: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The mean duration of a spike [N], 0 without one; from the time above the level and the spikes meanwhile."""
    return np.where(count > 0, aloft / np.maximum(count, 1), 0.0)


def _width(v: np.ndarray, recording: Recording, sweep: Sweep, alive: np.ndarray) -> np.ndarray | None:
    if recording.levels is None:
        return None
    aloft = (alive & (v > recording.levels.spike)).sum(axis=0) * (recording.times[1] - recording.times[0])
    return width(aloft, recording.spikes.between(sweep.rests[0].start, sweep.end).count)


def _swings(v: np.ndarray, levels: Levels | None, alive: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The lowest peak of a spike and the highest of another swing, of those that end where `alive` [steps, N] holds."""
    if levels is None:
        return None, None
    lowest, highest = np.full(v.shape[1], np.inf), np.full(v.shape[1], -np.inf)
    for k in range(v.shape[1]):
        above = np.concatenate([[False], v[:, k] > levels.back[k]])
        starts, ends = (np.flatnonzero(edge) for edge in (above[1:] & ~above[:-1], ~above[1:] & above[:-1]))
        for start, end in zip(starts, ends, strict=False):
            if alive[end, k]:
                peak = v[start:end, k].max()
                if peak > levels.spike[k]:
                    lowest[k] = min(lowest[k], peak)
                else:
                    highest[k] = max(highest[k], peak)
    return lowest, highest


def _range(v: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest v [N] where `inside` [steps, N] holds; NaN where it never does."""
    some = inside.any(axis=0)
    low = np.where(inside, v, np.inf).min(axis=0)
    high = np.where(inside, v, -np.inf).max(axis=0)
    return np.where(some, low, np.nan), np.where(some, high, np.nan)


def _aftermath(times: np.ndarray, v: np.ndarray, spikes: SpikeTrains, sweep: Sweep) -> np.ndarray:
    """Where [steps, N] the course of v after the last spike is watched.

    A spike is over when v is below its value just before the spike: at once after a reset, otherwise on the way down.
    """
    if sweep.aftermath is None:
        return np.zeros(v.shape, dtype=bool)
    last = spikes.between(np.full(sweep.size, -np.inf), sweep.end).last
    step = times[1] - times[0]
    index = np.clip(np.round((np.nan_to_num(last, nan=times[0]) - times[0]) / step).astype(int), 0, len(times) - 1)
    before = np.where(np.isnan(last), np.inf, v[np.maximum(index - 1, 0), np.arange(sweep.size)])
    later = np.arange(len(times))[:, None] >= index
    over = np.maximum.accumulate(later & (v < before), axis=0)
    return over & (times[:, None] >= sweep.aftermath)


def _half_cycles(times: np.ndarray, deviation: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest |deviation| of the first half-cycles [N, CYCLES], and how long the second one lasted [N]."""
    above = deviation > 0
    crossed = np.zeros_like(seen)
    crossed[1:] = seen[1:] & seen[:-1] & (above[1:] != above[:-1])
    index = np.cumsum(crossed, axis=0)
    extremes = [np.where(seen & (index == k), np.abs(deviation), -np.inf).max(axis=0) for k in range(CYCLES)]
    cycles = np.stack([np.where(np.isfinite(extreme), extreme, np.nan) for extreme in extremes], axis=1)
    steps = (seen & (index == 1)).sum(axis=0)
    return cycles, np.where(steps > 0, steps * (times[1] - times[0]), np.nan)


def _rise(v: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest rise of v from a trough [N] to a later hump [N]; NaN where nothing is seen."""
    lowest = np.minimum.accumulate(np.where(seen, v, np.inf), axis=0)
    with np.errstate(invalid="ignore"):
        rise = np.where(seen, v - lowest, -np.inf)
    peak, column = rise.argmax(axis=0), np.arange(v.shape[1])
    some = seen.any(axis=0)
    return np.where(some, lowest[peak, column], np.nan), np.where(some, v[peak, column], np.nan)


def _as_driven(times: np.ndarray, current: np.ndarray, sweep: Sweep) -> np.ndarray:
    """Whether the input [steps, N] is that of the sweep, with edges that may be one sample off, [N]."""
    step = times[1] - times[0]
    reached = times[-1] > sweep.end - 1.5 * step
    if np.array_equal(current, sweep.current(times)):
        return reached
    near = np.stack([sweep.current(times + shift * step) for shift in (-1, -0.5, 0, 0.5, 1)])
    tolerance = 1e-6 * (np.abs(near).max(axis=(0, 1)) + 1e-300)
    within = (current >= near.min(axis=0) - tolerance) & (current <= near.max(axis=0) + tolerance)
    return (within | (times[:, None] >= sweep.end - step)).all(axis=0) & reached
