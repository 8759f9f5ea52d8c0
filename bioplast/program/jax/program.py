"""Target jax: a network as a pure function of its values, inputs and key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import brian2
import jax
import jax.numpy as jnp
import numpy as np
from brian2.units.fundamentalunits import get_or_create_dimension

from ...errors import BioplastError, NonFiniteError, UnknownName
from ...surrogate import Surrogate
from .. import network as net
from .. import steps
from ..output import Output
from ..program import TIME, Program
from .output import ArrayOutput
from .simulation import Drive, Records, Simulation, State, delay_steps, pathways


class JaxProgram(Program):
    """A network as a pure function, compiled by JAX when it is first called.

    Called with plain numbers it returns an `Output`, in float64 whatever JAX's own setting is. Within `jax.jit`,
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
    ):
        super().__init__(network, duration, "jax", namespace, watch)
        self._steps = net.read_steps(network, namespace)
        self._simulation = Simulation(self._steps, _by_group(surrogate, self._steps), detach_reset)
        self._compiled = jax.jit(self._simulation, static_argnums=(1, 2))

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
        if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((values, inputs, seed))):
            return self._traced(dict(values or {}), dict(inputs or {}), seed)
        return super().__call__(values, inputs, seed, report)

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
        with jax.enable_x64(True):
            key = jax.random.key(seed)
            drive, count, slots = self._drive(current, spikes, tables, key, start)
            drive = Drive(**{**vars(drive), "draws": dict(draws or {})})
            state, records = jax.device_get(self._compiled(drive, count, slots))
        elapsed = time.perf_counter() - begin
        if report is not None:
            report(1.0, elapsed)
        final = current | {name: value for name, value in state.arrays.items() if self._steps.arrays[name].is_value}
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
                raise NonFiniteError(net.not_finite(key, index, value[index], start, end, variable.synaptic))

    def _recorded(self, records: Records, start: float) -> dict[str, dict[str, np.ndarray]]:
        """What the monitors hold, as Brian2 would have it."""
        spans = net.spans(self.network, self.duration, start)
        told = {}
        for name, monitor in self._monitors.items():
            span = spans[monitor.clock]
            found = {v: np.asarray(a)[self._due(monitor.clock, start)] for v, a in records.get(name, {}).items()}
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

    def _due(self, clock: str, start: float) -> np.ndarray:
        """The steps of the finest clock, counted from the start, in which `clock` makes one."""
        spans = net.spans(self.network, self.duration, start)
        first = spans[self._finest].start
        return np.arange(spans[clock].start, spans[clock].end) * self._simulation.ratios[clock] - first

    @property
    def _finest(self) -> str:
        return min(self._simulation.ratios, key=lambda name: self._simulation.ratios[name])

    # Within jit, vmap and grad ----------------------------------------------------------------------------------------

    def _traced(self, values: dict[str, Any], inputs: dict[str, Any], seed: Any) -> ArrayOutput:
        self._refuse_changed_constants()
        if not jax.config.read("jax_enable_x64"):
            raise BioplastError(
                "float64 within jit, vmap or grad needs JAX's 64-bit numbers: put the outermost call into "
                "`with jax.enable_x64(True):`, or set jax_enable_x64"
            )
        followed: dict[str, Any] = {k: v for k, v in values.items() if isinstance(v, jax.core.Tracer)}
        for key, value in followed.items():
            variable = self._variables.get(key)
            if variable is None or variable.delay:
                raise BioplastError(f"{key!r} cannot be traced: it decides how many steps there are or are kept")
            try:
                followed[key] = jnp.broadcast_to(value, variable.shape).astype(variable.dtype)
            except ValueError:
                raise BioplastError(f"{key!r} has shape {value.shape}: {variable.shape} is expected") from None
        current = self.values | self._checked({k: v for k, v in values.items() if k not in followed}) | followed
        start = float(current[TIME])
        plain = {name: given for name, given in inputs.items() if not isinstance(given, jax.core.Tracer)}
        spikes, tables = self._split_inputs(plain, start)
        for name in set(inputs) - set(plain):
            self._place_traced(name, inputs[name], start, spikes, tables)
        random = seed if _is_key(seed) else jax.random.key(0 if seed is None else seed)
        drive, count, slots = self._drive(current, spikes, tables, random, start)
        state, records = self._compiled(drive, count, slots)
        spans = net.spans(self.network, self.duration, start)
        recorded: dict[str, dict[str, Any]] = {"spikes": {}, "states": {}, "rate": {}}
        for name, monitor in self._monitors.items():
            span, due = spans[monitor.clock], self._due(monitor.clock, start)
            found = {variable: array[due] for variable, array in records.get(name, {}).items()}
            if monitor.kind == "spikes":
                if "events" in found:
                    recorded["spikes"][name] = found["events"]
            else:
                recorded[monitor.kind][name] = {**found, "t": jnp.arange(span.start, span.end) * span.dt}
        final = {k: state.arrays.get(k, jnp.asarray(current[k])) for k in self._variables}
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
    ) -> tuple[Drive, int, tuple[tuple[str, int], ...]]:
        """What comes from outside, how many steps there are, and how many of events each pathway keeps.

        `spikes` are (steps, neurons), or rasters [steps, neurons] that may be traced.
        """
        spans = net.spans(self.network, self.duration, start)
        for name, span in spans.items():
            if span.dt != self._steps.clocks[name].seconds:
                raise BioplastError(
                    f"the dt of {name!r} is another than when the network was compiled: compile it again"
                )
        finest = spans[self._finest]
        count = finest.end - finest.start
        arrays = {n: current[n] if a.is_value else a.value for n, a in self._steps.arrays.items()}
        events = {name: raster[self._rows(clock, start, count)] for name, clock, raster in self._rasters(spikes, spans)}
        known = {
            **self._steps.tables,
            **{self._steps.inputs[n]: v for n, v in tables.items() if n in self._steps.inputs},
        }
        pending, slots = {}, []
        for pathway in pathways(self._steps):
            dt = self._steps.clocks[pathway.clock].seconds
            delays = delay_steps(pathway, current[pathway.delay], dt)
            if delays.max(initial=0) > 0:
                slots.append((pathway.name, 1 << int(delays.max()).bit_length()))
            queue = np.asarray(current[f"{pathway.name}.queue"])
            if len(queue):
                pending[pathway.name] = _arrivals(pathway, queue, delays)
        drive = Drive(arrays, events, known, pending, {}, key, np.int64(finest.start))
        return drive, count, tuple(slots)

    def _rows(self, clock: str, start: float, count: int) -> np.ndarray:
        """For each step of the finest clock the step of `clock` that it belongs to, counted from the start."""
        spans = net.spans(self.network, self.duration, start)
        step = -(-(spans[self._finest].start + np.arange(count)) // self._simulation.ratios[clock])
        return np.minimum(step - spans[clock].start, max(spans[clock].end - spans[clock].start - 1, 0))

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
                delays = delay_steps(pathway, current[pathway.delay], span.dt)
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


def _is_key(seed: Any) -> bool:
    return isinstance(seed, jax.Array) and (jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) or seed.ndim == 1)
