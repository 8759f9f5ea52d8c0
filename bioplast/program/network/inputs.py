"""What drives a network from outside, and how another drive takes its place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.operations import NetworkOperation
from brian2.core.variables import DynamicArrayVariable
from brian2.input.timedarray import TimedArray
from brian2.units.fundamentalunits import Quantity

from ...errors import BioplastError


def spike_inputs(network: brian2.Network) -> dict[str, Any]:
    """The groups whose spikes `inputs` may replace, by name."""
    kinds = (brian2.SpikeGeneratorGroup, brian2.PoissonGroup)
    return {obj.name: obj for obj in network.sorted_objects if isinstance(obj, kinds)}


def timed_arrays(network: brian2.Network, namespace: Mapping[str, Any]) -> dict[str, TimedArray]:
    """The TimedArrays that equations may refer to, by the name used there and by their own name."""
    found: dict[str, TimedArray] = {}
    ambiguous = set()  # a name that means another array elsewhere
    spaces = [namespace, *(getattr(obj, "namespace", None) or {} for obj in network.sorted_objects)]
    for space in spaces:
        for identifier, value in space.items():
            if isinstance(value, TimedArray):
                for name in (identifier, value.name):
                    if found.setdefault(name, value) is not value:
                        ambiguous.add(name)
    return {name: array for name, array in found.items() if name not in ambiguous}


@contextlib.contextmanager
def replaced_timed_array(array: TimedArray, values: np.ndarray) -> Iterator[None]:
    """Let `array` have other values, for Brian2's own targets, until the end of the block."""
    other = TimedArray(Quantity(values, dim=array.dim), dt=array.dt * brian2.second)
    saved = {name: array.__dict__[name] for name in ("values", "implementations", "pyfunc")}
    array.__dict__.update({name: other.__dict__[name] for name in saved})
    try:
        yield
    finally:
        array.__dict__.update(saved)


def time_bins(times: np.ndarray, dt: float) -> np.ndarray:
    """The time steps that spike times fall into, by Brian2's rule."""
    return ((np.asarray(times, dtype=float) + 1e-3 * dt) / dt).astype(np.int64)


def generated_spikes(
    group: Any, start: int, replacement: tuple[np.ndarray, np.ndarray] | None = None
) -> dict[str, np.ndarray]:
    """What a SpikeGeneratorGroup emits in a run from step `start`: its own spikes, or others (step, neuron).

    Returns
    -------
    dict
        The variables in which Brian2 keeps it, by their names.
    """
    if replacement is not None:
        bins, neurons = replacement
        period = 0
    else:
        dt = group.clock.dt_
        bins, neurons = time_bins(group._spike_time, dt), np.asarray(group._neuron_index)
        if ((np.diff(bins) == 0) & (np.diff(neurons) == 0)).any():
            raise BioplastError(f"{group.name!r}: a neuron spikes more than once in a step of {dt * 1e3:g} ms")
        steps = np.round(group.period_ / dt)
        period = int(steps) if steps <= np.iinfo(np.int32).max else 0
    upcoming = np.searchsorted(bins, start % period if period else start)
    return {
        "neuron_index": neurons.astype(np.int32),
        "_timebins": bins.astype(np.int32),
        "_lastindex": np.array([upcoming], dtype=np.int32),
        "_period_bins": np.array([period], dtype=np.int32),
    }


def set_generated_spikes(group: Any, generated: Mapping[str, np.ndarray]) -> None:
    """Make a SpikeGeneratorGroup of a borrowed network emit what `generated_spikes` tells."""
    for name, value in generated.items():
        variable = group.variables[name]
        if isinstance(variable, DynamicArrayVariable):
            variable.resize(value.size)
        variable.get_value()[...] = value
    # otherwise Brian2 would work them out anew from the group's own spikes
    group._spikes_changed = False
    group._previous_dt = np.array(group.clock.dt_)


def borrowed_operation(function: Any, **when: Any) -> NetworkOperation:
    """An operation that is part of the network for one run; Brian2 would warn of one that no network keeps."""
    operation = NetworkOperation(function, **when)
    operation.__dict__["group"] = operation.name
    return operation


def spike_playback(group: Any, timebins: np.ndarray, indices: np.ndarray) -> NetworkOperation:
    """An operation that overwrites what `group` emits in each step with these spikes."""
    space = group.variables["_spikespace"].get_value()
    starts: dict[int, np.ndarray] = {}
    for step in np.unique(timebins):
        starts[int(step)] = indices[timebins == step]
    none = np.zeros(0, dtype=np.int32)
    timestep = group.clock.variables["timestep"]

    def overwrite() -> None:
        spikes = starts.get(int(timestep.get_value().item()), none)
        space[: len(spikes)] = spikes
        space[-1] = len(spikes)

    # after every thresholder of its slot, before anything that reads spikes
    threshold = group.thresholder["spike"]
    return borrowed_operation(overwrite, clock=group.clock, when=threshold.when, order=threshold.order + 0.5)
