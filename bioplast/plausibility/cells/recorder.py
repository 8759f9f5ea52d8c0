"""One cell of a model, driven by a sweep and recorded: at any time step, with any integration method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import Network, Quantity, SpikeMonitor, StateMonitor, second

from ... import program as programs
from ...definition import Neuron
from ..response.features import Recording
from ..response.spike_trains import SpikeTrains
from ..response.sweep import Sweep
from .black_box import BlackBox, BoxPopulation
from .model import Model
from .reduction import VOLTAGE, Reduction


class Recorder:
    """Records one cell; it is built once, and then called with parameters, sweeps and time steps.

    Parameters
    ----------
    model : Neuron or BlackBox
    target : str
        Where a neuron is simulated, see `bioplast.compile`.
    method : str, optional
        The integration method of a neuron, instead of that of the definition.
    method_options : dict, optional
    """

    def __init__(self, model: Model, target: str = "cpp", method: Any = None, method_options: Any = None):
        self.model, self.target = model, target
        self._method = {"method": method, "method_options": method_options}

    def __call__(
        self, parameters: Mapping[str, float], sweep: Sweep, dt: float, sampled: float | None = None
    ) -> Recording:
        """Simulate.

        Parameters
        ----------
        parameters : dict of str to float
            In SI base units; the others keep their defaults.
        sweep : Sweep
            Of one candidate.
        dt : float
            The time step in seconds.
        sampled : float, optional
            Keep the voltage that often, in seconds; by default at each step. Spikes are always exact to a step.
        """
        if isinstance(self.model, BlackBox):
            return self._box(self.model, parameters, sweep, dt, sampled)
        return self._neuron(self.model, parameters, sweep, dt, sampled)

    @staticmethod
    def _box(
        box: BlackBox, parameters: Mapping[str, float], sweep: Sweep, dt: float, sampled: float | None
    ) -> Recording:
        population = BoxPopulation(box, 1, dt=dt, record=True)
        population({name: np.array([value]) for name, value in parameters.items()}, sweep)
        recording = population.recording()
        every = 1 if sampled is None else round(sampled / dt)
        return replace(
            recording,
            times=recording.times[::every],
            voltage=recording.voltage[::every],
            current=recording.current[::every],
        )

    def _neuron(
        self, neuron: Neuron, parameters: Mapping[str, float], sweep: Sweep, dt: float, sampled: float | None
    ) -> Recording:
        reduction = Reduction(neuron, 1, aftermath=False)
        values: dict[str, Any] = {
            name: Quantity(value, dim=neuron.variables[name]) for name, value in parameters.items()
        }
        group = reduction.definition.group(1, name="cell", dt=dt * second, **values, **self._method)
        reduction.attach(group, features=False)
        recorded = [VOLTAGE, neuron.external]
        every = None if sampled is None else sampled * second
        trace = StateMonitor(group, recorded, record=True, when="end", dt=every, name="cell_trace")
        spikes = SpikeMonitor(group, name="cell_spikes")
        duration = (int(np.ceil(sweep.end.max() / dt)) + 1) * dt
        network = Network(group, trace, spikes)
        # A cell that diverges is judged, not refused.
        program = programs.compile(network, duration * second, self.target, namespace={}, watch=None)
        begun, tables = reduction.values(sweep, dt)
        with np.errstate(all="ignore"):
            out = program({f"cell.{name}": value for name, value in begun.items()}, tables, seed=0)
        states, (times, index) = out.states["cell_trace"], out.events("cell_spikes")
        levels = reduction.levels({name.partition(".")[2]: value for name, value in out.final.items()})
        return Recording(
            states["t"], states[VOLTAGE], SpikeTrains.from_events(times, index, 1), states[neuron.external], levels
        )
