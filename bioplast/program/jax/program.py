"""Target jax: a network as a pure function of its values, inputs and key."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import brian2
import jax
import numpy as np

from ...errors import BioplastError, NonFiniteError, RunError
from ..arguments import named
from ..call import Call, Progress
from ..network import not_finite
from ..output import Output, Outputs
from ..program import TIME
from ..steps.drive import Slots, queues_after
from ..steps.moments import horizon, read_moments
from ..steps.reader import read_steps
from ..steps.steps import DeclaredPathway
from ..surrogate import Surrogate
from .batches import stacked
from .disk import disk_cache
from .library import build_meanwhile
from .simulation import Records, Simulation, State
from .spread import claim_cores, devices, over_batch, replicated
from .surrogates import by_group, thresholds
from .traced_calls import TracedCalls
from .tracing import key_of, traced


class JaxProgram(TracedCalls):
    """A network as a pure function, compiled by JAX when it is first called.

    Called with plain numbers it returns an `Output`, in its own precision whatever JAX's setting is. Within `jax.jit`,
    `jax.vmap` and `jax.grad`, where values, inputs or the key are traced, it returns an `ArrayOutput`.
    """

    follows_declarations = True
    traceable = True

    def __init__(
        self,
        network: brian2.Network,
        duration: float,
        target: str,
        namespace: Mapping[str, Any],
        watch: float | None,
        *,
        surrogate: Surrogate | Mapping[str, Surrogate | None] | None = None,
        detach_reset: bool = False,
        dtype: Any = None,
        remat: bool = False,
    ):
        self.dtype = precision(dtype)
        if any(isinstance(thing, brian2.Synapses) for thing in network.sorted_objects):
            build_meanwhile("products")
            build_meanwhile("listed")
        super().__init__(network, duration, target, namespace, watch)
        claim_cores()
        self._steps = read_steps(network, namespace, f"target {target}")
        if any(isinstance(operation, DeclaredPathway) for operation in self._steps.operations):
            build_meanwhile("correlations")
        self._simulation = Simulation(self._steps, by_group(surrogate, self._steps), detach_reset, remat)
        self._prepare()
        self._unchanging = {n: self._cast(a.value) for n, a in self._steps.arrays.items() if not a.is_value}
        self._horizon = horizon(self._steps) if self.dtype == np.float32 else None

    def _prepare(self) -> None:
        self._compiled = jax.jit(self._simulation, static_argnums=(1, 2))
        self._compiled_batch = jax.jit(self._many, static_argnums=(2, 3, 4, 5))
        self._known: set[Any] = set()

    def _state(self) -> dict[str, Any]:
        compiled = ("_compiled", "_compiled_batch", "_known")
        return {name: value for name, value in super()._state().items() if name not in compiled}

    def _restore(self, network: brian2.Network, state: Mapping[str, Any]) -> None:
        super()._restore(network, state)
        claim_cores()
        self._prepare()

    # What has a derivative --------------------------------------------------------------------------------------------

    @property
    def changing(self) -> tuple[str, ...]:
        """The keys of the values that a run changes, but for the time and the spikes on their way."""
        return tuple(name for name in self._simulation.written if name in self._variables)

    @property
    def spikes_without_derivative(self) -> tuple[str, ...]:
        """The groups with a threshold of their own whose spikes have no surrogate derivative."""
        return tuple(group for group in thresholds(self._steps) if group not in self._simulation.surrogates)

    @property
    def detaches_resets(self) -> bool | None:
        """Whether resets have no derivative in the spikes; None where no spike has one."""
        return self._simulation.detach_reset if self._simulation.surrogates else None

    # Called with plain numbers ----------------------------------------------------------------------------------------

    def __call__(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: Any = None,
        *,
        duration: Any = None,
        progress: bool | Progress = False,
    ) -> Any:
        """Run the network once; see `Program.__call__`.

        `seed` may be a JAX key too. With values, inputs or a key that JAX traces an `ArrayOutput` is returned;
        a network that draws random numbers then needs a seed.
        Spikes that are traced are truth values, or numbers 0.0 and 1.0 that carry a derivative. Other numbers cannot be
        refused while they are traced: they make all that is recorded, and the values after the run, NaN.
        Where the time decides what happens, the state of neurons is traced together with ``"network.t"``, which may be
        a number: a state that is carried from run to run without it would begin anew, and is refused.
        """
        if traced(values, inputs, seed):
            return self._call_traced(values, named(inputs, "inputs"), key_of(seed), self._span(duration))
        return super().__call__(values, inputs, seed, duration=duration, progress=progress)

    def batch(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: Any = None,
        *,
        duration: Any = None,
    ) -> Any:
        """Run the network once for each entry of a leading batch axis, on all cores or devices; see `Program.batch`.

        All runs are one program. `seed` may be a JAX key too, which is split, or an array of them. With values, inputs
        or keys that JAX traces an `ArrayOutput` is returned, each array with the batch axis first; derivatives of it
        are taken on all cores or devices, too.

        A processor is one device for each core when nothing has used JAX before the first program was compiled for it;
        otherwise it is as many as JAX was told (``jax_num_cpu_devices``), one by default. What a function that
        ``jax.jit`` compiles gives back is on all of these, and JAX compiles it again when it gets that instead of what
        was on one: begin with `replicated` values.
        """
        if traced(values, inputs, seed):
            return self._batch_traced(values, named(inputs, "inputs"), seed, self._span(duration))
        return super().batch(values, inputs, seed, duration=duration)

    def replicated(self, tree: Any) -> Any:
        """Arrays where `batch` leaves them: whole on each of the devices that it uses.

        For all that goes into a training step and comes back from it, so that JAX compiles the step once::

            weights, state = program.replicated((weights, optimiser.init(weights)))
            for rasters, labels in batches:
                weights, state = step(weights, state, rasters, labels)  # of jax.jit

        Parameters
        ----------
        tree : pytree of arrays

        Returns
        -------
        pytree of jax.Array
        """
        return replicated(tree)

    def _run(self, call: Call) -> Output:
        begin = time.perf_counter()
        with self._precision():
            drive, count, slots = self._drive(dataclasses.replace(call, seed=jax.random.key(call.seed)))
            state, records = jax.device_get(self._kept(self._compiled, drive, count, slots))
        elapsed = time.perf_counter() - begin
        if call.progress is not None:
            call.progress(1.0, elapsed)
        return self._finished(call, state, records, elapsed)

    def _kept(self, compiled: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function that JAX compiles; what it compiles now is kept on disk."""
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((leaf.shape, leaf.dtype) if hasattr(leaf, "dtype") else leaf for leaf in leaves)
        try:
            if (compiled, tree, shapes) in self._known:
                return jax.block_until_ready(compiled(*arguments))
            with disk_cache():
                result = jax.block_until_ready(compiled(*arguments))
        except jax.errors.JaxRuntimeError as error:  # such as one of too little memory
            raise RunError(f"JAX could not run the network: {' '.join(str(error).split())}") from error
        self._known.add((compiled, tree, shapes))
        return result

    def _run_batch(
        self, each: Sequence[tuple[dict[str, Any], dict[str, Any]]], seeds: Sequence[int], duration: float
    ) -> Outputs:
        now = self.values
        calls, drives, counts, longest = [], [], set(), dict[str, int]()
        begin = time.perf_counter()
        with self._precision():
            for (values, inputs), seed in zip(each, seeds, strict=True):
                call = self._call(values, inputs, seed, duration, now)
                drive, count, slots = self._drive(dataclasses.replace(call, seed=jax.random.key(seed)))
                calls.append(call)
                drives.append(drive)
                counts.add(count)
                longest |= {name: max(size, longest.get(name, 0)) for name, size in slots}
            if len(counts) > 1:
                raise BioplastError("the runs of a batch have different numbers of steps: give each its own call")
            batched, shared, which, tree = stacked(drives)
            slots = tuple(sorted(longest.items()))
            results = jax.device_get(
                self._kept(self._compiled_batch, batched, shared, which, tree, counts.pop(), slots)
            )
        elapsed = (time.perf_counter() - begin) / len(drives)
        ends = [jax.tree.map(lambda a, k=k: a[k], results) for k in range(len(drives))]
        return Outputs(
            self._finished(call, state, records, elapsed) for call, (state, records) in zip(calls, ends, strict=True)
        )

    def _many(
        self, batched: list[Any], shared: list[Any], which: tuple[bool, ...], tree: Any, count: int, slots: Slots
    ) -> tuple[State, Records]:
        """Simulate many drives, whose leaves are in `batched` where `which` says so, else in `shared`."""

        def one(batched: list[Any], shared: list[Any]) -> tuple[State, Records]:
            own, common = iter(batched), iter(shared)
            leaves = [next(own) if is_batched else next(common) for is_batched in which]
            return self._simulation(jax.tree.unflatten(tree, leaves), count, slots)

        return over_batch(one, batched, shared, devices()[: len(batched[0])])

    def _finished(self, call: Call, state: State, records: Records, elapsed: float) -> Output:
        """What a run with plain numbers returns."""
        final = dict(call.values)
        for name, value in state.arrays.items():
            if self._steps.arrays[name].is_value:
                final[name] = np.asarray(value).astype(call.values[name].dtype)
        final |= queues_after(self.network, self._steps, call, state.past)
        final[TIME] = np.array(call.end)
        if self.watch is not None:
            self._look(call, final)
        recorded = self._recorded(call, records)
        for name, monitor in self._monitors.items():
            if monitor.kind == "spikes":
                kept = state.arrays.get(f"{name}.count")
                spikes = np.bincount(recorded[name]["i"], minlength=monitor.size) if kept is None else kept
                recorded[name]["count"] = np.asarray(spikes, dtype=np.int32)
        return self._output(call, recorded, final, elapsed)

    def _look(self, call: Call, final: Mapping[str, np.ndarray]) -> None:
        """Refuse a run that ended with a state that is not finite but began with one that was."""
        for key, variable in self._variables.items():
            if not variable.may_diverge or not np.isfinite(call.values[key]).all():
                continue
            value = np.atleast_1d(final[key])
            if not np.isfinite(value).all():
                index = int(np.argmin(np.isfinite(value)))
                raise NonFiniteError(not_finite(key, index, value[index], call.start, call.end, variable.synaptic))

    def _recorded(self, call: Call, records: Records) -> dict[str, dict[str, np.ndarray]]:
        """What the monitors hold, as Brian2 would have it."""
        spans = call.spans(self.network)
        moments = read_moments(spans)
        recorded = {}
        for name, monitor in self._monitors.items():
            span = spans[monitor.clock]
            found = {v: np.asarray(a)[moments.of(monitor.clock)] for v, a in records.get(name, {}).items()}
            times = np.arange(span.start, span.end) * span.dt
            if monitor.kind == "spikes":
                events = found.pop("events", np.zeros((0, monitor.size), dtype=bool))
                rows, neurons = np.nonzero(events)
                recorded[name] = {
                    "i": neurons.astype(np.int32),
                    "t": times[rows],
                    **{v: a[rows, neurons] for v, a in found.items()},
                }
            elif not found and monitor.variables:  # switched off
                empty = {v: np.zeros((0, monitor.size)) for v in monitor.variables}
                recorded[name] = {**empty, "t": times[:0]}
            else:
                recorded[name] = {**found, "t": times}
        return recorded


def precision(given: Any) -> np.dtype[Any]:
    """The precision that was asked for, float64 by default."""
    try:
        dtype = np.dtype(np.float64 if given is None else given)
    except TypeError:
        dtype = np.dtype(object)
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):  # None would equal the latter
        raise BioplastError(f"dtype is {given!r}: 'float32' and 'float64' are accepted")
    return dtype
