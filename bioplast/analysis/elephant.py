"""The statistics of Neo recordings, computed by Elephant; the boundary between its objects and plain arrays.

Each function has the name and the result of its fast twin in `bioplast.analysis`: plain seconds and Hz, NaN where a
value cannot be known. It takes a `neo.Block`, a `neo.Segment`, a `neo.SpikeTrain` or a list of these; the neurons are
the spike trains in the order in which they lie there.

>>> from bioplast.analysis import elephant
>>> block = bioplast.run(network, duration)                          # doctest: +SKIP
>>> elephant.cv(block)                                               # doctest: +SKIP
>>> elephant.van_rossum(elephant.trains(block, "output"), tau=10*ms) # doctest: +SKIP
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import elephant.conversion
import elephant.spike_train_correlation
import elephant.spike_train_dissimilarity
import elephant.statistics
import neo
import numpy as np
import quantities as pq

from ..errors import BioplastError, UnknownName
from . import counts, synchrony
from ._trains import positive, seconds
from .distances import per_second

__all__ = [
    "correlation",
    "cv",
    "cv2",
    "events",
    "fano_factor",
    "isi",
    "lv",
    "rate",
    "spike_time_tiling",
    "trains",
    "van_rossum",
    "victor_purpura",
    "words",
]


def trains(recording: Any, monitor: str | None = None) -> list[neo.SpikeTrain]:
    """The spike trains of a recording, in order.

    Parameters
    ----------
    recording : neo.Block, neo.Segment, neo.SpikeTrain or a sequence of these
        Of a block with several segments, the trains of all of them.
    monitor : str, optional
        Only those that the SpikeMonitor of this name recorded.

    Returns
    -------
    list of neo.SpikeTrain

    Raises
    ------
    BioplastError
        It is none of these.
    UnknownName
        No train comes from a monitor of that name.
    """
    found = list(_trains(recording))
    if monitor is None:
        return found
    names = [str(train.annotations.get("monitor", "")) for train in found]
    if monitor not in names:
        raise UnknownName("spike monitor", monitor, set(names) - {""})
    return [train for train, name in zip(found, names, strict=True) if name == monitor]


def events(recording: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """A recording as flat arrays, for the functions of `bioplast.analysis`.

    Parameters
    ----------
    recording
        As for `trains`.

    Returns
    -------
    times : ndarray [spikes]
        In seconds, sorted by time, then neuron.
    indices : ndarray [spikes]
        The train of each.
    neurons : int
        How many trains there are.

    Raises
    ------
    BioplastError
        As `trains`.
    """
    found = trains(recording)
    times = np.concatenate([seconds(train) for train in found] or [np.empty(0)])
    indices = np.repeat(np.arange(len(found)), [len(train) for train in found])
    order = np.lexsort((indices, times))
    return times[order], indices[order], len(found)


def rate(recording: Any) -> np.ndarray:
    """Mean firing rate between a train's own start and stop, [neurons] in Hz; 0 for a silent neuron."""
    rates = [elephant.statistics.mean_firing_rate(train) for train in trains(recording)]
    return np.array([float(found.rescale("Hz").magnitude) for found in rates])


def isi(recording: Any) -> tuple[np.ndarray, np.ndarray]:
    """Inter-spike intervals, [intervals] in seconds, and the train of each, [intervals]."""
    intervals = _intervals(recording)
    indices = np.repeat(np.arange(len(intervals)), [len(found) for found in intervals])
    return np.concatenate(intervals or [np.empty(0)]), indices


def cv(recording: Any) -> np.ndarray:
    """Coefficient of variation of the intervals, [neurons]; NaN for fewer than three spikes (Elephant: 0 for two)."""
    return _of_intervals(elephant.statistics.cv, recording)


def cv2(recording: Any) -> np.ndarray:
    """Mean contrast of neighbouring intervals (Holt et al. 1996), [neurons]; NaN for fewer than three spikes."""
    return _of_intervals(elephant.statistics.cv2, recording)


def lv(recording: Any) -> np.ndarray:
    """Local variation (Shinomoto et al. 2003), [neurons]; NaN for fewer than three spikes."""
    return _of_intervals(elephant.statistics.lv, recording)


def fano_factor(trials: Any) -> np.ndarray:
    """Fano factor of each neuron's spike count over trials of equal length.

    Parameters
    ----------
    trials : neo.Block with a segment for each trial, or sequence of recordings, one for each trial
        Each as for `trains`, with the same neurons.

    Returns
    -------
    ndarray [neurons]
        NaN for a neuron that is silent in all trials, and for fewer than two trials.

    Raises
    ------
    BioplastError
        As `trains`.
    BioplastError
        The trials differ in their number of trains or in their duration.
    """
    recordings = trials.segments if isinstance(trials, neo.Block) else trials
    if not isinstance(recordings, Iterable) or isinstance(recordings, np.ndarray):
        raise BioplastError(f"trials are a neo.Block or a sequence of recordings, not a {type(trials).__name__}")
    repeated = [trains(recording) for recording in recordings]
    if len({len(found) for found in repeated}) > 1:
        raise BioplastError(f"the trials have {sorted({len(found) for found in repeated})} spike trains")
    lengths = [float(seconds(train.t_stop - train.t_start)) for found in repeated for train in found]
    if lengths and max(lengths) - min(lengths) > 1e-4:
        raise BioplastError(f"the trials last {min(lengths):g} to {max(lengths):g} s: equal durations are accepted")
    if len(repeated) < 2:
        return np.full(len(repeated[0]) if repeated else 0, np.nan)
    return np.array([elephant.statistics.fanofactor(list(neuron)) for neuron in zip(*repeated, strict=True)])


