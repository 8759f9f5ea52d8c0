"""SONATA spike files: HDF5 with times in ms and node ids, a group for each population."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..files import write_bytes
from .hdf5 import numbers, opened, unusable
from .recording import Recording, Trains, checked_trains, left_out, recorded

__all__ = ["read_sonata", "write_sonata"]

_SORTING = {"none": 0, "by_id": 1, "by_time": 2}
_MOST_NEURONS = 1 << 27


def write_sonata(recording: Any, path: str | os.PathLike[str]) -> Path:
    """Write spikes as a SONATA file, each monitor as a population, sorted by time.

    How many neurons there are, start, stop and step are attributes of the population, which other readers pass over:
    SONATA itself knows a neuron by its spikes alone.

    Parameters
    ----------
    recording : Output or Recording
    path : path

    Returns
    -------
    Path

    Warns
    -----
    UserWarning
        Once, for what the format has no place for: signals, and times that are no multiples of the step and change in
        the last bit, since they are in ms.

    References
    ----------
    Dai et al. (2020), PLoS Comput. Biol. 16:e1007696, doi:10.1371/journal.pcbi.1007696

    Examples
    --------
    >>> exchange.write_sonata(program(), "spikes.h5")  # doctest: +SKIP
    """
    recording = recorded(recording)
    content = io.BytesIO()
    missing = [f"the signal {name!r}" for name in recording.signals]
    with h5py.File(content, "w") as file:
        file.attrs["magic"] = np.uint32(0x0A7A)
        file.attrs["version"] = np.array([0, 1], dtype=np.uint32)
        for name, trains in recording.spikes.items():
            group = file.create_group(f"spikes/{name}")
            kind = h5py.enum_dtype(_SORTING, basetype="u1")
            group.attrs.create("sorting", _SORTING["by_time"], dtype=kind)
            times = group.create_dataset("timestamps", data=trains.times * 1e3)
            times.attrs["units"] = "milliseconds"
            group.create_dataset("node_ids", data=trains.indices.astype(np.uint64))
            group.attrs["neurons"] = np.uint64(trains.neurons)
            group.attrs["start"], group.attrs["stop"] = trains.start, trains.stop
            if trains.dt is not None:
                group.attrs["dt"] = trains.dt
            changed = int((_seconds(trains.times * 1e3, trains.dt) != trains.times).sum())
            if changed:
                missing.append(f"the last bit of {changed} spike times of {name!r}")
    left_out("a SONATA file of spikes", path, missing)
    return write_bytes(path, content.getvalue())


def _seconds(times: np.ndarray, dt: float | None) -> np.ndarray:
    """Times in seconds from those in ms; multiples of the step exactly as the simulator computes them."""
    plain = times / 1e3
    if dt is None:
        return plain
    steps = np.round(plain / dt)
    exact = steps * dt
    return np.where(np.abs(exact - plain) <= 4 * np.spacing(np.abs(plain)), exact, plain)


def read_sonata(path: str | os.PathLike[str]) -> Recording:
    """Read a SONATA file of spikes.

    What the file says of its order is not believed, as its spikes are sorted here. A population of another writer has
    neurons up to the highest that spiked, starts at 0 and stops with its last spike.

    Parameters
    ----------
    path : path

    Returns
    -------
    Recording
        With `Trains` by population.

    Raises
    ------
    BioplastError
        For a file that is damaged or no SONATA file, and for times and node ids that cannot be.
    """
    with opened(path, "SONATA") as file:
        spikes = file.get("spikes")
        if not isinstance(spikes, h5py.Group):
            raise unusable(path, "is no SONATA file of spikes: it lacks the group 'spikes'")
        populations = {name: group for name, group in spikes.items() if isinstance(group, h5py.Group)}
        if not populations and "timestamps" in spikes:
            populations = {"spikes": spikes}  # of version 0, without populations
        if not populations:
            raise unusable(path, "holds no population in the group 'spikes'")
        return Recording({name: _population(path, name, group) for name, group in populations.items()})


def _population(path: Any, name: str, group: h5py.Group) -> Trains:
    where = f"spikes/{name}"
    for part in ("timestamps", "node_ids"):
        if part not in group:
            raise unusable(path, f"{where} lacks {part!r}")
    given = group["timestamps"]
    times = numbers(given, path, f"{where}/timestamps", 1).astype(np.float64)
    ids = numbers(group["node_ids"], path, f"{where}/node_ids", 1)
    if ids.dtype.kind not in "iu":
        raise unusable(path, f"{where}/node_ids holds no whole numbers")
    unit = given.attrs.get("units", "milliseconds")
    unit = unit.decode("utf-8", "replace") if isinstance(unit, bytes) else unit
    if not isinstance(unit, str) or unit not in ("milliseconds", "ms", "seconds", "s"):
        raise unusable(path, f"{where}/timestamps are in {unit!r}: milliseconds and seconds are accepted")
    highest = int(ids.max()) + 1 if ids.size else 0
    if ids.size and (ids.min() < 0 or highest > _MOST_NEURONS):
        raise unusable(path, f"{where}/node_ids has {ids.min()} to {ids.max()}: 0 to {_MOST_NEURONS - 1} are accepted")
    noted = {key: _number(group.attrs.get(key)) for key in ("neurons", "start", "stop", "dt")}
    dt = noted["dt"]
    seconds = times if unit in ("seconds", "s") else _seconds(times, dt if dt and dt > 0 else None)
    if times.size and seconds.min() < min(noted["start"] or 0.0, 0.0):
        raise unusable(path, f"{where}/timestamps: a spike at {seconds.min():g} s: times from 0 on are accepted")
    neurons = noted["neurons"]
    many = highest if neurons is None or not highest <= neurons <= _MOST_NEURONS else int(neurons)
    start = 0.0 if noted["start"] is None else noted["start"]
    stop = max(start, float(seconds.max()) if seconds.size else start) if noted["stop"] is None else noted["stop"]
    return checked_trains(f"{os.fspath(path)}: {where}", seconds, ids, many, (start, stop), dt)


def _number(value: Any) -> float | None:
    plain = np.asarray(value) if value is not None else np.empty(0)
    if plain.shape == () and plain.dtype.kind in "iuf" and np.isfinite(plain):
        return float(plain)
    return None
