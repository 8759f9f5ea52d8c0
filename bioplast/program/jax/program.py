"""Target jax: a network as a pure function of its values, inputs and key."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import brian2
import jax
import jax.numpy as jnp
import numpy as np
from brian2.units.fundamentalunits import get_or_create_dimension

from ...errors import BioplastError, NonFiniteError, UnknownName
from .. import network as net
from ..network import not_finite
from ..output import Output, Outputs
from ..program import TIME, Program
from ..steps import steps
from ..steps.moments import read_moments
from ..steps.reader import read_steps
from ..surrogate import Surrogate
from .disk import disk_cache
from .output import ArrayOutput
from .products import build_meanwhile
from .simulation import Drive, Records, Simulation, State, delay_steps, pathways
from .spread import claim_cores, devices, over_batch, replicated

Slots = tuple[tuple[str, int], ...]


class JaxProgram(Program):
    """A network as a pure function, compiled by JAX when it is first called.

    Called with plain numbers it returns an `Output`, in its own precision whatever JAX's setting is. Within `jax.jit`,
    `jax.vmap` and `jax.grad`, where values, inputs or the key are traced, it returns an `ArrayOutput`.
    """

    def __init__(
        self,
        network: brian2.Network,
        duration: float,
        namespace: Mapping[str, Any],
        watch: float | None,
        surrogate: Surrogate | Mapping[str, Surrogate | None] | None,
        detach_reset: bool,
        dtype: np.dtype[Any],
        checkpoint: bool,
    ):
        if any(isinstance(thing, brian2.Synapses) for thing in network.sorted_objects):
            build_meanwhile()
        super().__init__(network, duration, "jax", namespace, watch)
        claim_cores()
        self.dtype = dtype
        self._steps = read_steps(network, namespace)
        self._simulation = Simulation(self._steps, _by_group(surrogate, self._steps), detach_reset, checkpoint)
        self._compiled = jax.jit(self._simulation, static_argnums=(1, 2))
        self._compiled_batch = jax.jit(self._many, static_argnums=(2, 3, 4, 5))
        self._known: set[Any] = set()
        self._unchanging = {n: self._cast(a.value) for n, a in self._steps.arrays.items() if not a.is_value}
        self._horizon = _horizon(self._steps) if dtype == np.float32 else None

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
        report: bool | Callable[[float, float], None] = False,
    ) -> Any:
        """Run the network once; see `Program.__call__`.

        `seed` may be a JAX key too. With values, inputs or a key that JAX traces an `ArrayOutput` is returned.
        """
        if _traced(values, inputs, seed):
            return self._call_traced(dict(values or {}), dict(inputs or {}), _key(seed))
        return super().__call__(values, inputs, seed, report)

    def batch(
        self,
        values: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        seed: Any = None,
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
        if _traced(values, inputs, seed):
            return self._batch_traced(dict(values or {}), dict(inputs or {}), seed)
        return super().batch(values, inputs, seed)

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

    def _run(
        self,
        values: dict[str, np.ndarray],
        spikes: dict[str, tuple[np.ndarray, np.ndarray]],
        tables: dict[str, np.ndarray],
        seed: int,
        start: float,
        report: Callable[[float, float], None] | None,
        draws: Mapping[str, np.ndarray] | None = None,
    ) -> Output:
        current = {**self.values, **values}
        begin = time.perf_counter()
        with self._precision():
            drive, count, slots = self._drive(current, spikes, tables, jax.random.key(seed), start, draws)
            state, records = jax.device_get(self._kept(self._compiled, drive, count, slots))
        elapsed = time.perf_counter() - begin
        if report is not None:
            report(1.0, elapsed)
        return self._finished(current, state, records, seed, start, elapsed)

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
        self, values: dict[str, Any], inputs: dict[str, Any], of_values: set[str], of_inputs: set[str], seeds: Any
    ) -> Outputs:
        self._refuse_changed_constants()
        now = self.values
        currents, starts, drives, counts, slots = [], [], [], set(), dict[str, int]()
        begin = time.perf_counter()
        with self._precision():
            for k, seed in enumerate(seeds):
                checked = self._checked({key: v[k] if key in of_values else v for key, v in values.items()})
                current = {**now, **checked}
                start = float(current[TIME])
                given = {name: v[k] if name in of_inputs else v for name, v in inputs.items()}
                spikes, tables = self._split_inputs(given, start)
                drive, count, kept = self._drive(current, spikes, tables, jax.random.key(seed), start)
                currents.append(current)
                starts.append(start)
                drives.append(drive)
                counts.add(count)
                slots |= {name: max(size, slots.get(name, 0)) for name, size in kept}
            if len(counts) > 1:
                raise BioplastError("the runs of a batch have different numbers of steps: give each its own call")
            batched, shared, which, tree = _stacked(drives)
            kept = tuple(sorted(slots.items()))
            told = jax.device_get(self._kept(self._compiled_batch, batched, shared, which, tree, counts.pop(), kept))
        elapsed = (time.perf_counter() - begin) / len(drives)
        ends = [jax.tree.map(lambda a, k=k: a[k], told) for k in range(len(drives))]
        return Outputs(
            self._finished(current, state, records, seed, start, elapsed)
            for current, (state, records), seed, start in zip(currents, ends, seeds, starts, strict=True)
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

    def _finished(
        self, current: Mapping[str, Any], state: State, records: Records, seed: int, start: float, elapsed: float
    ) -> Output:
        """What a run with plain numbers returns."""
        final = dict(current)
        for name, value in state.arrays.items():
            if self._steps.arrays[name].is_value:
                final[name] = np.asarray(value).astype(current[name].dtype)
        final |= self._queues(state, current, start)
        final[TIME] = np.array(start + self.duration)
        if self.watch is not None:
            self._look(current, final, start)
        return self._output(self._recorded(records, start), final, seed, start, elapsed)

    def _look(self, before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray], start: float) -> None:
        """Refuse a run that ended with a state that is not finite but began with one that was."""
        for key, variable in self._variables.items():
            if not variable.may_diverge or not np.isfinite(before[key]).all():
                continue
            value = np.atleast_1d(after[key])
            if not np.isfinite(value).all():
                index = int(np.argmin(np.isfinite(value)))
                end = start + self.duration
                raise NonFiniteError(not_finite(key, index, value[index], start, end, variable.synaptic))

    def _recorded(self, records: Records, start: float) -> dict[str, dict[str, np.ndarray]]:
        """What the monitors hold, as Brian2 would have it."""
        spans = net.spans(self.network, self.duration, start)
        moments = read_moments(spans)
        told = {}
        for name, monitor in self._monitors.items():
            span = spans[monitor.clock]
            found = {v: np.asarray(a)[moments.of(monitor.clock)] for v, a in records.get(name, {}).items()}
            times = np.arange(span.start, span.end) * span.dt
            if monitor.kind == "spikes":
                events = found.pop("events", np.zeros((0, monitor.size), dtype=bool))
                rows, neurons = np.nonzero(events)
                told[name] = {
                    "i": neurons.astype(np.int32),
                    "t": times[rows],
                    **{v: a[rows, neurons] for v, a in found.items()},
                }
            elif not found and monitor.variables:  # switched off
                empty = {v: np.zeros((0, monitor.size)) for v in monitor.variables}
                told[name] = {**empty, "t": times[:0]}
            else:
                told[name] = {**found, "t": times}
        return told

    # Within jit, vmap and grad ----------------------------------------------------------------------------------------

    def _call_traced(self, values: dict[str, Any], inputs: dict[str, Any], key: Any) -> ArrayOutput:
        self._prepare_tracing()
        plain = self.values | self._checked({k: v for k, v in values.items() if not _traced(v)})
        start = float(plain[TIME])
        followed = {k: v for k, v in values.items() if _traced(v)}
        with self._precision():
            state, records = self._follow(plain, followed, inputs, key, start)
            final = {k: state.arrays.get(k, self._cast(jnp.asarray(followed.get(k, plain[k])))) for k in plain}
            return self._array_output(records, final, start, ())

    def _batch_traced(self, values: dict[str, Any], inputs: dict[str, Any], seed: Any) -> ArrayOutput:
        self._prepare_tracing()
        if _is_key(seed):
            seed = seed if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(seed)
        size, of_values, of_inputs = self._batch_axes(values, inputs, seed)
        plain = self.values | self._checked({k: v for k, v in values.items() if k not in of_values and not _traced(v)})
        start = float(plain[TIME])
        given = {k: self._checked_batch(k, v) for k, v in values.items() if k in of_values}
        rasters = {k: self._checked_batch_input(k, v, start) for k, v in inputs.items() if k in of_inputs}
        common = {k: v for k, v in values.items() if k not in of_values and _traced(v)}
        common_inputs = {k: v for k, v in inputs.items() if k not in of_inputs}
        traced_inputs = {k: v for k, v in common_inputs.items() if _traced(v)}
        untraced_inputs = {k: v for k, v in common_inputs.items() if k not in traced_inputs}

        def one(batched: Any, shared: Any) -> tuple[Any, Records]:
            own, own_inputs, key = batched
            everyones, everyones_inputs = shared
            state, records = self._follow(
                plain, {**everyones, **own}, {**untraced_inputs, **everyones_inputs, **own_inputs}, key, start
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
            return self._array_output(records, final, start, (size,))

    def _prepare_tracing(self) -> None:
        self._refuse_changed_constants()
        if self.dtype == np.float64 and not jax.config.read("jax_enable_x64"):
            raise BioplastError(
                "float64 within jit, vmap or grad needs JAX's 64-bit numbers: put the outermost call into "
                "`with jax.enable_x64(True):`, set jax_enable_x64, or compile with dtype='float32'"
            )

    def _keys(self, seed: Any, size: int) -> Any:
        """A key for each run of a batch."""
        if _is_key(seed):
            return seed if seed.ndim else jax.random.split(seed, size)
        if isinstance(seed, jax.core.Tracer):
            return jax.vmap(jax.random.key)(seed) if seed.ndim else jax.random.split(jax.random.key(seed), size)
        return jax.vmap(jax.random.key)(jnp.asarray(self._seeds(0 if seed is None else seed, size), dtype=jnp.uint32))

    def _checked_batch(self, key: str, value: Any) -> Any:
        return value if _traced(value) else np.stack([self._checked({key: one})[key] for one in value])

    def _checked_batch_input(self, name: str, given: Any, start: float) -> Any:
        if _traced(given):
            return given
        if name not in net.spike_inputs(self.network):
            return np.stack([self._split_inputs({name: one}, start)[1][name] for one in given])
        self._split_inputs({name: given[0]}, start)
        raster = np.asarray(given)
        if ((raster != 0) & (raster != 1)).any():
            raise BioplastError(f"input {name!r}: a neuron spikes at most once in a step, so 0 and 1 are accepted")
        return raster.astype(bool)

    def _follow(
        self, plain: Mapping[str, Any], followed: Mapping[str, Any], inputs: Mapping[str, Any], key: Any, start: float
    ) -> tuple[State, Records]:
        """A run with some values and inputs that are traced."""
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
        untraced = {name: given for name, given in inputs.items() if not _traced(given)}
        spikes, tables = self._split_inputs(untraced, start)
        for name in set(inputs) - set(untraced):
            self._place_traced(name, inputs[name], start, spikes, tables)
        drive, count, slots = self._drive({**plain, **shaped}, spikes, tables, key, start)
        return self._compiled(drive, count, slots)

    def _array_output(
        self, records: Records, final: Mapping[str, Any], start: float, lead: tuple[int, ...]
    ) -> ArrayOutput:
        """What a traced run returns, or a batch of them with the batch axis `lead`."""
        spans = net.spans(self.network, self.duration, start)
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
        return ArrayOutput(recorded["spikes"], recorded["states"], recorded["rate"], final, start, dt)

    def _place_traced(self, name: str, given: Any, start: float, spikes: Any, tables: Any) -> None:
        """A traced input, among the spikes or the tables."""
        groups = net.spike_inputs(self.network)
        if name in groups:
            span = net.spans(self.network, self.duration, start)[groups[name].clock.name]
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

    # What a run starts with -------------------------------------------------------------------------------------------

    def _drive(
        self,
        current: Mapping[str, Any],
        spikes: Mapping[str, Any],
        tables: Mapping[str, Any],
        key: Any,
        start: float,
        draws: Mapping[str, np.ndarray] | None = None,
    ) -> tuple[Drive, int, Slots]:
        """What comes from outside, how many moments there are, and how many steps of events each pathway keeps.

        `spikes` are (steps, neurons), or rasters [steps, neurons] that may be traced.
        """
        spans = net.spans(self.network, self.duration, start)
        for name, span in spans.items():
            if span.dt != self._steps.clocks[name].seconds:
                raise BioplastError(
                    f"the dt of {name!r} is another than when the network was compiled: compile it again"
                )
            if self._horizon is not None and span.end > self._horizon:
                raise BioplastError(
                    f"the run ends with step {span.end} of {name!r}: float32 tells the steps of this network apart up "
                    f"to step {self._horizon}; start earlier, run shorter or compile with dtype='float64'"
                )
        moments = read_moments(spans)
        arrays = {n: self._cast(current[n]) for n, a in self._steps.arrays.items() if a.is_value} | self._unchanging
        events = {}
        for name, clock, raster in self._rasters(spikes, spans):
            steady = len(raster) == moments.count and clock in self._simulation.always
            raster = raster if steady else raster[np.minimum(moments.since(clock), max(len(raster) - 1, 0))]
            events[name] = self._cast(raster)
        known = {
            **self._steps.tables,
            **{self._steps.inputs[n]: v for n, v in tables.items() if n in self._steps.inputs},
        }
        delays, pending, slots = {}, {}, []
        for pathway in pathways(self._steps):
            own = delay_steps(current[pathway.delay], self._steps.clocks[pathway.clock].seconds)
            if own.max(initial=0) > 0:
                slots.append((pathway.name, 1 << int(own.max()).bit_length()))
                delays[pathway.name] = own
            queue = np.asarray(current[f"{pathway.name}.queue"])
            if len(queue):
                pending[pathway.name] = _arrivals(pathway, queue, np.broadcast_to(own, pathway.sources.shape))
        drive = Drive(
            arrays=arrays,
            events=events,
            tables={name: self._cast(table) for name, table in known.items()},
            delays=delays,
            pending=pending,
            draws={name: self._cast(numbers) for name, numbers in (draws or {}).items()},
            key=key,
            due=moments.due,
            step=moments.step,
        )
        return drive, moments.count, tuple(slots)

    def _rasters(self, spikes: Mapping[str, Any], spans: Mapping[str, net.ClockSpan]) -> Iterator[tuple[str, str, Any]]:
        """Event, clock and raster [steps, neurons] of each group whose spikes are given."""
        groups = net.spike_inputs(self.network)
        for operation in self._steps.operations:
            if isinstance(operation, steps.Generator):
                name = operation.name
            elif isinstance(operation, steps.Threshold) and operation.replaceable and operation.group in spikes:
                name = operation.group
            else:
                continue
            group, span = groups[name], spans[operation.clock]
            given = spikes.get(name)
            raster: Any = given
            if given is None or isinstance(given, tuple):
                raster = np.zeros((max(span.end - span.start, 1), len(group)), dtype=bool)
                if isinstance(operation, steps.Generator):
                    _emit(net.generated_spikes(group, span.start, given), span, raster)
                elif given is not None:
                    raster[given[0] - span.start, given[1]] = True
            yield operation.events, operation.clock, raster

    def _queues(self, state: State, current: Mapping[str, Any], start: float) -> dict[str, np.ndarray]:
        """The spikes that are still on their way, by pathway."""
        spans = net.spans(self.network, self.duration, start)
        told = {}
        for pathway in pathways(self._steps):
            span = spans[pathway.clock]
            made = span.end - span.start
            before = np.asarray(current[f"{pathway.name}.queue"])
            rows = [before[before[:, 0] > made] - [made, 0]]
            if pathway.name in state.past:
                past = np.asarray(state.past[pathway.name])
                delays = np.broadcast_to(delay_steps(current[pathway.delay], span.dt), pathway.sources.shape)
                for left in range(1, int(delays.max(initial=0)) + 1):
                    step = made + left - 1 - delays  # in which the event was
                    there = (left <= delays) & (step >= 0)
                    arrives = there & (past[step % len(past), pathway.sources] > 0)
                    synapses = np.flatnonzero(arrives)
                    rows.append(np.stack([np.full_like(synapses, left), synapses], axis=1))
            queue = np.concatenate(rows)
            told[f"{pathway.name}.queue"] = queue[np.lexsort((queue[:, 1], queue[:, 0]))].astype(np.int32)
        return told


def _by_group(given: Any, network: steps.Steps) -> dict[str, Surrogate]:
    """The surrogate of each group that has one."""
    thresholds = {o.group: o for o in network.operations if isinstance(o, steps.Threshold) and not o.replaceable}
    if given is None:
        return {}
    chosen = dict(given) if isinstance(given, Mapping) else dict.fromkeys(thresholds, given)
    for group, surrogate in chosen.items():
        if group not in thresholds:
            raise UnknownName("group with a threshold", str(group), thresholds)
        if surrogate is None:
            continue
        if not isinstance(surrogate, Surrogate):
            raise BioplastError(f"surrogate of {group!r} is {surrogate!r}: one such as SuperSpike() is accepted")
        margins = thresholds[group].margins
        if margins != (net.exponents(surrogate),):
            told = " and ".join(_unit(m) for m in margins)
            raise BioplastError(
                f"the threshold of {group!r} compares numbers in {told}, its surrogate is in "
                f"{_unit(net.exponents(surrogate))}: give it that unit, such as "
                "SuperSpike(beta=10, unit=1*mV)"
            )
    return {group: surrogate for group, surrogate in chosen.items() if surrogate is not None}


def _unit(exponents: tuple[float, ...]) -> str:
    return str(brian2.get_unit(get_or_create_dimension(list(exponents))))


def _emit(generated: Mapping[str, np.ndarray], span: net.ClockSpan, raster: np.ndarray) -> None:
    """Put the spikes of a SpikeGeneratorGroup in the steps of a run into a raster."""
    bins, indices = generated["_timebins"], generated["neuron_index"]
    period = int(generated["_period_bins"][0])
    if not period:
        inside = (bins >= span.start) & (bins < span.end)
        raster[bins[inside] - span.start, indices[inside]] = True
        return
    phase = np.arange(span.start, span.end) % period
    for step, neuron in zip(bins, indices, strict=True):
        raster[np.flatnonzero(phase == step), neuron] = True


def _arrivals(pathway: steps.Pathway, queue: np.ndarray, delays: np.ndarray) -> np.ndarray:
    """Whether an event that is on its way arrives: [steps until then - 1, synapses]."""
    late = queue[:, 0] > delays[queue[:, 1]]
    if late.any() or len(np.unique(queue, axis=0)) != len(queue):
        raise BioplastError(
            f"'{pathway.name}.queue': target jax accepts each spike once, and none further away than its delay"
        )
    arrivals = np.zeros((int(queue[:, 0].max()), len(delays)), dtype=bool)
    arrivals[queue[:, 0] - 1, queue[:, 1]] = True
    return arrivals


def _stacked(drives: Sequence[Drive]) -> tuple[list[Any], list[Any], tuple[bool, ...], Any]:
    """Drives of one batch as leaves that differ, stacked, leaves that all share, which are which, and their tree."""
    longest: dict[str, np.ndarray] = {}
    for drive in drives:
        for name, arrivals in drive.pending.items():
            if name not in longest or len(arrivals) > len(longest[name]):
                longest[name] = np.zeros_like(arrivals)
    padded = []
    for drive in drives:
        pending = {name: zeros.copy() for name, zeros in longest.items()}
        for name, arrivals in drive.pending.items():
            pending[name][: len(arrivals)] = arrivals
        padded.append(dataclasses.replace(drive, pending=pending))
    tree = jax.tree.structure(padded[0])
    batched, shared, which = [], [], []
    for leaves in zip(*map(jax.tree.leaves, padded), strict=True):
        is_key = isinstance(leaves[0], jax.Array)
        same = not is_key and all(leaf is leaves[0] or np.array_equal(leaf, leaves[0]) for leaf in leaves)
        which.append(not same)
        if same:
            shared.append(leaves[0])
        else:
            batched.append(jnp.stack(leaves) if is_key else np.stack(leaves))
    return batched, shared, tuple(which), tree


def _horizon(network: steps.Steps) -> int | None:
    """The last step up to which float32 tells times apart as the equations need it.

    Brian2 counts steps from times, ``timestep(t - lastspike, dt)``, with a tolerance of a thousandth of a step, and
    rounds to the nearest row of a TimedArray. Two times of n steps have errors of n*2**-24 each.
    """
    found = [
        name
        for operation in network.operations
        for name in getattr(getattr(operation, "block", None), "names", {}).values()
    ]
    if any(isinstance(name, steps.Function) and name.name == "timestep" for name in found):
        return 2**13
    return 2**20 if any(isinstance(name, steps.Table) for name in found) else None


def _traced(*given: Any) -> bool:
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(given))


def _is_key(seed: Any) -> bool:
    if not isinstance(seed, jax.Array):
        return False
    return jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) or (seed.dtype == np.uint32 and seed.shape[-1:] == (2,))


def _key(seed: Any) -> Any:
    return seed if _is_key(seed) else jax.random.key(0 if seed is None else seed)
