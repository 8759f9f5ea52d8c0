"""Another drive for a borrowed network, while Brian2 runs it."""

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

from ..network.inputs import mark_prepared


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


def set_generated_spikes(group: Any, generated: Mapping[str, np.ndarray]) -> None:
    """Make a SpikeGeneratorGroup of a borrowed network emit what `generated_spikes` tells."""
    for name, value in generated.items():
        variable = group.variables[name]
        if isinstance(variable, DynamicArrayVariable):
            variable.resize(value.size)
        variable.get_value()[...] = value
    mark_prepared(group)


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
