"""Spike trains of Neo: a list that makes each when it is asked for, and their times as plain arrays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import neo
import numpy as np
import quantities as pq
from neo.core.spiketrainlist import SpikeTrainList


@dataclass(frozen=True, eq=False)
class Recording:
    """What one SpikeMonitor recorded, sorted by neuron, then time.

    Attributes
    ----------
    monitor, source, definition : str
        The names of the monitor, of the recorded group and of what defines it.
    times : ndarray [spikes]
        In ms.
    bounds : sequence of int [neurons + 1]
        The spikes of neuron k are those from ``bounds[k]`` to, not including, ``bounds[k + 1]``.
    variables : mapping
        What else was recorded, [spikes] by name.
    t_start, t_stop : float
        When the recording began and ended, in ms.
    dt : float
        The step of its clock, in seconds.
    """

    monitor: str
    source: str
    definition: str
    times: np.ndarray
    bounds: Sequence[int]
    variables: Mapping[str, np.ndarray]
    t_start: float
    t_stop: float
    dt: float

    @property
    def neurons(self) -> int:
        """How many trains there are."""
        return len(self.bounds) - 1

    def train(self, neuron: int) -> neo.SpikeTrain:
        """A new train of a neuron, with data of its own."""
        chosen = slice(self.bounds[neuron], self.bounds[neuron + 1])
        train = neo.SpikeTrain(
            self.times[chosen].copy(),
            units=pq.ms,
            t_start=self.t_start,
            t_stop=self.t_stop,
            sampling_rate=1 / (self.dt * pq.s),
            name=f"{self.monitor}[{neuron}]",
            monitor=self.monitor,
            source=self.source,
            neuron=neuron,
            definition=self.definition,
        )
        if self.variables:
            train.array_annotate(**{name: values[chosen].copy() for name, values in self.variables.items()})
        return train


class Part(NamedTuple):
    """What one train has of a recording: `times` [spikes] in seconds; `neuron` is None where it is not known."""

    monitor: str
    neuron: int | None
    times: np.ndarray


class Seconds:
    """How many seconds units are, found out once: to rescale a train takes 2 ms, to compare its units 0.1 ms."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], tuple[np.ndarray, Any]] = {}

    def per(self, units: pq.dimensionality.Dimensionality, dtype: np.dtype) -> np.ndarray:
        """What `Quantity.rescale` multiplies an array of this type by."""
        key = (dtype, *map(id, units), *units.values())
        if key not in self._known:  # with the units, which keeps their ids theirs
            self._known[key] = pq.Quantity(1, units, dtype=dtype).rescale(pq.s).magnitude, units
        return self._known[key][0]


class RecordedTrains(SpikeTrainList):
    """The trains of recordings, one recording after the other, each made when it is asked for.

    Items, slices and iteration make the trains that they give, `len` none. Whatever else is done to the list makes all
    of them and turns it into Neo's own list for good; pickling does, so that whoever reads a file needs Neo alone.

    Parameters
    ----------
    recordings : iterable of Recording
    parent : neo.Segment
        What the trains belong to.
    """

    def __init__(self, recordings: Iterable[Recording], parent: neo.Segment):
        super().__init__(parent=parent)
        del self._items  # Neo's list of trains; see __getattr__
        self._recordings = tuple(recordings)
        self._first = [0, *accumulate(recording.neurons for recording in self._recordings)]
        self._made: dict[int, neo.SpikeTrain] = {}

    def __len__(self) -> int:
        return self._first[-1]

    def __getitem__(self, i: Any) -> Any:
        chosen = range(len(self))[i]
        if isinstance(chosen, range):
            return SpikeTrainList(items=[self._train(number) for number in chosen])
        return self._train(chosen)

    def __iter__(self) -> Iterator[neo.SpikeTrain]:
        number = 0
        while number < len(self):  # as of any list, it may change meanwhile
            yield self[number]
            number += 1

    def _train(self, number: int) -> neo.SpikeTrain:
        if number not in self._made:
            place = bisect_right(self._first, number) - 1
            train = self._recordings[place].train(number - self._first[place])
            train.segment = self.segment
            self._made.setdefault(number, train)
        return self._made[number]

    def parts(self, seconds: Seconds) -> Iterator[Part]:
        """What `parts` gives; no train is made for it."""
        for first, recording in zip(self._first, self._recordings, strict=False):
            times = recording.times * seconds.per(pq.ms.dimensionality, recording.times.dtype)
            for neuron, (begin, end) in enumerate(zip(recording.bounds, recording.bounds[1:], strict=False)):
                if first + neuron in self._made:
                    yield _part(self._made[first + neuron], seconds)
                else:
                    yield Part(recording.monitor, neuron, times[begin:end])

    # Neo's own list ---------------------------------------------------------------------------------------------------

    def _become_plain(self) -> None:
        trains = [self._train(number) for number in range(len(self))]
        for name in ("_recordings", "_first", "_made"):
            delattr(self, name)
        self._items = trains
        self.__class__ = SpikeTrainList

    def __getattr__(self, name: str) -> Any:
        if name != "_items":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._become_plain()
        return self._items

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._become_plain()
        return self.__reduce_ex__(protocol)

    # Neo's own do not read `_items` first: one sets them, the others ask whether another list is of this very class.

    def clear(self) -> None:
        self._become_plain()
        self.clear()

    def __add__(self, other: Any) -> Any:
        self._become_plain()
        return self + other

    def __iadd__(self, other: Any) -> Any:
        self._become_plain()
        self += other
        return self


def parts(trains: Iterable[neo.SpikeTrain]) -> Iterator[Part]:
    """What each train says of itself; the monitor of one without annotations is called "spikes"."""
    seconds = Seconds()
    if isinstance(trains, RecordedTrains):
        yield from trains.parts(seconds)
    else:
        for train in trains:
            yield _part(train, seconds)


def _part(train: neo.SpikeTrain, seconds: Seconds) -> Part:
    times = train.magnitude * seconds.per(train.dimensionality, train.dtype)
    notes = train.annotations
    return Part(notes.get("monitor", "spikes"), notes.get("neuron"), np.asarray(times, dtype=float))
