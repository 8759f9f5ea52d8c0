"""NWB files: spikes as units, signals as time series, and how they were made as a note."""

from __future__ import annotations

import datetime
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BioplastError
from ..files import write_bytes
from ..version import __version__
from .hdf5 import flat_error, opened, unusable
from .needs import needed
from .recording import Recording, Signal, Trains, checked_trains, recorded

__all__ = ["read_nwb", "write_nwb"]

_NOTE = "bioplast"
#: The name that NWB has for a unit, and how many SI units it is.
_UNITS: dict[str, tuple[tuple[int, ...], float]] = {
    **{name: ((2, 1, -3, -1, 0, 0, 0), scale) for name, scale in {"volts": 1, "V": 1, "mV": 1e-3, "uV": 1e-6}.items()},
    **{name: ((0, 0, 0, 1, 0, 0, 0), s) for name, s in {"amperes": 1, "A": 1, "nA": 1e-9, "pA": 1e-12}.items()},
    **{name: ((-2, -1, 3, 2, 0, 0, 0), s) for name, s in {"siemens": 1, "S": 1, "nS": 1e-9, "uS": 1e-6}.items()},
    **{name: ((0, 0, -1, 0, 0, 0, 0), 1) for name in ("hertz", "Hz")},
    **{name: ((0, 0, 1, 0, 0, 0, 0), s) for name, s in {"seconds": 1, "s": 1, "ms": 1e-3}.items()},
    **{name: ((0,) * 7, 1) for name in ("1", "n.a.", "a.u.", "unknown", "")},
}  # fmt: skip
_BASE = ("m", "kg", "s", "A", "K", "mol", "cd")


def _unit(dimensions: tuple[float, ...]) -> str:
    for name, (known, scale) in _UNITS.items():
        if scale == 1 and tuple(dimensions) == known and name != "":
            return name
    return " ".join(f"{base}^{power:g}" for base, power in zip(_BASE, dimensions, strict=True) if power)


def _dimensions(unit: str) -> tuple[tuple[float, ...], float] | None:
    """The exponents of SI base units of a unit, and how many of these it is; None for one that is not known."""
    if unit in _UNITS:
        known, scale = _UNITS[unit]
        return tuple(float(n) for n in known), float(scale)
    powers = dict.fromkeys(_BASE, 0.0)
    for part in unit.split():
        base, _, power = part.partition("^")
        try:
            powers[base] += float(power)
        except (KeyError, ValueError):
            return None
        if base not in _BASE:
            return None
    return tuple(powers.values()), 1.0


def write_nwb(recording: Any, path: str | os.PathLike[str], *, session_start: datetime.datetime | None = None) -> Path:
    """Write a recording as an NWB file.

    Each neuron is a unit, with the columns "monitor" and "neuron" and the interval of its observation, also one that
    never spiked. Signals are TimeSeries of the acquisition, in SI units, with rate and first time. The scratch space
    has a text in JSON, "bioplast", with the groups, their equations and parameters, target and seed.

    Parameters
    ----------
    recording : Output or Recording
    path : path
    session_start : datetime, optional
        When time 0 was, with its zone; by default 1970-01-01 in UTC, since a simulation has no date and equal runs
        give equal files.

    Returns
    -------
    Path

    Raises
    ------
    BioplastError
        For a time without a zone, which NWB would take for the local one.
    TargetUnavailable
        Without the package pynwb (``pip install "bioplast[nwb]"``).

    References
    ----------
    Ruebel et al. (2022), eLife 11:e78362, doi:10.7554/eLife.78362

    Examples
    --------
    >>> exchange.write_nwb(program(), "run.nwb")  # doctest: +SKIP
    """
    pynwb = needed("pynwb", "nwb", "for NWB files")
    recording = recorded(recording)
    start = session_start or datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    if start.tzinfo is None:
        raise BioplastError(
            f"session_start is {start.isoformat()} without a zone, which NWB would take for the local one"
        )
    file = pynwb.NWBFile(
        session_description="a simulation", identifier=_identifier(recording), session_start_time=start,
        timestamps_reference_time=start, source_script=f"bioplast {__version__}", source_script_file_name="bioplast",
    )  # fmt: skip
    if recording.spikes:
        file.add_unit_column("monitor", "the monitor or population")
        file.add_unit_column("neuron", "the number of the neuron in it")
    for name, trains in recording.spikes.items():
        for neuron, times in enumerate(trains.by_neuron()):
            file.add_unit(spike_times=times, obs_intervals=[[trains.start, trains.stop]], monitor=name, neuron=neuron)
    for name, signal in recording.signals.items():
        file.add_acquisition(
            pynwb.TimeSeries(
                name=name, data=signal.values, unit=_unit(signal.dimensions), rate=1 / signal.dt,
                starting_time=signal.start, comments=json.dumps({"neurons": signal.neurons.tolist()}),
            )
        )  # fmt: skip
    steps = {name: trains.dt for name, trains in recording.spikes.items()}
    steps |= {name: signal.dt for name, signal in recording.signals.items()}
    note = json.dumps({**recording.notes, "steps": steps}, default=str)
    file.add_scratch(note, name=_NOTE, description="how it was made, in JSON")
    return _written(pynwb, file, Path(path))


