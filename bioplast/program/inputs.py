"""What drives a network in a call instead of its own spikes and values, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import BioplastError, UnknownName
from . import network as net
from .arguments import is_batch_of_inputs, named, si_array

__all__ = ["sampled_inputs", "split_inputs"]

SpikeInput = tuple[np.ndarray, np.ndarray]


def split_inputs(
    network: brian2.Network,
    namespace: Mapping[str, Any],
    inputs: Mapping[str, Any] | None,
    start: float,
    duration: float,
) -> tuple[dict[str, SpikeInput], dict[str, np.ndarray]]:
    """Inputs by kind.

    Parameters
    ----------
    network : brian2.Network
    namespace : mapping
        The names that its equations refer to.
    inputs : mapping or None
        Spikes by the name of a SpikeGeneratorGroup or PoissonGroup, values by that of a TimedArray.
    start, duration : float
        Of the run, in seconds.

    Returns
    -------
    spikes : dict
        By group: (steps of its clock, neurons), sorted.
    tables : dict
        By TimedArray: [rows] or [rows, columns] in SI base units.

    Raises
    ------
    UnknownName, BioplastError
        For a name, a unit or a shape that is not accepted.
    """
    groups = net.spike_inputs(network)
    arrays = net.timed_arrays(network, namespace)
    spans = net.spans(network, duration, start)
    spikes, tables = {}, {}
    for name, given in named(inputs, "inputs").items():
        if name in groups:
            spikes[name] = _spikes(name, groups[name], given, spans[groups[name].clock.name])
        elif name in arrays:
            array = arrays[name]
            plain = si_array(given, array.dim, name, None).astype(float)
            if plain.ndim != array.values.ndim or plain.shape[1:] != array.values.shape[1:] or not len(plain):
                shape = "[steps]" if array.values.ndim == 1 else f"[steps, {array.values.shape[1]}]"
                raise BioplastError(f"input {name!r} has shape {plain.shape}: values {shape} are accepted")
            tables[name] = plain
        else:
            raise UnknownName("input", str(name), [*groups, *arrays])
    return spikes, tables


def sampled_inputs(
    network: brian2.Network,
    namespace: Mapping[str, Any],
    inputs: Mapping[str, Any],
    start: float,
    duration: float,
) -> dict[str, np.ndarray]:
    """Inputs of many runs, of which each is checked as that of one.

    Parameters
    ----------
    network, namespace, start, duration
        As of `split_inputs`.
    inputs : mapping
        Each with an axis of samples in front; spikes also as a list of (times, neurons), one pair for each sample.

    Returns
    -------
    dict
        Spikes bool [samples, steps, neurons], values of TimedArrays [samples, rows(, columns)] in SI base units.

    Raises
    ------
    UnknownName, BioplastError
        For a name, a unit, a shape or a number that is not accepted.
    """
    groups = net.spike_inputs(network)
    arrays = net.timed_arrays(network, namespace)
    spans = net.spans(network, duration, start)
    found = {}
    for name, given in inputs.items():
        if name in groups:
            found[name] = _sampled_spikes(name, groups[name], given, spans[groups[name].clock.name])
        elif name in arrays:
            array = arrays[name]
            plain = si_array(given, array.dim, name, None).astype(float)
            if plain.ndim != array.values.ndim + 1 or plain.shape[2:] != array.values.shape[1:] or not plain[:1].size:
                columns = "" if array.values.ndim == 1 else f", {array.values.shape[1]}"
                raise BioplastError(
                    f"input {name!r} has shape {plain.shape}: values [samples, steps{columns}] are accepted, a row of "
                    "steps for each sample"
                )
            found[name] = plain
        else:
            raise UnknownName("input", str(name), [*groups, *arrays])
    return found


def _sampled_spikes(name: str, group: Any, given: Any, span: net.ClockSpan) -> np.ndarray:
    """Spikes of many runs as one array of truth values, [samples, steps, neurons]."""
    steps, size = span.end - span.start, len(group)
    accepted = (
        f"spikes [samples, steps, neurons] = [samples, {steps}, {size}] are accepted, or a list of "
        "(times in seconds, neurons), one pair for each sample"
    )
    if isinstance(given, list) and is_batch_of_inputs(given, 2) and isinstance(given[0], tuple):
        rasters = np.zeros((len(given), steps, size), dtype=bool)
        for sample, (raster, pair) in enumerate(zip(rasters, given, strict=True)):
            try:
                rows, neurons = _spikes(name, group, pair, span)
            except BioplastError as error:
                raise BioplastError(f"sample {sample}: {error}") from None
            raster[rows - span.start, neurons] = True
        return rasters
    if isinstance(given, tuple):
        raise BioplastError(f"input {name!r} is a tuple of {len(given)}: {accepted}")
    plain = si_array(given, DIMENSIONLESS, name, None)
    if plain.ndim != 3 or plain.shape[1:] != (steps, size):
        raise BioplastError(f"input {name!r} has shape {plain.shape}: {accepted}")
    rasters = plain.astype(bool, copy=False)
    for first in range(0, 0 if plain.dtype == bool else len(plain), 256):
        part = plain[first : first + 256]
        wrong = part != rasters[first : first + 256]
        if wrong.any():
            sample, *_ = np.argwhere(wrong)[0]
            raise BioplastError(
                f"input {name!r} holds {part[wrong][0]:g} in sample {first + sample}: a neuron spikes at most once in "
                "a step, so 0 and 1 are accepted"
            )
    return rasters


def _spikes(name: str, group: Any, given: Any, span: net.ClockSpan) -> SpikeInput:
    """What replaces a group's spikes, as (time steps of its clock, neurons), sorted."""
    steps = span.end - span.start
    if isinstance(given, tuple) and len(given) == 2:
        times = si_array(given[0], brian2.second.dim, name, None)
        indices = si_array(given[1], DIMENSIONLESS, name, None)
        if times.ndim != 1 or times.shape != indices.shape or not np.isfinite(times).all():
            raise BioplastError(
                f"input {name!r} has times of shape {times.shape} and neurons of shape {indices.shape}: finite times "
                "and as many neurons are accepted"
            )
        if (indices != np.round(indices)).any():
            wrong = indices[indices != np.round(indices)][0]
            raise BioplastError(f"input {name!r} has the neuron {wrong:g}: neurons are whole numbers")
        rows = net.time_bins(times, span.dt) - span.start
    else:
        raster = si_array(given, DIMENSIONLESS, name, None)
        if raster.shape != (steps, len(group)):
            raise BioplastError(
                f"input {name!r} has shape {raster.shape}: spikes [steps, neurons] = [{steps}, {len(group)}] are "
                "accepted, or (times in seconds, neurons)"
            )
        if ((raster != 0) & (raster != 1)).any():
            raise BioplastError(f"input {name!r}: a neuron spikes at most once in a step, so 0 and 1 are accepted")
        rows, indices = np.nonzero(raster)
    wrong = indices[(indices < 0) | (indices >= len(group))]
    if wrong.size:
        raise BioplastError(f"input {name!r} has neuron {wrong[0]:g}: neurons 0 to {len(group) - 1} are accepted")
    if rows.size and (rows.min() < 0 or rows.max() >= steps):
        raise BioplastError(
            f"input {name!r} has spikes outside the run's {steps} steps: in steps {rows.min()} to {rows.max()} of it"
        )
    order = np.lexsort((indices, rows))
    rows, indices = rows[order], indices[order]
    if ((np.diff(rows) == 0) & (np.diff(indices) == 0)).any():
        raise BioplastError(f"input {name!r}: a neuron spikes at most once in a step")
    return rows + span.start, indices.astype(np.int32)
