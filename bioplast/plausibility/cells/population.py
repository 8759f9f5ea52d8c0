"""Many candidates of one definition in one simulation, which reduces their responses to features while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import EventMonitor, Network, StateMonitor, ms, second

from ... import program as programs
from ...definition import Neuron
from ...errors import BioplastError
from ...program import targets
from ..response.features import Features, Recording
from ..response.spike_trains import SpikeTrains
from ..response.sweep import Sweep
from .reduction import SPIKE, VOLTAGE, Reduction


class Population:
    """A simulation of N candidates, built once for sweeps of one shape and then called with parameters and sweeps.

    Parameters
    ----------
    neuron : Neuron
        With an input and a membrane potential `v`.
    size : int
        The number of candidates, N.
    like : Sweep
        A sweep with an aftermath if those to come have one; nothing else of it matters.
    target : {"cpp", "numpy", "cython", "openmp"}
        Where it runs; see `bioplast.compile`.
    dt : float, optional
        The time step in seconds; by default that of the definition, or 0.1 ms.
    method : str, optional
        The integration method, instead of that of the definition.
    record : bool
        Keep v at every step, which is slow, so that `recording` can return it.

    Raises
    ------
    BioplastError
        If the definition has no input, no `v`, or no threshold.
    """

    def __init__(
        self,
        neuron: Neuron,
        size: int,
        like: Sweep,
        target: str = "cpp",
        *,
        dt: float | None = None,
        method: Any = None,
        record: bool = False,
    ):
        check(neuron)
        self.neuron, self.size = neuron, size
        self.dt = float(neuron.dt or 0.1 * ms) if dt is None else dt
        reductions = Reduction(neuron, size, like.aftermath is not None)
        group = reductions.definition.group(size, name="candidates", dt=self.dt * second, method=method)
        reductions.attach(group)
        objects = [group, EventMonitor(group, SPIKE, name="candidates_spikes")]
        if record:
            recorded = [VOLTAGE, neuron.external]
            objects.append(StateMonitor(group, recorded, record=True, when="end", name="candidates_trace"))
        self._reductions = reductions
        self._group = group
        # A candidate that diverges is judged, not refused. What is found is judged anew with the exact arithmetic.
        fast = "fast_math" in targets.find(target).options
        self._program = programs.compile(
            Network(*objects), self.dt * second, target, namespace={}, watch=None, fast_math=fast
        )
        self._output: Any = None

    def __call__(
        self,
        parameters: Mapping[str, np.ndarray],
        sweep: Sweep,
        tau: np.ndarray | float = np.nan,
        scale: np.ndarray | float = 1.0,
    ) -> Features:
        """Simulate the candidates and reduce their responses.

        Parameters
        ----------
        parameters : dict of str to ndarray [N]
            Parameters by name in SI base units; the others keep their defaults.
        sweep : Sweep
            In seconds and SI base units.
        tau, scale : ndarray [N] or float
            See `Features`.
        """
        steps = int(np.ceil(sweep.end.max() / self.dt)) + 1
        begun, tables = self._reductions.values(sweep, self.dt)
        values = {f"candidates.{name}": value for name, value in begun.items()}
        values |= {f"candidates.{name}": np.asarray(value, dtype=float) for name, value in parameters.items()}
        with np.errstate(all="ignore"):
            self._output = self._program(values, tables, seed=0, duration=steps * self.dt * second)
        return self._reductions.features(
            self._final(),
            self._spikes(),
            sweep,
            np.broadcast_to(tau, self.size),
            np.broadcast_to(scale, self.size),
            self.dt,
        )

    def _final(self) -> Mapping[str, np.ndarray]:
        return {name.partition(".")[2]: value for name, value in self._output.final.items()}

    def _spikes(self) -> SpikeTrains:
        times, indices = self._output.events("candidates_spikes")
        return SpikeTrains.from_events(times, indices, self.size)

    def recording(self) -> Recording:
        """The responses of the last call, if the population was made to record them."""
        trace = self._output.states["candidates_trace"]
        levels = self._reductions.levels(self._final())
        return Recording(trace["t"], trace[VOLTAGE], self._spikes(), trace[self.neuron.external], levels)


def check(neuron: Neuron) -> None:
    """Refuse a definition that cannot be assessed, in one line."""
    if not neuron.input:
        raise BioplastError(f"{neuron.label} cannot be assessed: it has no input, give input='I'")
    if VOLTAGE not in neuron.variables:
        raise BioplastError(f"{neuron.label} cannot be assessed: its membrane potential has to be called v")
    if neuron.threshold is None:
        raise BioplastError(f"{neuron.label} cannot be assessed: it has no threshold, so no spikes")
