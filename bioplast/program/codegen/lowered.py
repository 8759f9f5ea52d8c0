"""A lowered network: C++ sources, and the data that they read, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Array:
    """An array of the C++ program; its content is data that the program reads when it starts."""

    name: str  # in the C++ program
    ctype: str
    size: int | None  # None: a vector whose length is data
    value: np.ndarray
    key: str | None = None  # its name among the program's values
    dimensions: int = 1
    vector: str = ""  # the name of the vector behind it
    grows: bool = False  # whether that grows while the program runs
    written: bool = False  # whether the program changes it


@dataclass(frozen=True, eq=False)
class Runner:
    """One code object in Brian2's schedule."""

    name: str
    clock: str
    before: bool
    playback: str | None = None  # the spike space to overwrite after it, of a group whose spikes may be replaced


@dataclass(frozen=True, eq=False)
class Pathway:
    """A synaptic pathway: its name in the program and in the user's network, and where its spikes come from."""

    name: str
    key: str
    sources: str  # the vector of each synapse's source
    delays: str  # the vector of delays, of one number or one for each synapse
    scalar: str  # the C++ type of a delay
    start: int  # the range of source neurons
    stop: int


@dataclass(frozen=True, eq=False)
class Lowered:
    """A network as C++ sources and the data that they read: everything that a build and a run need."""

    sources: dict[str, str]
    arrays: list[Array]
    tables: list[Array]  # values of TimedArrays and of functions
    constants: list[tuple[str, Any]]
    runners: list[Runner]
    clocks: list[str]  # by their names in the user's network
    pathways: list[Pathway]
    timed_arrays: dict[str, str] = field(default_factory=dict)  # identifier or name of a TimedArray -> its table
    recorded: dict[str, dict[str, str]] = field(default_factory=dict)  # monitor -> variable -> array
    counters: dict[str, list[str]] = field(default_factory=dict)  # monitor -> arrays that count what it recorded
    counts: dict[str, str] = field(default_factory=dict)  # monitor of events -> array with the count of each neuron
    clock_arrays: dict[str, dict[str, str]] = field(default_factory=dict)  # clock -> timestep, t, dt -> array
    generators: dict[str, dict[str, str]] = field(default_factory=dict)  # SpikeGeneratorGroup -> variable -> array
    playable: list[str] = field(default_factory=list)  # groups whose spikes may be overwritten, in the program's order
    watched: list[tuple[Array, str, bool]] = field(default_factory=list)  # array, key, synaptic
    compiler: dict[str, list[Any]] = field(default_factory=dict)
