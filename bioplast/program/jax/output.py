"""What a program returns while JAX traces it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from ...errors import BioplastError, UnknownName
from ..output import Recorded, refuse_other_than_names, shapes_of

#: What each attribute holds the records of.
_KINDS = {
    "rasters": "spike monitor",
    "counts": "spike monitor with record=False (of others raster(name).sum(axis=0) counts)",
    "states": "state monitor",
    "rates": "rate monitor",
}


@dataclass(frozen=True, repr=False)
class ArrayOutput:
    """The result of a run within `jax.jit`, `jax.vmap` or `jax.grad`: a pytree of arrays in SI base units.

    `jax.vmap` puts a batch axis before those given here.

    Attributes
    ----------
    rasters : mapping
        [steps, neurons] by the name of the SpikeMonitor: truth values, or 0 and 1 with a derivative.
    counts : mapping
        How often each neuron spiked, int [neurons], by the name of each SpikeMonitor with ``record=False``.
    states : mapping
        For each StateMonitor its ``"t"`` [steps] and each variable [steps, recorded].
    rates : mapping
        For each PopulationRateMonitor ``"t"`` and ``"rate"`` [steps].
    final : mapping
        The values after the run (a `Carried`), by the keys of `Program.values`: feed them to the next call, or carry
        them through `jax.lax.scan`. Of spikes on their way ("PATHWAY.queue") whether one arrives, [steps until
        delivery, synapses]; where spikes have a surrogate derivative, as numbers 0 and 1.
    start : float or array
        When the run began, in seconds; an array where the time is traced.
    dt : mapping
        Seconds between the steps of each monitor.
    dimensions : mapping of mappings
        The exponents of the SI base units of what each monitor records, by variable.
    products : mapping
        Of weights in `final` that grew by outer products these products (see `bioplast.program.jax.outer`).
    """

    rasters: Mapping[str, Any]
    counts: Mapping[str, Any]
    states: Mapping[str, Mapping[str, Any]]
    rates: Mapping[str, Mapping[str, Any]]
    final: Mapping[str, Any]
    start: Any
    dt: Mapping[str, float]
    dimensions: Mapping[str, Mapping[str, tuple[float, ...]]]
    products: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for attribute, kind in _KINDS.items():
            found = getattr(self, attribute)
            if isinstance(found, dict):  # JAX makes structures of other things, too
                object.__setattr__(self, attribute, Recorded(kind, found))

    def __repr__(self) -> str:
        """What was recorded and its shapes, instead of all numbers."""
        lines = ["ArrayOutput"]
        for attribute in _KINDS:
            found = getattr(self, attribute)
            if not isinstance(found, dict):  # JAX makes structures of other things, too
                lines.append(f"{attribute}: {found!r}")
            elif attribute in ("states", "rates"):
                lines += [f"{attribute}[{name!r}]: {shapes_of(arrays)}" for name, arrays in found.items()]
            elif found:
                lines.append(f"{attribute}: {shapes_of(found)}")
        count = f"{len(self.final)} values" if isinstance(self.final, Mapping) else repr(self.final)
        return "\n  ".join([*lines, f"final: {count}"])

    def raster(self, name: str) -> Any:
        """[steps, neurons] of the SpikeMonitor `name`."""
        refuse_other_than_names(name)
        if name in self.counts:
            raise BioplastError(
                f"the monitor {name!r} has record=False and keeps counts only: counts[{name!r}] has them"
            )
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
        return (round(float(self.start) / dt) + rows) * dt, neurons.astype(np.int32)

    def to_neo(self) -> Any:
        """Refused: a `neo.Block` holds the numbers of one run, and while JAX traces there are none."""
        raise BioplastError(
            "to_neo() needs the numbers of one run: call the program outside of jax.jit, jax.vmap and jax.grad, "
            "where nothing is traced, and convert what it returns"
        )


def _entries(found: Recorded) -> tuple[tuple[tuple[Any, Any], ...], tuple[str, tuple[str, ...]]]:
    names = tuple(sorted(found))
    return tuple((jax.tree_util.DictKey(name), found[name]) for name in names), (found.kind, names)


def _of_entries(structure: tuple[str, tuple[str, ...]], values: Iterable[Any]) -> Recorded:
    kind, names = structure
    return Recorded(kind, dict(zip(names, values, strict=True)))


# so that a part of an output may leave a compiled function by itself, as a dict may
jax.tree_util.register_pytree_with_keys(Recorded, _entries, _of_entries)


def _flatten(out: ArrayOutput) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    # a time that is known is no array: one for each run of a batch would have another shape
    known = isinstance(out.start, float)
    recorded = (dict(found) if isinstance(found, dict) else found for found in map(out.__getattribute__, _KINDS))
    arrays = (*recorded, out.final, None if known else out.start, dict(out.products))
    dimensions = tuple((name, tuple(sorted(found.items()))) for name, found in sorted(out.dimensions.items()))
    return arrays, (out.start if known else None, tuple(sorted(out.dt.items())), dimensions)


def _unflatten(structure: tuple[Any, ...], arrays: tuple[Any, ...]) -> ArrayOutput:
    rasters, counts, states, rates, final, start, products = arrays
    known, dt, dimensions = structure
    return ArrayOutput(
        rasters,
        counts,
        states,
        rates,
        final,
        start if known is None else known,
        dict(dt),
        {name: dict(found) for name, found in dimensions},
        products,
    )


jax.tree_util.register_pytree_node(ArrayOutput, _flatten, _unflatten)
