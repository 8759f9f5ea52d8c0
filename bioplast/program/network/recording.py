"""What the monitors of a network that Brian2 runs hold, and the watch for states that are not finite."""

from __future__ import annotations

import brian2
import numpy as np
from brian2.core.variables import DynamicArrayVariable
from brian2.monitors.ratemonitor import PopulationRateMonitor
from brian2.monitors.spikemonitor import EventMonitor
from brian2.monitors.statemonitor import StateMonitor

from .inputs import borrowed_operation
from .reading import clocks, monitors, read, state_variables


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
    told = {}
    for name, monitor in monitors(network).items():
        variables = network[name].variables
        wanted = [*monitor.variables, *(["t"] if monitor.kind != "spikes" else [])]
        told[name] = {v: np.array(variables[v].get_value()) for v in wanted}
    return told


class Watch:
    """Looks for a state that has turned NaN or infinite every `period` seconds of a run with Brian2's own targets.

    Attributes
    ----------
    operation : NetworkOperation
        What makes the looks, to be part of the network.
    found : str or None
        Which variable, which neuron, when.
    """

    def __init__(self, network: brian2.Network, period: float):
        self.network = network
        self.watched = [v for v in state_variables(network).values() if v.may_diverge and np.isfinite(read(v)).all()]
        self.clock = min(clocks(network), key=lambda c: c.dt_)
        self.found: str | None = None
        self.last = network.t_
        every = max(round(period / self.clock.dt_), 1)
        steps = iter(range(1, 2**62))

        def operation() -> None:
            if next(steps) % every == 0:
                self.look(self.clock.t_ + self.clock.dt_)  # its values belong to the step's end
                if self.found is not None:
                    network.stop()

        self.operation = borrowed_operation(operation, clock=self.clock, when="end", order=2**31)

    def look(self, now: float) -> None:
        if self.found is not None:
            return
        for variable in self.watched:
            value = np.atleast_1d(variable.variable.get_value())
            if not np.isfinite(value).all():
                index = int(np.argmin(np.isfinite(value)))
                self.found = not_finite(variable.key, index, value[index], self.last, now, variable.synaptic)
                return
        self.last = now


def not_finite(key: str, index: int, value: float, last: float, now: float, synaptic: bool) -> str:
    """The line that says which state is not finite, where and when."""
    group, _, name = key.partition(".")
    return (
        f"{name} of {'synapse' if synaptic else 'neuron'} {index} in {group!r} is {value:g} at {now * 1e3:.10g} ms "
        f"(last finite at {last * 1e3:.10g} ms): a smaller dt or other parameters may help"
    )