def _identifier(recording: Recording) -> str:
    import hashlib

    digest = hashlib.sha256(json.dumps(recording.notes, sort_keys=True, default=str).encode())
    for name, trains in recording.spikes.items():
        digest.update(name.encode() + trains.times.tobytes() + trains.indices.tobytes())
    for name, signal in recording.signals.items():
        digest.update(name.encode() + np.ascontiguousarray(signal.values).tobytes())
    return digest.hexdigest()[:32]


def _written(pynwb: Any, file: Any, path: Path) -> Path:
    import tempfile

    # pynwb writes by name; what it wrote is put in place at once
    with tempfile.TemporaryDirectory() as folder:
        there = os.path.join(folder, "a.nwb")
        with _quiet(), pynwb.NWBHDF5IO(there, "w") as out:
            out.write(file)
        return write_bytes(path, Path(there).read_bytes())


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_nwb(path: str | os.PathLike[str]) -> Recording:
    """Read the units and the acquired time series of an NWB file.

    Parameters
    ----------
    path : path

    Returns
    -------
    Recording
        Spikes by the column "monitor" of the units, or all as "units"; a unit is the neuron of its column "neuron", or
        of its row. A recording begins and ends with its observation intervals; without them it begins at 0 and ends
        with the last spike. Signals are data*conversion + offset, in SI units.

    Raises
    ------
    BioplastError
        For a file that is damaged or hostile, and for spike times that are negative or outside their intervals.
    TargetUnavailable
        Without the package pynwb (``pip install "bioplast[nwb]"``).

    Warns
    -----
    UserWarning
        Once, for time series that are left out: of irregular times, of no numbers, of a unit that is not known.
    """
    pynwb = needed("pynwb", "nwb", "for NWB files")
    with opened(path, "NWB", soft_links=True):
        pass
    try:
        # the definitions that a file brings along are not loaded
        with _quiet(), pynwb.NWBHDF5IO(os.fspath(path), "r", load_namespaces=False) as stored:
            file = stored.read()
            notes = _notes(file)
            spikes = _units(file.units, path, notes) if file.units is not None else {}
            missing: list[str] = []
            signals = {}
            for name, series in file.acquisition.items():
                found = _signal(name, series, path, notes, missing)
                if found is not None:
                    signals[name] = found
    except BioplastError:
        raise
    except Exception as error:  # whatever a library finds wrong with a file
        raise unusable(path, f"is no NWB file, or damaged ({flat_error(error)})") from None
    if missing:
        warnings.warn(f"{os.fspath(path)}: left out: {', '.join(missing)}", UserWarning, stacklevel=2)
    notes.pop("steps", None)
    return Recording(spikes, signals, notes)


def _notes(file: Any) -> dict[str, Any]:
    """What we noted ourselves, if it is that; nothing is made of it but numbers and text."""
    found = (file.scratch or {}).get(_NOTE)
    data = getattr(found, "data", found)
    try:
        notes = json.loads(str(np.asarray(data)[()]))
    except (ValueError, RecursionError):
        return {}
    return notes if isinstance(notes, dict) else {}


