"""What drives a network in a call instead of its own spikes and values, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import BioplastError, UnknownName
from . import network as net
from .arguments import named, si_array

__all__ = ["split_inputs"]

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
    if indices.size and (indices.min() < 0 or indices.max() >= len(group)):
        raise BioplastError(
            f"input {name!r} has the neurons {indices.min():g} to {indices.max():g}: neurons 0 to {len(group) - 1} are "
            "accepted"
        )
    if rows.size and (rows.min() < 0 or rows.max() >= steps):
        raise BioplastError(
            f"input {name!r} has spikes outside the run's {steps} steps: in steps {rows.min()} to {rows.max()} of it"
        )
    order = np.lexsort((indices, rows))
    rows, indices = rows[order], indices[order]
    if ((np.diff(rows) == 0) & (np.diff(indices) == 0)).any():
        raise BioplastError(f"input {name!r}: a neuron spikes at most once in a step")
    return rows + span.start, indices.astype(np.int32)
