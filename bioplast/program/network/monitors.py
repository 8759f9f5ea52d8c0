"""What the monitors of a network record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import brian2
import numpy as np
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.monitors.spikemonitor import EventMonitor
from brian2.monitors.statemonitor import StateMonitor

from .state import exponents


@dataclass(frozen=True)
class Monitor:
    """What a monitor records: ``kind`` is "spikes", "states" or "rate"."""

    name: str
    kind: str
    clock: str
    source: str
    size: int
    variables: tuple[str, ...]
    dimensions: Mapping[str, tuple[float, ...]]  # exponents of the SI base units, by variable
    record: np.ndarray | None = None


def monitors(network: brian2.Network) -> dict[str, Monitor]:
    """What the network records, by the monitor's name."""
    found = {}
    for obj in network.sorted_objects:
        if isinstance(obj, EventMonitor):
            names = tuple(sorted(obj.record_variables)) if obj.record else ()
            dimensions = {n: exponents(obj.variables[n]) for n in names}
            found[obj.name] = Monitor(
                obj.name, "spikes", obj.clock.name, obj.source.name, len(obj.source), names, dimensions
            )
        elif isinstance(obj, StateMonitor):
            names = tuple(obj.record_variables)
            dimensions = {n: exponents(obj.variables[n]) for n in names}
            found[obj.name] = Monitor(
                obj.name,
                "states",
                obj.clock.name,
                obj.source.name,
                len(obj.record),
                names,
                dimensions,
                np.array(obj.record),
            )
        elif isinstance(obj, PopulationRateMonitor):
            found[obj.name] = Monitor(
                obj.name, "rate", obj.clock.name, obj.source.name, 1, ("rate",), {"rate": exponents(brian2.hertz)}
            )
    return dict(sorted(found.items()))
