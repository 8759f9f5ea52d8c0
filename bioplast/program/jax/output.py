"""What a program returns while JAX traces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ...errors import BioplastError, UnknownName


@dataclass(frozen=True)
class ArrayOutput:
    """The result of a run within `jax.jit`, `jax.vmap` or `jax.grad`: a pytree of arrays in SI base units.

    `jax.vmap` puts a batch axis before those given here.

    Attributes
    ----------
    rasters : mapping
        [steps, neurons] by the name of the SpikeMonitor: truth values, or 0 and 1 with a derivative.
    states : mapping
        For each StateMonitor its ``"t"`` [steps] and each variable [steps, recorded].
    rates : mapping
        For each PopulationRateMonitor ``"t"`` and ``"rate"`` [steps].
    final : mapping
        The state variables and parameters after the run, by the keys of `Program.values`.
    start : float
        When the run began, in seconds.
    dt : mapping
        Seconds between the steps of each monitor.
    """

    rasters: Mapping[str, Any]
    states: Mapping[str, Mapping[str, Any]]
    rates: Mapping[str, Mapping[str, Any]]
    final: Mapping[str, Any]
    start: float
    dt: Mapping[str, float]

    def raster(self, name: str) -> Any:
        """[steps, neurons] of the SpikeMonitor `name`."""
        if name not in self.rasters:
            raise UnknownName("spike monitor", name, self.rasters)
        return self.rasters[name]

    def events(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Spike times in seconds and neurons of the SpikeMonitor `name`, sorted by time, then neuron.

        Raises
        ------
        BioplastError
            While JAX traces, when it is not known how many there are.
        """
        raster = self.raster(name)
        if isinstance(raster, jax.core.Tracer) or raster.ndim != 2:
            raise BioplastError(f"events({name!r}) need the numbers of one run: use raster({name!r})")
        rows, neurons = np.nonzero(np.asarray(raster))
        dt = self.dt[name]
        return (round(self.start / dt) + rows) * dt, neurons.astype(np.int32)


def _flatten(out: ArrayOutput) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    return (out.rasters, out.states, out.rates, out.final), (out.start, tuple(sorted(out.dt.items())))


def _unflatten(told: tuple[Any, ...], arrays: tuple[Any, ...]) -> ArrayOutput:
    rasters, states, rates, final = arrays
    return ArrayOutput(rasters, states, rates, final, told[0], dict(told[1]))


jax.tree_util.register_pytree_node(ArrayOutput, _flatten, _unflatten)