def correlation(recording: Any, bin: Any) -> np.ndarray:
    """Pearson's correlation of the spike counts in bins.

    Parameters
    ----------
    recording
        As for `trains`; trains of the same start and stop.
    bin : float
        In seconds.

    Returns
    -------
    ndarray [neurons, neurons]
        NaN for a silent neuron.

    Raises
    ------
    BioplastError
        As `trains`.
    BioplastError
        The bin is not positive, or the trains share no time.
    """
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore")  # a silent train, or a last bin that is left out: both are documented
        binned = elephant.conversion.BinnedSpikeTrain(trains(recording), bin_size=positive("bin", bin) * pq.s)
        found = np.atleast_2d(elephant.spike_train_correlation.correlation_coefficient(binned))
    return np.asarray(found, dtype=float)


def words(recording: Any, bin: Any) -> np.ndarray:
    """Binary words for the functions of `bioplast.analysis.complexity`: whether each train has a spike in each bin.

    Parameters
    ----------
    recording
        As for `trains`; trains of the same start and stop, where the first bin begins and no bin goes beyond.
    bin : float
        In seconds. A spike on a border belongs to the later bin, one at the stop to none.

    Returns
    -------
    ndarray of uint8 [neurons, bins]

    Raises
    ------
    BioplastError
        As `trains`.
    BioplastError
        There are no trains, they differ in start or stop, or the bin is not positive or longer than they are.
    """
    found = trains(recording)
    if not found:
        raise BioplastError("the recording has no spike train")
    start, stop = _window(found)
    times, indices, neurons = events(found)
    return counts.words(times, indices, neurons, stop - start, bin, start)


def spike_time_tiling(recording: Any, window: Any) -> np.ndarray:
    """Spike-time tiling coefficient of every pair (Cutts and Eglen 2014).

    The one function that does not ask Elephant: up to its version 1.2.1 the window there grows by 1e-5 of the time
    since the time origin, so that 5 ms are 11 ms after ten minutes (github.com/NeuralEnsemble/elephant/pull/706).

    Parameters
    ----------
    recording
        As for `trains`; trains of the same start and stop.
    window : float
        Two spikes at most this far apart are synchronous, in seconds.

    Returns
    -------
    ndarray [neurons, neurons]
        NaN for a silent neuron.

    Raises
    ------
    BioplastError
        As `trains`.
    BioplastError
        The window is not positive, or the trains differ in start or stop.
    """
    found = trains(recording)
    if not found:
        return np.empty((0, 0))
    start, stop = _window(found)
    times, indices, neurons = events(found)
    # A Neo train may end with a spike at t_stop, which belongs to it.
    times = np.minimum(times, stop - 2e-9)
    return synchrony.spike_time_tiling(times, indices, neurons, stop - start, window, start)


def van_rossum(recording: Any, tau: Any) -> np.ndarray:
    """Van Rossum's distance (2001) of every pair, 1 between a single spike and none.

    Parameters
    ----------
    recording
        As for `trains`.
    tau : float
        Time constant in seconds.

    Returns
    -------
    ndarray [neurons, neurons]

    Raises
    ------
    BioplastError
        As `trains`.
    BioplastError
        The time constant is not positive.
    """
    constant = positive("tau", tau, infinite=True) * pq.s
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "van_rossum_distance: very small negative", RuntimeWarning)
        return elephant.spike_train_dissimilarity.van_rossum_distance(_times(recording), constant)


def victor_purpura(recording: Any, cost: Any) -> np.ndarray:
    """Victor and Purpura's distance (1996) of every pair.

    Parameters
    ----------
    recording
        As for `trains`.
    cost : float
        Of moving a spike, per second.

    Returns
    -------
    ndarray [neurons, neurons]

    Raises
    ------
    BioplastError
        As `trains`.
    BioplastError
        The cost is negative or infinite.
    """
    q = per_second(cost) / pq.s
    return np.asarray(elephant.spike_train_dissimilarity.victor_purpura_distance(_times(recording), q), dtype=float)


def _trains(recording: Any) -> Iterator[neo.SpikeTrain]:
    if isinstance(recording, neo.SpikeTrain):
        yield recording
    elif isinstance(recording, neo.Segment):
        yield from recording.spiketrains
    elif isinstance(recording, neo.Block):
        for segment in recording.segments:
            yield from segment.spiketrains
    elif isinstance(recording, Iterable) and not isinstance(recording, str | np.ndarray):
        for part in recording:
            yield from _trains(part)
    else:
        raise BioplastError(
            f"a recording is a neo.Block, Segment, SpikeTrain or a list of these, not a {type(recording).__name__}; "
            "bioplast.analysis has the same functions for arrays"
        )


def _window(trains: list[neo.SpikeTrain]) -> tuple[float, float]:
    """The start and the stop of all trains, in seconds."""
    start, stop = (np.array([float(seconds(getattr(train, end))) for train in trains]) for end in ("t_start", "t_stop"))
    if np.ptp(start) > 1e-9 or np.ptp(stop) > 1e-9:
        raise BioplastError("the spike trains differ in t_start or t_stop: cut them with time_slice first")
    return float(start[0]), float(stop[0])


def _intervals(recording: Any) -> list[np.ndarray]:
    found = (np.sort(train.rescale("s").magnitude) for train in trains(recording))
    return [elephant.statistics.isi(times) for times in found]


def _of_intervals(statistic: Any, recording: Any) -> np.ndarray:
    intervals = _intervals(recording)
    with np.errstate(invalid="ignore"):
        return np.array([statistic(found) if len(found) > 1 else np.nan for found in intervals], dtype=float)


def _times(recording: Any) -> list[pq.Quantity]:
    """Spike times without start and stop, which the distances do not depend on, all in seconds."""
    return [seconds(train) * pq.s for train in trains(recording)]
