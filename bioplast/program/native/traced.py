"""A network as a function that JAX traces, maps and differentiates, each batch of which is one call of C++."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...errors import BioplastError, Unsupported
from ..jax.simulation import Records, Simulation, State
from ..steps import steps
from ..steps.drive import Drive, Slots
from ..steps.steps import pathways
from .adjoint import Wanted
from .called import Called
from .foreign import Foreign
from .shape import Shape

Leaves = dict[str, Any]


@dataclass(frozen=True)
class _Kept:
    """What a derivative was asked for, beside the arrays that are kept for it."""

    wanted: Wanted


jax.tree_util.register_dataclass(_Kept, [], ["wanted"])


class TracedSimulation:
    """What `Simulation` is on target jax, carried out in C++.

    Parameters
    ----------
    simulation : Simulation
        Which arrays it changes, and how events are kept.
    dtype : numpy.dtype
        Of real numbers.
    run : callable
        Carries out runs: of `Samples`, and for a derivative what is wanted, what comes back and what is summed.
    prepare : callable
        Compiles what a derivative needs, of what is wanted.
    foreign : callable
        What lays out calls from XLA, of what is wanted, None for a run alone.
    records : list of (str, str, str, int)
        As `Layout.records`.
    draws : bool
        Whether the network draws random numbers.

    Attributes
    ----------
    in_batch : bool
        Whether the calls that are made now are those of one batch, which becomes one call of C++.
    """

    def __init__(
        self,
        simulation: Simulation,
        dtype: np.dtype[Any],
        run: Callable[..., Any],
        prepare: Callable[[Wanted], Any],
        foreign: Callable[[Wanted | None], Foreign],
        records: list[tuple[str, str, str, int]],
        draws: bool,
    ):
        self.simulation = simulation
        self.network = simulation.network
        self.dtype = dtype
        self.run = run
        self.prepare = prepare
        self.foreign = foreign
        self.records = records
        self.draws = draws
        self.in_batch = False

    def __call__(self, drive: Drive, count: int, slots: Slots) -> tuple[State, Records]:
        """As `Simulation.__call__`."""
        if drive.extra:
            raise Unsupported("spikes on their way beside those of the delays are not traced")
        real = {name: value for name, value in drive.arrays.items() if value.dtype.kind == "f"}
        events = {name: value for name, value in drive.events.items() if value.dtype.kind == "f"}
        given = {"arrays": real, "tables": dict(drive.tables), "events": events, "pending": dict(drive.pending)}
        rest = {
            "arrays": {name: value for name, value in drive.arrays.items() if name not in real},
            "events": {name: value for name, value in drive.events.items() if name not in events},
            "due": dict(drive.due),
            "step": dict(drive.step),
            "key": None if drive.key is None else jax.random.key_data(drive.key),
        }
        if self.draws and drive.key is None:
            raise BioplastError(
                "the network draws random numbers: while JAX traces a run it needs a seed or a key of its own, such as "
                "one of jax.random.split, since without one all runs would have the same noise"
            )
        delays = {name: np.asarray(steps_) for name, steps_ in drive.delays.items()}
        shape = Shape(self.network, count, dict(slots), delays, self.simulation.types(drive.events))
        own = jax.tree.map(np.ndim, (given, rest))
        run = _Function(self, shape, own, None, ()).differentiable()
        if not self.in_batch:
            return run(given, rest)
        mapped = jax.custom_batching.custom_vmap(run)

        @mapped.def_vmap
        def _batch(size: int, flags: Any, given: Leaves, rest: Leaves) -> Any:
            results = _Function(self, shape, own, tuple(flags), (size,)).differentiable()(given, rest)
            return results, jax.tree.map(lambda _: True, results)

        return mapped(given, rest)


class _Function:
    """Runs of one shape as a function with a derivative.

    Parameters
    ----------
    traced : TracedSimulation
    shape : Shape
    own : pytree of int
        The axes that each argument has in one run.
    flags : pytree of bool or None
        For a batch, which of them have an axis of runs in front.
    lead : tuple of int
        The length of that axis.
    """

    def __init__(self, traced: TracedSimulation, shape: Shape, own: Any, flags: Any, lead: tuple[int, ...]):
        self.traced = traced
        self.shape = shape
        self.own = own
        self.flags = jax.tree.map(lambda _: False, own) if flags is None else flags
        self.batch = flags is not None
        self.results = self.shapes(lead)

    def differentiable(self) -> Callable[..., tuple[State, Records]]:
        """The function."""

        @jax.custom_vjp
        def run(given: Leaves, rest: Leaves) -> tuple[State, Records]:
            return self.onward(given, rest)

        def forward(given: Leaves, rest: Leaves) -> Any:
            wanted = self.wanted(given)
            self.traced.prepare(wanted)  # what has no derivative is refused while JAX traces
            plain = jax.tree.map(lambda primal: primal.value, (given, rest), is_leaf=_is_primal)
            return self.onward(*plain), (_Kept(wanted), *plain)

        def backward(kept: Any, backs: Any) -> Any:
            return self.backward(kept[0].wanted, kept[1], kept[2], backs), jax.tree.map(_no_derivative, kept[2])

        run.defvjp(forward, backward, symbolic_zeros=True)
        return run

    def wanted(self, given: Leaves) -> Wanted:
        found = {
            kind: frozenset(name for name, primal in primals.items() if primal.perturbed)
            for kind, primals in given.items()
        }
        if found["pending"]:
            raise Unsupported(
                f"'{min(found['pending'])}.queue' carries a derivative, which spikes on their way do not have on "
                "target native"
            )
        return Wanted(found["arrays"], found["tables"], found["events"])

    def shapes(self, lead: tuple[int, ...]) -> tuple[State, Records]:
        """What comes of a run, with leading axes."""
        network, dtype, shape = self.traced.network, self.traced.dtype, self.shape

        def of(own: tuple[int, ...], kind: Any) -> jax.ShapeDtypeStruct:
            return jax.ShapeDtypeStruct((*lead, *own), dtype if np.dtype(kind).kind == "f" else kind)

        arrays = {
            name: of(network.arrays[name].value.shape, network.arrays[name].value.dtype)
            for name in self.traced.simulation.written
        }
        past = {
            way.name: of((shape.slots[way.name], network.events[way.events]), shape.types[way.events])
            for way in pathways(network)
            if way.name in shape.slots
        }
        records: Records = {}
        rates = {operation.name for operation in network.operations if isinstance(operation, steps.RateRecord)}
        for monitor, variable, kind, size in self.traced.records:
            own = (shape.count,) if monitor in rates else (shape.count, size)
            records.setdefault(monitor, {})[variable] = of(own, _NUMPY[kind])
        for operation in network.operations:
            if isinstance(operation, steps.EventRecord):
                size = operation.stop - operation.start
                records[operation.name] = {"events": of((shape.count, size), shape.types[operation.events])}
        return State(arrays, {}, past), records

    def foreign(self, wanted: Wanted | None) -> Called | None:
        """How XLA calls C++ without Python between; None where it cannot: not every clock steps in every moment, or JAX
        computes elsewhere or with too few bits."""
        network = self.traced.network
        kinds = [array.value.dtype for array in network.arrays.values() if array.is_value]
        kinds += [np.dtype(_NUMPY[kind]) for _, _, kind, _ in self.traced.records if kind != "f"]
        wide = jax.config.read("jax_enable_x64") or not any(k.kind in "iu" and k.itemsize == 8 for k in kinds)
        if jax.default_backend() != "cpu" or self.traced.simulation.always != set(network.clocks) or not wide:
            return None
        return Called(self.traced.foreign(wanted), self.shape, self.own, self.flags, self.batch, self.results)

    # On the host ------------------------------------------------------------------------------------------------------

    def onward(self, given: Leaves, rest: Leaves) -> Any:
        foreign = self.foreign(None)
        if foreign is not None:
            return foreign.forward(given, rest)
        return jax.pure_callback(self.carried_out, self.results, given, rest, vmap_method="expand_dims")

    def flat(self, leaves: Any, more: Any = ()) -> tuple[Any, Any, tuple[int, ...]]:
        """Arguments and what comes to the results, each [runs or 1, ...], and the leading axes of all together."""
        batch = int(self.batch)
        leaves, more = jax.tree.map(np.asarray, (leaves, more))
        known = jax.tree.leaves(self.results)

        def lead_of(own: int, flag: bool, array: np.ndarray) -> tuple[int, ...]:
            outer = array.shape[: array.ndim - own - int(flag)]
            return (*outer, array.shape[len(outer)] if flag else 1) if batch else outer

        owns = [(n, f) for n, f in zip(jax.tree.leaves(self.own), jax.tree.leaves(self.flags), strict=True)]
        arrays = jax.tree.leaves(leaves)
        leads = [lead_of(n, f, a) for (n, f), a in zip(owns, arrays, strict=True)]
        backs = [(back.ndim if index is None else len(known[index].shape) - batch, back) for index, back in more]
        leads += [lead_of(n, bool(batch), back) for n, back in backs]
        lead = np.broadcast_shapes(*leads)

        def flattened(n: int, array: np.ndarray, own_lead: tuple[int, ...]) -> np.ndarray:
            shape = array.shape[array.ndim - n :]
            if all(length == 1 for length in own_lead):
                return array.reshape((1, *shape))
            return np.broadcast_to(array.reshape((*own_lead, *shape)), (*lead, *shape)).reshape((-1, *shape))

        flat = [flattened(n, a, one) for (n, _), a, one in zip(owns, arrays, leads, strict=False)]
        flat_backs = [flattened(n, a, one) for (n, a), one in zip(backs, leads[len(arrays) :], strict=True)]
        return jax.tree.unflatten(jax.tree.structure(leaves), flat), flat_backs, lead

    def carried_out(self, given: Leaves, rest: Leaves) -> Any:
        (given, rest), _, lead = self.flat((given, rest))
        samples = self.shape.samples(given, rest, int(np.prod(lead, dtype=int)))
        runs = self.traced.run(samples)
        found = self.shape.gathered(runs, self.results)
        outer = lead[:-1] if self.batch else lead
        return jax.tree.map(lambda a, s: a.astype(s.dtype, copy=False).reshape((*outer, *s.shape)), found, self.results)

    # Back -------------------------------------------------------------------------------------------------------------

    def backward(self, wanted: Wanted, given: Leaves, rest: Leaves, backs: Any) -> Leaves:
        flat, _ = jax.tree_util.tree_flatten_with_path(backs, is_leaf=_is_zero)
        paths = {
            index: path
            for index, (path, back) in enumerate(flat)
            if not _is_zero(back) and np.issubdtype(back.dtype, np.floating)
        }
        known = [flat[index][1] for index in paths]
        parts = {"arrays": wanted.arrays, "tables": wanted.tables, "events": wanted.events}
        shapes = {
            kind: {name: jax.ShapeDtypeStruct(np.shape(given[kind][name]), self.traced.dtype) for name in names}
            for kind, names in parts.items()
        }
        foreign = self.foreign(wanted)
        if foreign is not None:
            found = foreign.back(wanted, given, rest, list(paths.values()), known, shapes)
        else:
            found = jax.pure_callback(
                lambda *arguments: self.carried_back(wanted, paths, *arguments),
                shapes,
                given,
                rest,
                known,
                vmap_method="expand_dims",
            )
        return {
            kind: {name: found.get(kind, {}).get(name, jnp.zeros_like(value)) for name, value in values.items()}
            for kind, values in given.items()
        }

    def carried_back(
        self, wanted: Wanted, paths: Mapping[int, Any], given: Leaves, rest: Leaves, known: list[Any]
    ) -> Any:
        (given, rest), backs, lead = self.flat((given, rest), list(zip(paths, known, strict=True)))
        size = int(np.prod(lead, dtype=int))
        samples = self.shape.samples(given, rest, size)
        flags = self.flags[0]
        summed = {
            kind: frozenset(name for name, flag in flags[kind].items() if self.batch and not flag)
            for kind in ("arrays", "tables", "events")
        }
        outer = lead[:-1] if self.batch else lead
        together = frozenset() if int(np.prod(outer, dtype=int)) > 1 else summed["arrays"] | summed["tables"]
        what = self.shape.backs(samples, dict(zip(paths.values(), backs, strict=True)), size)
        found = self.traced.run(samples, wanted, what, together)
        result: dict[str, dict[str, np.ndarray]] = {}
        for kind, names in (("arrays", wanted.arrays), ("tables", wanted.tables), ("events", wanted.events)):
            result[kind] = {}
            for name in names:
                shape = given[kind][name].shape[1:]
                value = getattr(found, kind).get(name)
                if value is None:
                    value = np.zeros((*(outer if name in summed[kind] else lead), *shape), dtype=self.traced.dtype)
                elif name in summed[kind]:
                    value = value.sum(0) if name in together else value.reshape((*lead, *shape)).sum(len(outer))
                result[kind][name] = value.reshape((*(outer if name in summed[kind] else lead), *shape))
        return result


_NUMPY: Mapping[str, Any] = {"b": np.bool_, "i": np.int32, "l": np.int64, "f": np.float64}


def _is_primal(leaf: Any) -> bool:
    return hasattr(leaf, "perturbed")


def _is_zero(leaf: Any) -> bool:
    return isinstance(leaf, jax.custom_derivatives.SymbolicZero)


def _no_derivative(leaf: Any) -> Any:
    return np.zeros(np.shape(leaf), dtype=jax.dtypes.float0)
