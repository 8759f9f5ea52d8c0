"""A recording: spikes and signals with their units and times, from a run or from a file, and as input for a program."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Quantity, SpikeGeneratorGroup, TimedArray, get_unit, second
from brian2.units.fundamentalunits import get_or_create_dimension

from ..errors import BioplastError, UnknownName
from ..program import Output

__all__ = ["Recording", "Signal", "Trains", "left_out", "recorded"]


@dataclass(frozen=True)
class Trains:
    """The spikes of a population, sorted by time, then neuron.

    Attributes
    ----------
    times : ndarray [spikes]
        In seconds.
    indices : ndarray [spikes]
        Neurons, from 0 to `neurons` - 1.
    neurons : int
        How many neurons there are, with those that never spiked.
    start, stop : float
        When the recording began and ended, in seconds.
    dt : float or None
        The step, in seconds, where times are multiples of one.
    """

    times: np.ndarray
    indices: np.ndarray
    neurons: int
    start: float
    stop: float
    dt: float | None = None

    def by_neuron(self) -> list[np.ndarray]:
        """The times of each neuron."""
        order = np.argsort(self.indices, kind="stable")
        cuts = np.cumsum(np.bincount(self.indices, minlength=self.neurons))[:-1]
        return np.split(self.times[order], cuts)


@dataclass(frozen=True)
class Signal:
    """A variable of several neurons at regular times.

    Attributes
    ----------
    values : ndarray [steps, neurons]
        In SI base units.
    dimensions : tuple of float
        The exponents of the SI base units m, kg, s, A, K, mol, cd.
    start, dt : float
        The first time and the step, in seconds.
    neurons : ndarray [neurons]
        Which they are in their group.
    """

    values: np.ndarray
    dimensions: tuple[float, ...]
    start: float
    dt: float
    neurons: np.ndarray

    @property
    def unit(self) -> str:
        """The unit in the form that files have: "V", "A", "1", or a product of SI base units."""
        found = str(get_unit(get_or_create_dimension(list(self.dimensions))))
        return "1" if found in ("1", "1.") else found


@dataclass(frozen=True)
class Recording:
    """What was recorded.

    Attributes
    ----------
    spikes : mapping
        `Trains` by the name of the monitor or population.
    signals : mapping
        `Signal` by name: ``"MONITOR.VARIABLE"`` of a StateMonitor, ``"MONITOR.rate"`` of a PopulationRateMonitor.
    notes : mapping
        How it was made, as far as the file says: for a run its target, seed, groups with equations and parameters.
    """

    spikes: Mapping[str, Trains] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def inputs(self, names: Mapping[str, str] | None = None) -> dict[str, Any]:
        """What a program takes as `inputs`.

        Parameters
        ----------
        names : mapping, optional
            The recorded population or signal for each input of the program; by default each has its own name.

        Returns
        -------
        dict
            For spikes (times in seconds, neurons), for signals a Quantity [steps, neurons].

        Raises
        ------
        UnknownName
            For what was not recorded.

        Examples
        --------
        >>> program(inputs=exchange.read_nwb("monday.nwb").inputs({"input": "spikes"}))  # doctest: +SKIP
        """
        every: dict[str, Trains | Signal] = {**self.spikes, **self.signals}
        names = {name: name for name in every} if names is None else names
        found: dict[str, Any] = {}
        for name, recorded_as in names.items():
            if recorded_as not in every:
                raise UnknownName("recording", recorded_as, every)
            one = every[recorded_as]
            if isinstance(one, Trains):
                found[name] = (one.times, one.indices)
            else:
                found[name] = Quantity(one.values, dim=get_or_create_dimension(list(one.dimensions)))
        return found

    def group(self, name: str, /, **options: Any) -> SpikeGeneratorGroup:
        """A SpikeGeneratorGroup that spikes as a population did.

        Parameters
        ----------
        name : str
        **options
            As of SpikeGeneratorGroup, such as ``name`` and ``dt``.

        Raises
        ------
        UnknownName
            For a population that was not recorded.
        """
        if name not in self.spikes:
            raise UnknownName("recorded population", name, self.spikes)
        trains = self.spikes[name]
        return SpikeGeneratorGroup(trains.neurons, trains.indices, trains.times * second, **options)

    def timed_array(self, name: str, /, **options: Any) -> TimedArray:
        """A TimedArray with the values of a signal, ``NAME(t, i)`` in equations.

        Its first row is the first of the recording, whatever the time of that.

        Raises
        ------
        UnknownName
            For a signal that was not recorded.
        """
        if name not in self.signals:
            raise UnknownName("recorded signal", name, self.signals)
        signal = self.signals[name]
        values = Quantity(signal.values, dim=get_or_create_dimension(list(signal.dimensions)))
        return TimedArray(values, dt=signal.dt * second, **options)


def recorded(given: Any) -> Recording:
    """A recording of the `Output` of a program, or a recording as it is.

    Raises
    ------
    BioplastError
        For anything else.
    """
    if isinstance(given, Recording):
        return given
    if not isinstance(given, Output):
        raise BioplastError(f"the Output of a program or a Recording is accepted, not a {type(given).__name__}")
    monitors = given.about["monitors"]
    spikes = {}
    for name, each in given.spikes.items():
        dt, first = monitors[name]["dt"], monitors[name]["first_step"]
        bounds = first * dt, (first + given.steps[name]) * dt
        spikes[name] = Trains(each.times, each.indices, each.neurons, *bounds, dt)
    signals = {}
    for kind in (given.states, given.rates):
        for name, states in kind.items():
            about = monitors[name]
            for variable, values in states.items():
                if variable == "t":
                    continue
                plain = np.asarray(values, dtype=float)
                plain = plain[:, None] if plain.ndim == 1 else plain
                chosen = about.get("record")
                known = chosen is not None and len(chosen) == plain.shape[1]
                neurons = np.asarray(chosen) if known else np.arange(plain.shape[1])
                start = float(states["t"][0]) if len(states["t"]) else about["first_step"] * about["dt"]
                dimensions = tuple(float(n) for n in about["dimensions"][variable])
                signals[f"{name}.{variable}"] = Signal(plain, dimensions, start, about["dt"], neurons)
    notes = {"target": given.target, "seed": given.seed, "start": given.start, "duration": given.duration}
    groups = json.loads(json.dumps(given.about.get("groups", {}), default=_plain))
    return Recording(spikes, signals, {**notes, "groups": groups})


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value).tolist()
    return str(value)


def left_out(format: str, path: Any, what: list[str]) -> None:
    """Say in one warning what a file does not hold."""
    if what:
        warnings.warn(f"{path}: {format} holds no place for {', '.join(what)}", UserWarning, stacklevel=3)


def checked_trains(
    where: str, times: np.ndarray, indices: np.ndarray, neurons: int, bounds: tuple[float, float], dt: Any
) -> Trains:
    """Spikes from a file, sorted and within their bounds.

    Parameters
    ----------
    where : str
        File and population, for messages.
    times, indices : ndarray [spikes]
        In seconds, and neurons.
    neurons : int
    bounds : (float, float)
        Start and stop in seconds.
    dt : float or None

    Raises
    ------
    BioplastError
        For a time or a neuron that cannot be.
    """
    times = np.asarray(times, dtype=np.float64)
    start, stop = (float(b) for b in bounds)
    if times.shape != np.shape(indices) or times.ndim != 1:
        raise BioplastError(f"{where}: {np.size(times)} spike times, but {np.size(indices)} neurons of them")
    if not np.isfinite(times).all() or not np.isfinite([start, stop]).all():
        raise BioplastError(f"{where}: a spike time is NaN or infinite")
    if times.size and times.min() < min(start, 0.0):
        raise BioplastError(f"{where}: a spike at {times.min():g} s: times from {start:g} s on are accepted")
    if start > stop:
        raise BioplastError(f"{where}: it begins at {start:g} s and ends at {stop:g} s")
    if times.size and (times.min() < start or times.max() > stop):
        outside = f"spikes from {times.min():g} to {times.max():g} s"
        raise BioplastError(f"{where}: {outside}, where it begins at {start:g} s and ends at {stop:g} s")
    if np.size(indices) and not (np.min(indices) >= 0 and np.max(indices) < neurons):
        raise BioplastError(f"{where}: neuron {np.max(indices)}: 0 to {neurons - 1} are accepted")
    indices = np.asarray(indices, dtype=np.int64).astype(np.int32)
    order = np.lexsort((indices, times))
    usable = isinstance(dt, float | np.floating) and np.isfinite(dt) and dt > 0
    return Trains(times[order], indices[order], neurons, start, stop, float(dt) if usable else None)
