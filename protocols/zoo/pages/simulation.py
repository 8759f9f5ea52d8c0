"""What the experiments have in common: a run on numpy, presynaptic trains, cells that do as they are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, TimedArray, ms

import bioplast
from bioplast.definition import Neuron
from bioplast.program import Output

STEP = 0.1
"""The usual time step in ms."""

CLAMP = Neuron("v : volt\nmeasured = I : amp", input="I", method="exact", name="clamp")
"""A voltage clamp: v stays, `measured` is the current through the receptors."""


def run(duration: float, *objects: Any, seed: int = 1) -> Output:
    """Simulate objects of Brian2 for a time in ms, on numpy."""
    return bioplast.compile(Network(*objects), duration * ms, "numpy", namespace={})(seed=seed)


def trains(times: Sequence[Any], dt: float = STEP, name: str = "source") -> SpikeGeneratorGroup:
    """A group whose neurons spike at the given times in ms, one sequence for each."""
    indices = np.repeat(np.arange(len(times)), [len(train) for train in times])
    return SpikeGeneratorGroup(len(times), indices, np.concatenate(times) * ms, dt=dt * ms, name=name)


def scripted(times: Sequence[Any], duration: float, dt: float = STEP, **fields: Any) -> Neuron:
    """A clamped neuron, of which the one with number k spikes at ``times[k]`` in ms."""
    raster = np.zeros((round(duration / dt) + 1, len(times)))
    for k, train in enumerate(times):
        raster[np.round(np.asarray(train, float) / dt).astype(int), k] = 1
    return Neuron(
        CLAMP.equations,
        input="I",
        threshold="script(t, i) > 0.5",
        reset="",
        namespace={"script": TimedArray(raster, dt=dt * ms, name="script")},
        **{"method": "exact", **fields},
    )


def cells(neuron: Neuron, N: int, dt: float = STEP, **values: Any) -> NeuronGroup:
    """A group of the neuron, called "cells"."""
    return neuron.group(N, name="cells", dt=dt * ms, **values)
