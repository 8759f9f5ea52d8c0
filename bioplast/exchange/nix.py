"""NIX files by way of Neo: spike trains and signals with units, names and annotations."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BioplastError
from ..files import write_bytes
from .hdf5 import flat_error, opened, unusable
from .needs import needed
from .recording import Recording, Signal, Trains, checked_trains, recorded

__all__ = ["read_nix", "write_nix"]

_BASE = ("m", "kg", "s", "A", "K", "mol", "cd")


def write_nix(recording: Any, path: str | os.PathLike[str]) -> Path:
    """Write a recording as a NIX file: a block of one segment, in SI units, times in seconds.

    Parameters
    ----------
    recording : Output or Recording
    path : path
        Whose name Neo wants to end with ``.nix`` or ``.h5`` when it reads it by itself.

    Returns
    -------
    Path

    Raises
    ------
    TargetUnavailable
        Without the package nixio (``pip install "bioplast[nix]"``).

    Examples
    --------
    >>> exchange.write_nix(program(), "run.nix")  # doctest: +SKIP
    """
    needed("nixio", "nix", "for NIX files")
    import neo
    import quantities as pq

    recording = recorded(recording)
    block = neo.Block(name="bioplast", notes=json.dumps(recording.notes, default=str))
    segment = neo.Segment(name="run")
    block.segments.append(segment)
    for name, trains in recording.spikes.items():
        for neuron, times in enumerate(trains.by_neuron()):
            extra = {} if trains.dt is None else {"dt": trains.dt}
            segment.spiketrains.append(
                neo.SpikeTrain(
                    times, units=pq.s, t_start=trains.start, t_stop=trains.stop, name=f"{name}[{neuron}]", monitor=name,
                    neuron=neuron, neurons=trains.neurons, **extra,
                )
            )  # fmt: skip
    for name, signal in recording.signals.items():
        unit = pq.dimensionless
        for base, power in zip(_BASE, signal.dimensions, strict=True):
            unit = unit * getattr(pq, base) ** power if power else unit
        segment.analogsignals.append(
            neo.AnalogSignal(
                signal.values, units=unit, t_start=signal.start * pq.s, sampling_period=signal.dt * pq.s, name=name,
                neurons=signal.neurons.tolist(), dimensions=list(signal.dimensions), dt=signal.dt,
            )
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        there = os.path.join(folder, "a.nix")
        with neo.io.NixIO(there, "ow") as out:
            out.write_block(block)
        return write_bytes(path, Path(there).read_bytes())


def read_nix(path: str | os.PathLike[str]) -> Recording:
    """Read a NIX file of one block with one segment.

    Parameters
    ----------
    path : path

    Returns
    -------
    Recording
        Spikes by the annotation "monitor" of the trains, or all as "spikes"; signals by name.

    Raises
    ------
    BioplastError
        For a file that is damaged or hostile, and for another number of blocks or segments.
    TargetUnavailable
        Without the package nixio (``pip install "bioplast[nix]"``).
    """
    needed("nixio", "nix", "for NIX files")
    import neo

    with opened(path, "NIX", soft_links=True, shared=True):
        pass
    try:
        with neo.io.NixIO(os.fspath(path), "ro") as stored:
            blocks = stored.read_all_blocks()
            segments = [segment for block in blocks for segment in block.segments]
            if len(segments) != 1:
                raise unusable(path, f"holds {len(segments)} segments: one is accepted")
            return _recording(blocks[0], segments[0], path)
    except BioplastError:
        raise
    except Exception as error:  # whatever a library finds wrong with a file
        raise unusable(path, f"is no NIX file, or damaged ({flat_error(error)})") from None


def _recording(block: Any, segment: Any, path: Any) -> Recording:
    import quantities as pq

    found: dict[str, list[tuple[int, Any]]] = {}
    for train in segment.spiketrains:
        rows = found.setdefault(str(train.annotations.get("monitor", "spikes")), [])
        rows.append((int(train.annotations.get("neuron", len(rows))), train))
    spikes: dict[str, Trains] = {}
    for name, rows in found.items():
        times = [np.asarray(train.times.rescale(pq.s).magnitude, dtype=float) for _, train in rows]
        many = max(int(rows[0][1].annotations.get("neurons", 0)), max(number for number, _ in rows) + 1)
        if len({number for number, _ in rows}) < len(rows) or many > 1 << 27:
            raise unusable(path, f"the trains of {name!r} have a neuron twice, or more than {1 << 27} neurons")
        indices = np.repeat([number for number, _ in rows], [len(each) for each in times])
        bounds = (
            min(float(train.t_start.rescale(pq.s).magnitude) for _, train in rows),
            max(float(train.t_stop.rescale(pq.s).magnitude) for _, train in rows),
        )
        dt = rows[0][1].annotations.get("dt")
        where = f"{os.fspath(path)}: trains of {name!r}"
        spikes[name] = checked_trains(where, np.concatenate(times), indices, many, bounds, dt)
    signals = {s.name or f"signal{n}": _signal(s) for n, s in enumerate(segment.analogsignals)}
    try:
        notes = json.loads(block.annotations.get("notes", "{}"))
    except (ValueError, TypeError, RecursionError):
        notes = {}
    return Recording(spikes, signals, notes if isinstance(notes, dict) else {})


def _signal(signal: Any) -> Signal:
    import quantities as pq

    plain = signal.simplified
    powers = {str(unit.symbol): float(power) for unit, power in plain.dimensionality.items()}
    dimensions = tuple(powers.get(base, 0.0) for base in _BASE)
    neurons = np.atleast_1d(signal.annotations.get("neurons", np.arange(plain.shape[1])))
    noted = signal.annotations.get("dt")
    period = float(signal.sampling_period.rescale(pq.s).magnitude)
    dt = float(noted) if isinstance(noted, float) and abs(noted - period) <= 1e-9 * period else period
    start = float(signal.t_start.rescale(pq.s).magnitude)
    fits = neurons.shape == (plain.shape[1],) and neurons.dtype.kind in "iu"
    return Signal(
        np.asarray(plain.magnitude, dtype=float), dimensions, start, dt, neurons if fits else np.arange(plain.shape[1])
    )
