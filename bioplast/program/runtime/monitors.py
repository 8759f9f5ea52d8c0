"""What the monitors of a network that Brian2 runs hold, and the watch for states that are not finite."""

from __future__ import annotations

import brian2
import numpy as np
from brian2.core.variables import DynamicArrayVariable
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.monitors.spikemonitor import EventMonitor
from brian2.monitors.statemonitor import StateMonitor

from ..network.monitors import monitors


def forget_recordings(network: brian2.Network) -> None:
    """Empty every monitor."""
    for obj in network.sorted_objects:
        if isinstance(obj, EventMonitor | StateMonitor | PopulationRateMonitor):
            for name in ("N", "count"):
                if name in obj.variables:
                    obj.variables[name].get_value()[...] = 0
            for variable in obj.variables.values():
                if isinstance(variable, DynamicArrayVariable) and variable.owner.name == obj.name:
                    variable.resize((0, variable.size[1]) if variable.ndim == 2 else 0)


def recordings(network: brian2.Network) -> dict[str, dict[str, np.ndarray]]:
    """Copies of what the monitors hold, by monitor and variable."""
    recorded = {}
    for name, monitor in monitors(network).items():
        variables = network[name].variables
        wanted = [*monitor.variables, *(["t"] if monitor.kind != "spikes" else [])]
        wanted += ["count"] if monitor.kind == "spikes" else []
        recorded[name] = {v: np.array(variables[v].get_value()) for v in wanted}
    return recorded
