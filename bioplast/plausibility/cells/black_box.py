"""A cell that is no equations but a function: a black box, such as a cell of another library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from brian2 import Quantity, second

from ...definition import Parameter
from ...errors import BioplastError
from ..response.features import Features, Recording, reduce
from ..response.levels import Levels
from ..response.spike_trains import SpikeTrains
from ..response.sweep import Piece, Sweep, Window

# So many voltages, each 8 bytes, are in memory at once.
SAMPLES = 2_000_000

Function = Callable[[np.ndarray, np.ndarray, float], tuple[Any, Any]]


@dataclass(frozen=True, eq=False)
class BlackBox:
    """A cell that is given as a Python function, with named and bounded parameters.

    Parameters
    ----------
    function : callable
        ``function(parameters, current, dt) -> (voltage, spikes)``. `parameters` is [candidates, n], its columns in the
        order of `parameters` below, SI base units; `current` is [steps]; `dt` is the time step in seconds. `voltage` is
        [steps, candidates], in any unit, after the step in question; `spikes` is [steps, candidates], true where a
        candidate spikes, or None. A cell starts at rest, the same at every call.
    parameters : dict of str to Parameter
        Each with bounds.
    dt : Quantity
        The time step to search with; smaller ones are used to check what was found.
    threshold : float, optional
        For a function that returns no spikes: an upward crossing of this voltage is one.
    back : float, optional
        With a threshold: what the voltage falls below between two spikes, and rests below; by default the threshold.
    parallel : bool
        The function also accepts a current [steps, candidates], which most functions written with NumPy do. A search is
        then as many times quicker as there are candidates: without it, candidates with different inputs are simulated
        one after the other.
    name, source : str

    Raises
    ------
    BioplastError
        If there is no parameter, one has no bounds, or `dt` is no time.

    Examples
    --------
    A leaky integrator, reset to rest; the current counts as voltage.

    >>> def leaky(parameters, current, dt):
    ...     tau, threshold = parameters.T
    ...     v, voltage, spikes = np.zeros(len(tau)), [], []
    ...     for drive in current:
    ...         v = v + dt / tau * (drive - v)
    ...         fired = v > threshold
    ...         v = np.where(fired, 0, v)
    ...         voltage.append(v)
    ...         spikes.append(fired)
    ...     return np.array(voltage), np.array(spikes)
    >>> from brian2 import ms
    >>> bounded = {"tau": Parameter(20*ms, low=5*ms, high=100*ms), "threshold": Parameter(1, low=0.5, high=2)}
    >>> box = BlackBox(leaky, bounded, dt=0.5*ms, parallel=True, name="leaky")
    """

    function: Function
    parameters: Mapping[str, Parameter]
    dt: Any
    threshold: float | None = None
    back: float | None = None
    parallel: bool = False
    name: str = ""
    source: str = field(default="", repr=False)

    kind = "black box"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise BioplastError(f"{self.label}: the function is {self.function!r}, which cannot be called")
        if not isinstance(self.name, str):
            raise BioplastError(f"black box: name={self.name!r} must be text")
        if self.parameters and not isinstance(self.parameters, Mapping):
            raise BioplastError(f"{self.label}: parameters={self.parameters!r} must be a dict of Parameters by name")
        for what in ("threshold", "back"):
            level = getattr(self, what)
            number = isinstance(level, int | float | np.integer | np.floating) and np.isfinite(level)
            if level is not None and (not number or isinstance(level, bool | Quantity)):
                raise BioplastError(f"{self.label}: {what}={level!r} must be a number, in the unit of the voltage")
        if not self.parameters:
            raise BioplastError(f"{self.label}: at least one parameter is needed, by its name")
        for name, parameter in self.parameters.items():
            if not isinstance(parameter, Parameter) or parameter.low is None:
                raise BioplastError(f"{self.label}: parameter {name} needs bounds: Parameter(value, low=..., high=...)")
        is_time = isinstance(self.dt, Quantity) and self.dt.dim is second.dim and not np.ndim(self.dt)
        if not (is_time and 0 < float(self.dt) < np.inf):
            raise BioplastError(f"{self.label}: dt={self.dt!r} must be a time, such as 0.1*ms")
        if self.back is not None and (self.threshold is None or self.back > self.threshold):
            raise BioplastError(f"{self.label}: back={self.back} needs a threshold, which it may not exceed")

    def __set_name__(self, owner: Any, name: str) -> None:
        # As for a definition, the place where it is kept gives it its name, once.
        if not self.name:
            object.__setattr__(self, "name", name)

    @property
    def label(self) -> str:
        """How messages call it."""
        return self.name or self.kind

    def respond(self, parameters: np.ndarray, current: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """The voltage and the spikes (bool) of all candidates, both [steps, candidates].

        Parameters
        ----------
        parameters : ndarray [candidates, n]
        current : ndarray [steps, candidates]
        dt : float
            In seconds.

        Raises
        ------
        BioplastError
            If the function breaks, or what it returns has another shape.
        """
        if self.parallel:
            return self._call(parameters, current, dt)
        alone = [self._call(parameters[k : k + 1], current[:, k], dt) for k in range(len(parameters))]
        return np.concatenate([v for v, _ in alone], axis=1), np.concatenate([s for _, s in alone], axis=1)

    def _call(self, parameters: np.ndarray, current: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
        expected = len(current), len(parameters)
        try:
            with np.errstate(all="ignore"):
                voltage, spikes = self.function(parameters, current, dt)
        except Exception as error:
            text = " ".join(str(error).split())
            raise BioplastError(f"{self.label}: its function broke with {type(error).__name__}: {text}") from error
        if spikes is None and self.threshold is None:
            raise BioplastError(f"{self.label}: it returns no spikes, so it needs a threshold=...")
        try:
            v = np.asarray(voltage, dtype=float)
            fired = self._crossings(v) if spikes is None else np.asarray(spikes).astype(bool)
        except (TypeError, ValueError) as error:
            raise BioplastError(f"{self.label}: what it returns is no array of numbers: {error}") from None
        for what, array in (("voltage", v), ("spikes", fired)):
            if array.shape != expected:
                raise BioplastError(
                    f"{self.label}: its {what} has shape {array.shape}; [steps, candidates] = {expected} is accepted"
                )
        return v, fired

    def _crossings(self, v: np.ndarray) -> np.ndarray:
        steps = np.arange(len(v))[:, None]
        above = np.maximum.accumulate(np.where(v > self.threshold, steps, -1))
        below = np.maximum.accumulate(np.where(v <= self._back, steps, -1))
        spiking = above > below
        crossed = np.zeros_like(spiking)
        crossed[1:] = spiking[1:] & ~spiking[:-1]
        return crossed

    @property
    def _back(self) -> float | None:
        return self.threshold if self.back is None else self.back

    def levels(self, size: int) -> Levels | None:
        """Those of `size` candidates; None for a function that says itself when it spikes."""
        if self.threshold is None:
            return None
        return Levels(*(np.full(size, level) for level in (self.threshold, self._back)))


class BoxPopulation:
    """What `Population` is for a definition: many candidates of a black box, called with parameters and sweeps.

    Parameters
    ----------
    box : BlackBox
    size : int
        The number of candidates, N.
    like, target, method
        As of `Population`; they mean nothing to a black box.
    dt : float, optional
        The time step in seconds; by default that of the box.
    record : bool
        Keep v at every step, so that `recording` can return it.
    """

    def __init__(
        self,
        box: BlackBox,
        size: int,
        like: Sweep | None = None,
        target: str = "",
        *,
        dt: float | None = None,
        method: Any = None,
        record: bool = False,
    ):
        self.box, self.size, self._recorded = box, size, record
        self.dt = float(box.dt) if dt is None else dt
        self._recording: Recording | None = None

    def __call__(
        self,
        parameters: Mapping[str, np.ndarray],
        sweep: Sweep,
        tau: np.ndarray | float = np.nan,
        scale: np.ndarray | float = 1.0,
    ) -> Features:
        """As `Population.__call__`."""
        columns = [parameters.get(name, float(p.value)) for name, p in self.box.parameters.items()]
        given = np.stack([np.broadcast_to(np.asarray(column, dtype=float), self.size) for column in columns], axis=1)
        units = np.stack([np.broadcast_to(x, self.size) for x in (tau, scale)], axis=1)
        steps = int(np.ceil(sweep.end.max() / self.dt)) + 1
        # A search fills a population up with candidates that it has already.
        _, chosen, places = np.unique(
            np.concatenate([given, np.nan_to_num(units), *_arrays(sweep)], axis=1),
            axis=0,
            return_index=True,
            return_inverse=True,
        )
        parts, recordings = [], []
        for part in np.array_split(chosen, -(-len(chosen) * steps // SAMPLES)):
            if len(part):
                recordings.append(self._simulate(given[part], _part(sweep, part), steps))
                parts.append(reduce(recordings[-1], _part(sweep, part), units[part, 0], units[part, 1]))
                recordings = recordings if self._recorded else recordings[-1:]
        self._recording = _joined_recordings(recordings, places) if self._recorded else None
        return _joined(parts, places)

    def _simulate(self, parameters: np.ndarray, sweep: Sweep, steps: int) -> Recording:
        times = np.arange(steps) * self.dt
        current = sweep.current(times)
        voltage, fired = self.box.respond(parameters, current, self.dt)
        index, cells = np.nonzero(fired)
        trains = SpikeTrains.from_events(times[index], cells, sweep.size)
        return Recording(times, voltage, trains, current, self.box.levels(sweep.size))

    def recording(self) -> Recording:
        """The responses of the last call, if the population was made to record them."""
        assert self._recording is not None
        return self._recording


def _arrays(sweep: Sweep) -> list[np.ndarray]:
    """All numbers of a sweep, each as [N, 1]."""
    numbers = [sweep.base, sweep.end]
    for piece in sweep.pieces:
        numbers += [piece.start, piece.end, piece.value, piece.slope]
    for window in sweep.rests:
        numbers += [window.start, window.end]
    return [number[:, None] for number in numbers]


def _part(sweep: Sweep, index: np.ndarray) -> Sweep:
    """The sweep of some candidates."""

    def windows(given: Mapping[str, Window]) -> dict[str, Window]:
        return {name: Window(w.start[index], w.end[index]) for name, w in given.items()}

    return Sweep(
        sweep.base[index],
        tuple(Piece(p.start[index], p.end[index], p.value[index], p.slope[index]) for p in sweep.pieces),
        windows(sweep.windows),
        tuple(Window(rest.start[index], rest.end[index]) for rest in sweep.rests),
        sweep.end[index],
        windows(sweep.ranged),
        None if sweep.aftermath is None else sweep.aftermath[index],
    )


def _joined_trains(trains: list[SpikeTrains], places: np.ndarray) -> SpikeTrains:
    width = max(train.times.shape[1] for train in trains)
    padded = [np.pad(t.times, ((0, 0), (0, width - t.times.shape[1])), constant_values=np.inf) for t in trains]
    return SpikeTrains(np.concatenate(padded)[places])


def _joined_levels(levels: list[Any], places: np.ndarray) -> Levels | None:
    if levels[0] is None:
        return None
    return Levels(*(np.concatenate([getattr(part, name) for part in levels])[places] for name in ("spike", "back")))


def _joined_recordings(recordings: list[Recording], places: np.ndarray) -> Recording:
    return Recording(
        recordings[0].times,
        np.concatenate([recording.voltage for recording in recordings], axis=1)[:, places],
        _joined_trains([recording.spikes for recording in recordings], places),
        np.concatenate([recording.current for recording in recordings], axis=1)[:, places],
        _joined_levels([recording.levels for recording in recordings], places),
    )


def _joined(parts: list[Features], places: np.ndarray) -> Features:
    """The features of all candidates, from those of parts of them."""
    joined: dict[str, Any] = {}
    for name in (each.name for each in fields(Features)):
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], SpikeTrains):
            joined[name] = _joined_trains(values, places)
        elif name in ("width", "lowest_spike", "highest_swing"):
            joined[name] = None if values[0] is None else np.concatenate(values)[places]
        elif name == "levels":
            joined[name] = _joined_levels(values, places)
        elif isinstance(values[0], Mapping):
            joined[name] = {key: np.concatenate([value[key] for value in values])[places] for key in values[0]}
        else:
            joined[name] = np.concatenate(values)[places]
    return Features(**joined)
