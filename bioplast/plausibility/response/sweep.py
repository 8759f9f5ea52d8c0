"""The input of many candidates at once, made of rests, steps and ramps, and the windows in which it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

# A response is compared with the rest before the event: what is watched of it is its last part.
WATCHED = 0.25


@dataclass(frozen=True)
class Piece:
    """A stretch of the input of N candidates: value + slope*(t - start) for start <= t < end; all are [N]."""

    start: np.ndarray
    end: np.ndarray
    value: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True)
class Window:
    """A stretch of time for each of N candidates, start <= t < end; both are [N], in seconds."""

    start: np.ndarray
    end: np.ndarray

    @property
    def length(self) -> np.ndarray:
        return self.end - self.start

    def part(self, low: float, high: float) -> Window:
        """A part of it; 0 is its start and 1 its end."""
        return Window(self.start + low * self.length, self.start + high * self.length)


@dataclass(frozen=True)
class Sweep:
    """One input for each of N candidates.

    Attributes
    ----------
    base : ndarray [N]
        The input at rest, in the unit of the model's input.
    pieces : tuple of Piece
        What replaces it; they do not overlap.
    windows : dict of str to Window
        The pieces by name, and for each event the time in which it is answered: from its onset until the rest before
        the next event is watched.
    rests : tuple of Window
        Where the cell has to be at rest, always at the same level: before each event.
    ranged : dict of str to Window
        Where the range of v matters, by the name of a piece or event.
    aftermath : ndarray [N] or None
        From when on the course of v after the last spike matters.
    end : ndarray [N]
        The end of each candidate's sweep.
    """

    base: np.ndarray
    pieces: tuple[Piece, ...]
    windows: Mapping[str, Window]
    rests: tuple[Window, ...]
    end: np.ndarray
    ranged: Mapping[str, Window] = field(default_factory=dict)
    aftermath: np.ndarray | None = None

    @property
    def size(self) -> int:
        """N."""
        return len(self.base)

    def current(self, times: np.ndarray) -> np.ndarray:
        """The input at the given times [steps] as [steps, N]."""
        t = np.asarray(times, dtype=float)[:, None]
        current = np.broadcast_to(self.base, (len(t), self.size)).copy()
        for piece in self.pieces:
            inside = (t >= piece.start) & (t < piece.end)
            current = np.where(inside, piece.value + piece.slope * (t - piece.start), current)
        return current


class Waveform:
    """Builds a Sweep event by event, in the order of time.

    Parameters
    ----------
    size : int
        The number of candidates, N. All durations and amplitudes are numbers or [N].
    base : number or ndarray [N]
        The input at rest.
    """

    def __init__(self, size: int, base: float | np.ndarray = 0.0):
        self._base = self._each(base, size)
        self._now = np.zeros(size)
        self._pieces: list[Piece] = []
        self._windows: dict[str, Window] = {}
        self._rests: list[Window] = []
        self._ranged: dict[str, tuple[float, float]] = {}
        self._event: tuple[str, np.ndarray] | None = None
        self._aftermath: np.ndarray | None = None

    def rest(self, duration: float | np.ndarray, watched: float = WATCHED) -> Waveform:
        """Nothing but the base. It ends the answer to the event before; its last part is watched."""
        end = self._now + duration
        seen = end - watched * np.broadcast_to(duration, end.shape)
        self._close(seen)
        self._rests.append(Window(seen, end))
        self._now = end
        return self

    def event(self, name: str) -> Waveform:
        """From here on until the next rest is watched, the cell answers to the event `name`."""
        self._close(self._now)
        self._event = (name, self._now)
        return self

    def pause(self, duration: float | np.ndarray) -> Waveform:
        """The base within an event, as between two pulses."""
        self._now = self._now + duration
        return self

    def piece(
        self, name: str, duration: float | np.ndarray, value: float | np.ndarray, slope: float | np.ndarray = 0.0
    ) -> Waveform:
        """A step, pulse or ramp: base + value + slope*(time since its start)."""
        size, start = len(self._now), self._now
        self._now = start + duration
        self._pieces.append(Piece(start, self._now, self._base + value, self._each(slope, size)))
        self._windows[name] = Window(start, self._now)
        return self

    def range_of(self, name: str, low: float = 0.0, high: float = 1.0) -> Waveform:
        """Watch the range of v in a part of the piece or event `name`."""
        self._ranged[name] = (low, high)
        return self

    def aftermath(self) -> Waveform:
        """Watch the course of v from here on, or from the last spike on if that is later."""
        self._aftermath = self._now
        return self

    def end(self, duration: float | np.ndarray = 0.0) -> Sweep:
        """The sweep, after a last time at the base that belongs to the answer to the last event."""
        self._now = self._now + duration
        self._close(self._now)
        return Sweep(
            self._base,
            tuple(self._pieces),
            self._windows,
            tuple(self._rests),
            self._now,
            {name: self._windows[name].part(*part) for name, part in self._ranged.items()},
            self._aftermath,
        )

    def _close(self, end: np.ndarray) -> None:
        if self._event is not None:
            name, start = self._event
            self._windows[name] = Window(start, end)
            self._event = None

    @staticmethod
    def _each(value: float | np.ndarray, size: int) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, dtype=float), (size,)).copy()


def total(windows: Iterable[Window], times: np.ndarray) -> np.ndarray:
    """Which of the times [steps] lie in one of the windows, as [steps, N]."""
    t = np.asarray(times, dtype=float)[:, None]
    return np.any([(t >= window.start) & (t < window.end) for window in windows], axis=0)
