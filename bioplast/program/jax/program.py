"""Target jax: a network as a pure function of its values, inputs and key."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import brian2
import jax
import jax.numpy as jnp
import numpy as np

from ...errors import BioplastError, NonFiniteError, UnknownName
from .. import network as net
from ..call import Call, Report
from ..inputs import split_inputs
from ..network import not_finite
from ..output import Output, Outputs
from ..program import TIME, Program
from ..steps.drive import Drive, Slots, queues_after, read_drive
from ..steps.moments import horizon, read_moments
from ..steps.reader import read_steps
from ..surrogate import Surrogate
from .batches import stacked
from .disk import disk_cache
from .output import ArrayOutput
from .products import build_meanwhile
from .simulation import Records, Simulation, State
from .spread import claim_cores, devices, over_batch, replicated
from .surrogates import by_group
from .tracing import is_key, key_of, traced


class JaxProgram(Program):
    """A network as a pure function, compiled by JAX when it is first called.

    Called with plain numbers it returns an `Output`, in its own precision whatever JAX's setting is. Within `jax.jit`,
    `jax.vmap` and `jax.grad`, where values, inputs or the key are traced, it returns an `ArrayOutput`.
    """

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
        checkpoint: bool = False,
    ):
        self.dtype = _precision(dtype)
        if any(isinstance(thing, brian2.Synapses) for thing in network.sorted_objects):
            build_meanwhile()
        super().__init__(network, duration, target, namespace, watch)
        claim_cores()
        self._steps = read_steps(network, namespace)
        self._simulation = Simulation(self._steps, by_group(surrogate, self._steps), detach_reset, checkpoint)
        self._compiled = jax.jit(self._simulation, static_argnums=(1, 2))
        self._compiled_batch = jax.jit(self._many, static_argnums=(2, 3, 4, 5))
        self._known: set[Any] = set()
        self._unchanging = {n: self._cast(a.value) for n, a in self._steps.arrays.items() if not a.is_value}
        self._horizon = horizon(self._steps) if self.dtype == np.float32 else None

    # Precision --------------------------------------------------------------------------------------------------------

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        """What makes JAX compute with as many bits as the program."""
        return jax.enable_x64(self.dtype == np.float64)

    def _cast(self, value: Any) -> Any:
        """A value in the program's precision."""
        return value.astype(self.dtype) if value.dtype.kind == "f" and value.dtype != self.dtype else value

    # Called with plain numbers ----------------------------------------------------------------------------------------

    def __call__(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: Any = None,
        *,
        duration: Any = None,
        report: bool | Report = False,
    ) -> Any:
        """Run the network once; see `Program.__call__`.

        `seed` may be a JAX key too. With values, inputs or a key that JAX traces an `ArrayOutput` is returned.
        """
        if traced(values, inputs, seed):
            return self._call_traced(dict(values or {}), dict(inputs or {}), key_of(seed), self._span(duration))
        return super().__call__(values, inputs, seed, duration=duration, report=report)

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
            return self._batch_traced(dict(values or {}), dict(inputs or {}), seed, self._span(duration))
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
        if call.report is not None:
            call.report(1.0, elapsed)
        return self._finished(call, state, records, elapsed)

    def _drive(self, call: Call) -> tuple[Drive, int, Slots]:
        """What comes into a call, how many moments it has, and how many steps of events each pathway keeps."""
        return read_drive(self.network, self._steps, call, self._cast, self._unchanging, self._horizon)

    def _kept(self, compiled: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function that JAX compiles; what it compiles now is kept on disk."""
        leaves, tree = jax.tree.flatten(arguments)
        shapes = tuple((leaf.shape, leaf.dtype) if hasattr(leaf, "dtype") else leaf for leaf in leaves)
        if (compiled, tree, shapes) in self._known:
            return compiled(*arguments)
        with disk_cache():
            result = compiled(*arguments)
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
        return self._output(call, self._recorded(call, records), final, elapsed)

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

    # Within jit, vmap and grad ----------------------------------------------------------------------------------------

    def _call_traced(self, values: dict[str, Any], inputs: dict[str, Any], key: Any, duration: float) -> ArrayOutput:
        self._prepare_tracing()
        plain = self.values | self._checked({k: v for k, v in values.items() if not traced(v)})
        followed = {k: v for k, v in values.items() if traced(v)}
        call = Call(plain, frozenset(values), {}, {}, key, float(plain[TIME]), duration)
        with self._precision():
            state, records = self._follow(call, followed, inputs)
            final = {k: state.arrays.get(k, self._cast(jnp.asarray(followed.get(k, plain[k])))) for k in plain}
            return self._array_output(call, records, final, ())

    def _batch_traced(self, values: dict[str, Any], inputs: dict[str, Any], seed: Any, duration: float) -> ArrayOutput:
        self._prepare_tracing()
        if is_key(seed):
            seed = seed if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(seed)
        size, of_values, of_inputs = self._batch_axes(values, inputs, seed)
        plain = self.values | self._checked({k: v for k, v in values.items() if k not in of_values and not traced(v)})
        plan = Call(plain, frozenset(values), {}, {}, None, float(plain[TIME]), duration)
        given = {k: self._checked_batch(k, v) for k, v in values.items() if k in of_values}
        rasters = {k: self._checked_batch_input(k, v, plan) for k, v in inputs.items() if k in of_inputs}
        common = {k: v for k, v in values.items() if k not in of_values and traced(v)}
        common_inputs = {k: v for k, v in inputs.items() if k not in of_inputs}
        traced_inputs = {k: v for k, v in common_inputs.items() if traced(v)}
        untraced_inputs = {k: v for k, v in common_inputs.items() if k not in traced_inputs}

        def one(batched: Any, shared: Any) -> tuple[Any, Records]:
            own, own_inputs, key = batched
            everyones, everyones_inputs = shared
            call = dataclasses.replace(plan, seed=key)
            state, records = self._follow(
                call, {**everyones, **own}, {**untraced_inputs, **everyones_inputs, **own_inputs}
            )
            return state.arrays, records

        with self._precision():
            # all devices for a batch of any size: what one batch was trained with is on those of that batch
            arrays, records = over_batch(
                one, (given, rasters, self._keys(seed, size)), (common, traced_inputs), devices()
            )
            final = {}
            for k in plain:
                if k in arrays:
                    final[k] = arrays[k]
                elif k in given:
                    final[k] = self._cast(jnp.asarray(given[k]))
                else:
                    value = self._cast(jnp.asarray(common.get(k, plain[k])))
                    final[k] = jnp.broadcast_to(value, (size, *value.shape))
            return self._array_output(plan, records, final, (size,))

    def _prepare_tracing(self) -> None:
        self._refuse_changed_constants()
        if self.dtype == np.float64 and not jax.config.read("jax_enable_x64"):
            raise BioplastError(
                "float64 within jit, vmap or grad needs JAX's 64-bit numbers: put the outermost call into "
                "`with jax.enable_x64(True):`, set jax_enable_x64, or compile with dtype='float32'"
            )

    def _keys(self, seed: Any, size: int) -> Any:
        """A key for each run of a batch."""
        if is_key(seed):
            return seed if seed.ndim else jax.random.split(seed, size)
        if isinstance(seed, jax.core.Tracer):
            return jax.vmap(jax.random.key)(seed) if seed.ndim else jax.random.split(jax.random.key(seed), size)
        return jax.vmap(jax.random.key)(jnp.asarray(self._seeds(0 if seed is None else seed, size), dtype=jnp.uint32))

    def _checked_batch(self, key: str, value: Any) -> Any:
        return value if traced(value) else np.stack([self._checked({key: one})[key] for one in value])

    def _checked_batch_input(self, name: str, given: Any, plan: Call) -> Any:
        if traced(given):
            return given

        def checked(one: Any) -> Any:
            return split_inputs(self.network, self._namespace, {name: one}, plan.start, plan.duration)

        if name not in net.spike_inputs(self.network):
            return np.stack([checked(one)[1][name] for one in given])
        checked(given[0])
        raster = np.asarray(given)
        if ((raster != 0) & (raster != 1)).any():
            raise BioplastError(f"input {name!r}: a neuron spikes at most once in a step, so 0 and 1 are accepted")
        return raster.astype(bool)

    def _follow(self, call: Call, followed: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[State, Records]:
        """Carry out a call with some values and inputs that are traced."""
        shaped: dict[str, Any] = {}
        for name, value in followed.items():
            variable = self._variables.get(name)
            if variable is None or variable.delay:
                raise BioplastError(f"{name!r} cannot be traced: it decides how many steps there are or are kept")
            try:
                kind = self.dtype if variable.dtype.kind == "f" else variable.dtype
                shaped[name] = jnp.broadcast_to(value.astype(kind), variable.shape)
            except ValueError:
                raise BioplastError(f"{name!r} has shape {value.shape}: {variable.shape} is expected") from None
        untraced = {name: given for name, given in inputs.items() if not traced(given)}
        spikes, tables = split_inputs(self.network, self._namespace, untraced, call.start, call.duration)
        for name in set(inputs) - set(untraced):
            self._place_traced(name, inputs[name], call, spikes, tables)
        drive, count, slots = self._drive(
            dataclasses.replace(call, values={**call.values, **shaped}, spikes=spikes, tables=tables)
        )
        return self._compiled(drive, count, slots)

    def _array_output(
        self, call: Call, records: Records, final: Mapping[str, Any], lead: tuple[int, ...]
    ) -> ArrayOutput:
        """What a traced run returns, or a batch of them with the batch axis `lead`."""
        spans = call.spans(self.network)
        moments = read_moments(spans)
        recorded: dict[str, dict[str, Any]] = {"spikes": {}, "states": {}, "rate": {}}
        for name, monitor in self._monitors.items():
            span, due = spans[monitor.clock], moments.of(monitor.clock)
            found = records.get(name, {})
            if len(due) < moments.count:
                found = {variable: jnp.take(array, due, axis=len(lead)) for variable, array in found.items()}
            if monitor.kind == "spikes":
                if "events" in found:
                    recorded["spikes"][name] = found["events"]
            else:
                times = self._cast(jnp.arange(span.start, span.end) * span.dt)
                recorded[monitor.kind][name] = {**found, "t": jnp.broadcast_to(times, (*lead, len(times)))}
        final = {k: v for k, v in final.items() if k in self._variables}
        dt = {name: spans[monitor.clock].dt for name, monitor in self._monitors.items()}
        return ArrayOutput(recorded["spikes"], recorded["states"], recorded["rate"], final, call.start, dt)

    def _place_traced(self, name: str, given: Any, call: Call, spikes: Any, tables: Any) -> None:
        """A traced input, among the spikes or the tables."""
        groups = net.spike_inputs(self.network)
        if name in groups:
            span = call.spans(self.network)[groups[name].clock.name]
            wanted: tuple[int, ...] = (span.end - span.start, len(groups[name]))
            into, rows = spikes, slice(None)
        elif name in self._steps.inputs:
            wanted = self._steps.tables[self._steps.inputs[name]].shape
            into, rows = tables, slice(1, None)  # a table may have any length
        else:
            raise UnknownName("input", name, [*groups, *self._steps.inputs])
        if given.ndim != len(wanted) or given.shape[rows] != wanted[rows]:
            raise BioplastError(f"input {name!r} has shape {given.shape}: {wanted} is expected")
        into[name] = given


def _precision(given: Any) -> np.dtype[Any]:
    """The precision that was asked for, float64 by default."""
    try:
        dtype = np.dtype(np.float64 if given is None else given)
    except TypeError:
        dtype = None
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise BioplastError(f"dtype is {given!r}: 'float32' and 'float64' are accepted")
    return dtype