def _step(notes: dict[str, Any], name: str) -> float | None:
    steps = notes.get("steps")
    found = steps.get(name) if isinstance(steps, dict) else None
    return found if isinstance(found, float) and 0 < found < np.inf else None


def _units(units: Any, path: Any, notes: dict[str, Any]) -> dict[str, Trains]:
    many = len(units)
    if many and "spike_times" not in units.colnames:
        raise unusable(path, "its units have no column 'spike_times'")
    monitors = [str(units["monitor"][k]) if "monitor" in units.colnames else "units" for k in range(many)]
    numbers = [int(units["neuron"][k]) if "neuron" in units.colnames else None for k in range(many)]
    found: dict[str, list[tuple[int, np.ndarray, np.ndarray | None]]] = {}
    for row in range(many):
        rows = found.setdefault(monitors[row], [])
        times = np.asarray(units.get_unit_spike_times(row), dtype=np.float64)
        if times.size > 1 and (np.diff(times) < 0).any():
            raise unusable(path, f"the spike times of unit {row} are not sorted")
        watched = np.asarray(units.get_unit_obs_intervals(row)) if "obs_intervals" in units.colnames else None
        own = numbers[row]
        rows.append((len(rows) if own is None else own, times, watched))
    return {
        name: _trains(f"{os.fspath(path)}: units of {name!r}", rows, _step(notes, name)) for name, rows in found.items()
    }


def _trains(where: str, rows: list[tuple[int, np.ndarray, np.ndarray | None]], dt: float | None) -> Trains:
    numbers = [number for number, _, _ in rows]
    if len(set(numbers)) < len(numbers) or min(numbers) < 0 or max(numbers) > 1 << 27:
        raise BioplastError(f"{where}: neurons {min(numbers)} to {max(numbers)}, one of them twice or out of range")
    times = np.concatenate([each for _, each, _ in rows])
    indices = np.repeat(numbers, [len(each) for _, each, _ in rows])
    intervals = [watched for _, _, watched in rows if watched is not None and watched.size]
    start, stop = 0.0, float(times.max()) if times.size else 0.0
    if intervals:
        start, stop = (float(f(np.concatenate([np.ravel(each) for each in intervals]))) for f in (np.min, np.max))
    return checked_trains(where, times, indices, max(numbers) + 1, (start, stop), dt)


def _signal(name: str, series: Any, path: Any, notes: dict[str, Any], missing: list[str]) -> Signal | None:
    data = getattr(series, "data", None)
    unit = getattr(series, "unit", None)
    if data is None or getattr(np.asarray(data[:0]).dtype, "kind", "O") not in "fiu" or np.ndim(data) not in (1, 2):
        missing.append(f"{name!r} (no series of numbers)")
        return None
    known = _dimensions(str(unit))
    if known is None:
        missing.append(f"{name!r} (in the unit {str(unit)[:40]!r})")
        return None
    if series.rate:
        start, dt = float(series.starting_time or 0.0), _step(notes, name) or 1 / float(series.rate)
    else:
        times = np.asarray(series.timestamps[:], dtype=float) if series.timestamps is not None else np.empty(0)
        gaps = np.diff(times)
        if times.size < 2 or not (gaps > 0).all() or gaps.max() - gaps.min() > 1e-6 * gaps.mean():
            missing.append(f"{name!r} (its times are not regular)")
            return None
        start, dt = float(times[0]), float((times[-1] - times[0]) / gaps.size)
    if not (np.isfinite([start, dt]).all() and dt > 0):
        raise unusable(path, f"the series {name!r} has the start {start:g} s and the step {dt:g} s")
    dimensions, scale = known
    values = np.asarray(data[:], dtype=np.float64)
    values = values[:, None] if values.ndim == 1 else values
    factor, offset = scale * float(series.conversion), scale * float(series.offset or 0.0)
    if factor != 1 or offset != 0:
        values = values * factor + offset
    return Signal(values, dimensions, start, dt, _neurons(series, values.shape[1]))


def _neurons(series: Any, many: int) -> np.ndarray:
    try:
        found = np.asarray(json.loads(series.comments)["neurons"])
    except (ValueError, TypeError, KeyError, RecursionError):
        found = np.empty(0)
    return found if found.shape == (many,) and found.dtype.kind in "iu" else np.arange(many)
