"""A call of a program: what it is run with, complete and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np

from . import network as net
from .network import ClockSpan

#: Gets (fraction done, seconds elapsed) while a program runs.
Report = Callable[[float, float], None]


@dataclass(frozen=True, eq=False)
class Call:
    """One run of a program. Numbers are in SI base units.

    Attributes
    ----------
    values : mapping
        Every value that the network starts with, by the keys of `Program.values`.
    given : set of str
        The keys of those that are other than the network's own.
    spikes : mapping
        What groups emit instead of their own spikes, by name: (steps of the clock, neurons), sorted; target jax also
        takes rasters [steps, neurons] that it traces.
    tables : mapping
        What TimedArrays hold instead of their own values, by the name used in the equations.
    seed : int or JAX key
    start, duration : float
        When the run begins and how long it lasts, in seconds.
    report : callable or None
        Gets (fraction done, seconds elapsed).
    draws : mapping
        Random numbers given beforehand, by the name of the draw; for target jax alone.
    """

    values: Mapping[str, Any]
    given: frozenset[str]
    spikes: Mapping[str, Any]
    tables: Mapping[str, Any]
    seed: Any
    start: float
    duration: float
    report: Report | None = None
    draws: Mapping[str, np.ndarray] | None = None

    @property
    def end(self) -> float:
        """When the run ends, in seconds."""
        return self.start + self.duration

    def spans(self, network: brian2.Network) -> dict[str, ClockSpan]:
        """The steps that each clock of a network makes in this run."""
        return net.spans(network, self.duration, self.start)
