"""What the networks of this folder are made with, and the tables that they enter by their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, ms

import bioplast.definition  # noqa: F401 - registers the method "sequential"

NETWORKS: dict[str, Callable[[], Network]] = {}
RANDOM: dict[str, Callable[[], Network]] = {}
DURATION = 30 * ms


def network(make: Callable[[], Network]) -> Callable[[], Network]:
    NETWORKS[make.__name__] = make
    return make


def stochastic(make: Callable[[], Network]) -> Callable[[], Network]:
    RANDOM[make.__name__] = make
    return make


def recorded(group: Any, variables: Any = True, **options: Any) -> list[Any]:
    """The group with a monitor of its spikes (when it has any) and of its states."""
    found = [group, StateMonitor(group, variables, record=True, name=f"{group.name}_states", **options)]
    if "spike" in getattr(group, "events", {}):
        found.append(SpikeMonitor(group, name=f"{group.name}_spikes"))
    return found


def cells(equations: str, number: int = 4, name: str = "cells", **options: Any) -> NeuronGroup:
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "namespace": {}} | options
    return NeuronGroup(number, equations, name=name, **options)


def generator(number: int = 6, rate: float = 0.05, seed: int = 3, **options: Any) -> SpikeGeneratorGroup:
    steps, neurons = np.nonzero(np.random.default_rng(seed).random((300, number)) < rate)
    return SpikeGeneratorGroup(number, neurons, steps * 0.1 * ms, name="generator", **options)
