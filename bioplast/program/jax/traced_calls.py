"""A program within `jax.jit`, `jax.vmap`, `jax.grad` and `jax.lax.scan`: values, inputs, time or key are traced."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Set
from typing import Any

import brian2
import jax
import jax.numpy as jnp
import numpy as np

from ...errors import BioplastError, UnknownName
from .. import network as net
from ..arguments import named
from ..call import Call
from ..inputs import sampled_inputs, split_inputs
from ..network.changes import refuse_changes
from ..program import TIME, Program
from ..steps.drive import Drive, Later, Slots, arrivals_of, read_drive
from ..steps.moments import FLOAT32_STEPS, read_moments, what_time_decides
from ..steps.queues import queue_by_source
from ..steps.steps import EventCount, Steps, delay_steps, pathways
from .arrivals import arrivals_after
from .carried import Carried
from .output import ArrayOutput
from .simulation import Records, Simulation
from .spread import devices, over_batch
from .tracing import is_key, known_as_numpy, refuse_containers, traced


class TracedCalls(Program):
    """What a program of target jax does with what JAX traces."""

    _steps: Steps
    _simulation: Simulation
    _compiled: Any
    _unchanging: Mapping[str, Any]
    _horizon: int | None

    # Precision --------------------------------------------------------------------------------------------------------

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        """What makes JAX compute with as many bits as the program."""
        return jax.enable_x64(self.dtype == np.float64)

    def _cast(self, value: Any) -> Any:
        """A value in the program's precision."""
        return value.astype(self.dtype) if value.dtype.kind == "f" and value.dtype != self.dtype else value

    def _drive(self, call: Call, later: Later | None = None) -> tuple[Drive, int, Slots]:
        """What comes into a call, how many moments it has, and how many steps of events each pathway keeps."""
        return read_drive(self.network, self._steps, call, self._cast, self._unchanging, self._horizon, later)

    def _devices(self) -> list[Any]:
        """The devices that a batch is spread over."""
        return devices()

    # Calls ------------------------------------------------------------------------------------------------------------

    def _call_traced(
        self, given: Mapping[str, Any] | None, inputs: dict[str, Any], key: Any, duration: float
    ) -> ArrayOutput:
        self._prepare_tracing()
        values = named(given, "values")
        refuse_containers(values)
        refuse_containers(inputs)
        values, inputs = known_as_numpy(values), known_as_numpy(inputs)
        plain = self.values | self._checked({k: v for k, v in values.items() if not traced(v)})
        self._refuse_times(plain)
        followed = {k: v for k, v in values.items() if traced(v)}
        for name in sorted(followed.keys() - {TIME}):
            self._shaped(name, followed[name])  # a wrong shape is told first
        self._refuse_parts(plain, values, inputs, followed.keys())
        self._refuse_other_delays(given, plain, followed.keys())
        call = Call(plain, frozenset(values), {}, {}, key, float(plain[TIME]), duration)
        with self._precision():
            final, records, products = self._follow(call, followed, inputs)
            return self._array_output(call, records, final, followed.get(TIME), (), products)

    def carry(self, values: Mapping[str, Any] | None = None) -> Carried:
        """The values in the form that `ArrayOutput.final` has, which `jax.lax.scan` carries from run to run.

        Parameters
        ----------
        values : mapping, optional
            Replaces values, by the keys of `values`; missing ones are those that the network has now.

        Returns
        -------
        Carried
            A dict with the keys of `values`. Of spikes on their way ("PATHWAY.queue") whether one arrives, [steps until
            delivery, synapses], of a declared connection [steps until delivery, neurons before]; where spikes have a
            surrogate derivative, as numbers 0 and 1. Delays are not traced.

        Examples
        --------
        >>> def chunk(values, raster):  # doctest: +SKIP
        ...     out = program(values, {"input": raster}, duration=10*ms)
        ...     return out.final, out.raster("spikes")
        >>> final, rasters = jax.lax.scan(chunk, program.carry(), rasters)  # doctest: +SKIP
        """
        plain = self.values | self._checked(values)
        with self._precision():
            arrivals = {key: jnp.asarray(given) for key, given in self._arrivals(plain).items()}
            return self._carried({**plain, TIME: jnp.asarray(plain[TIME], dtype=self.dtype), **arrivals}, {})

    def _carried(self, values: Mapping[str, Any], changed: Mapping[str, Any]) -> Carried:
        """Values of a run, some of them changed, as arrays but for the delays."""
        delays = [key for key, variable in self._variables.items() if variable.delay]
        fixed = {key: np.asarray(values[key]) for key in delays}
        others = {key: changed.get(key, value) for key, value in values.items() if key not in fixed}
        return Carried({key: self._cast(jnp.asarray(value)) for key, value in others.items()}, fixed)

    def _arrivals(self, plain: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Spikes on their way, as whether one arrives: [steps until delivery, synapses], by the key of the queue."""
        types = self._simulation.types({})
        found = {}
        for pathway in pathways(self._steps):
            delays = delay_steps(plain[pathway.delay], self._steps.clocks[pathway.clock].seconds)
            longest = int(delays.max(initial=0))
            queue = queue_by_source(pathway, plain[f"{pathway.name}.queue"])
            arrivals = np.zeros((longest, len(pathway.sources)), dtype=bool)
            given, others = arrivals_of(pathway, queue, np.broadcast_to(delays, pathway.sources.shape))
            if len(others):
                _refuse_extra(pathway.name)
            arrivals[: len(given)] = given
            found[f"{pathway.name}.queue"] = arrivals.astype(types[pathway.events])
        return found

    def _batch_traced(
        self, given_values: Mapping[str, Any] | None, inputs: dict[str, Any], seed: Any, duration: float
    ) -> ArrayOutput:
        self._prepare_tracing()
        values = named(given_values, "values")
        if is_key(seed):
            seed = seed if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(seed)
        refuse_containers(values)
        refuse_containers(inputs)
        values, inputs = known_as_numpy(values), known_as_numpy(inputs)
        axes = self._batch_axes(values, inputs, seed)
        size, of_values, of_inputs = axes.size, axes.values, axes.inputs
        plain = self.values | self._checked({k: v for k, v in values.items() if k not in of_values and not traced(v)})
        self._refuse_times(plain)
        followed = {k for k, v in values.items() if traced(v)}
        self._refuse_parts(plain, values, inputs, followed)
        self._refuse_other_delays(given_values, plain, followed)
        plan = Call(plain, frozenset(values), {}, {}, None, float(plain[TIME]), duration)
        given = {k: self._checked_batch(k, v) for k, v in values.items() if k in of_values}
        rasters = {k: self._checked_batch_input(k, v, plan) for k, v in inputs.items() if k in of_inputs}
        common = {k: v for k, v in values.items() if k not in of_values and traced(v)}
        common_inputs = {k: v for k, v in inputs.items() if k not in of_inputs}
        traced_inputs = {k: v for k, v in common_inputs.items() if traced(v)}
        untraced_inputs = {k: v for k, v in common_inputs.items() if k not in traced_inputs}

        def one(batched: Any, shared: Any) -> tuple[Carried, Records, Any]:
            own, own_inputs, key = batched
            everyones, everyones_inputs = shared
            call = dataclasses.replace(plan, seed=key)
            return self._follow(call, {**everyones, **own}, {**untraced_inputs, **everyones_inputs, **own_inputs})

        with self._precision():
            # all devices for a batch of any size: what one batch was trained with is on those of that batch
            final, records, products = over_batch(
                one, (given, rasters, self._keys(seed, size)), (common, traced_inputs), self._devices()
            )
            return self._array_output(plan, records, final, given.get(TIME, common.get(TIME)), (size,), products)

    def _prepare_tracing(self) -> None:
        refuse_changes(self._facts, self.network, self._namespace)
        if self.dtype == np.float64 and not jax.config.read("jax_enable_x64"):
            raise BioplastError(
                "float64 within jit, vmap or grad needs JAX's 64-bit numbers: put the outermost call into "
                "`with jax.enable_x64(True):`, set jax_enable_x64, or compile with dtype='float32'"
            )

    def _refuse_parts(
        self, plain: Mapping[str, Any], values: Mapping[str, Any], inputs: Mapping[str, Any], followed: Set[str]
    ) -> None:
        """Refuse a part of what goes on from run to run, where the rest would begin anew without a word.

        Parameters
        ----------
        plain : mapping
            The values that are not traced.
        values, inputs : mapping
            What the call was given.
        followed : set of str
            The keys of values that are traced.
        """
        queues = [f"{p.name}.queue" for p in pathways(self._steps) if np.max(plain[p.delay], initial=0) > 0]
        moving = [key for key in self._simulation.written if key in self._variables] + queues
        for key in sorted(followed & self._event_driven):
            since = f"{key.rpartition('.')[0]}.lastupdate"
            if since not in values:
                raise BioplastError(
                    f"{key!r} is traced without {since!r}, which says when it had that value: give both, as `carry` "
                    f"and `final` do, or {since!r}: 0*second"
                )
        if TIME in followed:
            if missing := sorted(set(moving) - values.keys()):
                others = f" and {len(missing) - 1} others" if len(missing) > 1 else ""
                raise BioplastError(
                    f"{TIME!r} is traced without {missing[0]!r}{others}, which would be those that the network has "
                    "now: give all values that `carry` and `final` give"
                )
        elif TIME not in values and (begun := sorted(filter(self._goes_on, followed & set(moving)))):
            constant = {name for name, given in inputs.items() if np.shape(given)[:1] == (1,)}
            reason = what_time_decides(self._steps, inputs.keys(), constant)
            if not reason and set(queues) - values.keys():
                reason = "spikes are on their way"
            if reason:
                raise BioplastError(
                    f"{begun[0]!r} is traced without {TIME!r}, though it changes in a run and {reason}: give all "
                    f"values that `carry` and `final` give, or say when the run begins, {TIME!r}: 0*second"
                )

    def _refuse_other_delays(
        self, given: Mapping[str, Any] | None, plain: Mapping[str, Any], followed: Set[str]
    ) -> None:
        """Refuse spikes on their way that are traced, with other delays than those with which they were sent.

        Whether one of them meets a later one of a synapse would be known only while it runs; of the two one would be
        lost.
        """
        own = given.sent_with if isinstance(given, Carried) else self.values
        for pathway in pathways(self._steps):
            key = f"{pathway.name}.queue"
            if key in followed and not np.array_equal(own.get(pathway.delay, ()), plain[pathway.delay]):
                raise BioplastError(
                    f"{key!r} is traced, with another {pathway.delay!r} than that with which its spikes were sent: "
                    "give `carry` and `final` as they are; other delays are put into `carry`"
                )

    @property
    def _event_driven(self) -> frozenset[str]:
        """The keys of synaptic variables that are brought up to date when a spike comes."""
        found = [obj for obj in self.network.sorted_objects if isinstance(obj, brian2.Synapses) and obj.event_driven]
        return frozenset(f"{obj.name}.{name}" for obj in found for name in obj.event_driven.diff_eq_names)

    def _goes_on(self, key: str) -> bool:
        """Whether who gives this value goes on with a run; weights alone are carried from trial to trial as well."""
        return key.endswith((".queue", ".lastupdate")) or not self._variables[key].synaptic

    def _keys(self, seed: Any, size: int) -> Any:
        """A key for each run of a batch; None without a seed."""
        if seed is None:
            return None
        if is_key(seed):
            return seed if seed.ndim else jax.random.split(seed, size)
        if isinstance(seed, jax.core.Tracer):
            return jax.vmap(jax.random.key)(seed) if seed.ndim else jax.random.split(jax.random.key(seed), size)
        return jax.vmap(jax.random.key)(jnp.asarray(self._seeds(seed, size), dtype=jnp.uint32))

    def _checked_batch(self, key: str, value: Any) -> Any:
        if traced(value):
            return value
        each = [self._checked({key: one})[key] for one in value]
        if key.endswith(".queue"):
            each = [self._arrivals({**self.values, key: queue})[key] for queue in each]
        return np.stack(each)

    def _checked_batch_input(self, name: str, given: Any, plan: Call) -> Any:
        if traced(given):
            return given
        return sampled_inputs(self.network, self._namespace, {name: given}, plan.start, plan.duration)[name]

    def _follow(
        self, call: Call, followed: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> tuple[Carried, Records, dict[str, Any]]:
        """Carry out a call with some values and inputs that are traced; the values after it, what was recorded, and the
        products of which some of the values are made."""
        untraced = {name: given for name, given in inputs.items() if not traced(given)}
        later = None  # with a traced time, the run is laid out as if it began at 0
        if TIME in followed:
            later = self._later(followed[TIME], untraced)
            call = dataclasses.replace(call, start=0.0)
        spikes, tables = split_inputs(self.network, self._namespace, untraced, call.start, call.duration)
        for name in set(inputs) - set(untraced):
            self._place_traced(name, inputs[name], call, spikes, tables)
        values = {**call.values, **{name: self._shaped(name, v) for name, v in followed.items() if name != TIME}}
        call = dataclasses.replace(call, values=values, spikes=spikes, tables=tables)
        drive, count, slots = self._drive(call, later)
        for name in drive.extra:
            _refuse_extra(name)
        state, records = self._compiled(drive, count, slots)
        begin = call.start if later is None else followed[TIME].astype(self.dtype)
        end = jnp.asarray(begin + call.duration, dtype=self.dtype)
        types = self._simulation.types(drive.events)
        queues = arrivals_after(self._steps, call, drive, state.past, types)
        counts = {
            op.name: {"count": state.arrays[op.count]} for op in self._steps.operations if isinstance(op, EventCount)
        }
        arrays = state.arrays
        queued = [given for name, given in followed.items() if name.endswith(".queue")]
        numbers = [given for given in (*spikes.values(), *queued) if traced(given) and given.dtype != bool]
        if numbers:
            arrays, records = _nan_unless(_are_spikes(numbers), (arrays, records))
        return self._carried(values, {**arrays, TIME: end, **queues}), {**records, **counts}, state.products

    def _shaped(self, name: str, value: Any) -> Any:
        """A traced value in the shape and precision that the network has."""
        variable = self._variables.get(name)
        if variable is None and name.endswith(".queue"):
            if value.ndim != 2 or value.dtype.kind == "i":
                raise BioplastError(
                    f"{name!r} has shape {value.shape} and type {value.dtype}: while it is traced, whether a spike "
                    "arrives, [steps until delivery, synapses], is accepted, as `final` and `carry` have it"
                )
            return value
        if variable is None and not name.endswith(".queue"):
            queues = [f"{pathway.name}.queue" for pathway in pathways(self._steps)]
            raise UnknownName("value", name, [*self._variables, TIME, *queues])
        if variable is None or variable.delay:
            raise BioplastError(
                f"{name!r} cannot be traced: it decides how many steps of spikes are kept; leave it out, or carry what "
                "`carry` and `final` give"
            )
        try:
            kind = self.dtype if variable.dtype.kind == "f" else variable.dtype
            return jnp.broadcast_to(value.astype(kind), variable.shape)
        except ValueError:
            raise BioplastError(f"{name!r} has shape {value.shape}: {variable.shape} is expected") from None

    def _later(self, time: Any, inputs: Mapping[str, Any]) -> Later:
        """How many steps after 0 a traced time is, of the one dt that all clocks of a network then must have."""
        if time.ndim:
            raise BioplastError(f"{TIME!r} has shape {time.shape}: one time is expected")
        dts = {clock.seconds for clock in self._steps.clocks.values()}
        if len(dts) > 1:
            each = " and ".join(f"{dt * 1e3:g} ms" for dt in sorted(dts))
            raise BioplastError(f"{TIME!r} cannot be traced: the clocks have steps of {each}, one is accepted")
        if self._horizon is not None and self._horizon < FLOAT32_STEPS:
            raise BioplastError(
                f"{TIME!r} cannot be traced in float32, which tells the steps of this network apart up to step "
                f"{self._horizon} only: compile with dtype='float64'"
            )
        for name, given in inputs.items():
            if isinstance(given, tuple):
                raise BioplastError(f"input {name!r}: while the time is traced, a raster [steps, neurons] is accepted")
        (dt,) = dts
        return Later(jnp.round(time / dt).astype(int), lambda table, rows: jnp.asarray(table)[rows], _marked)

    def _array_output(
        self,
        call: Call,
        records: Records,
        final: Mapping[str, Any],
        begin: Any,
        lead: tuple[int, ...],
        products: Mapping[str, Any],
    ) -> ArrayOutput:
        """What a traced run returns, or a batch of them with the axis `lead`; `begin` is a time that is traced."""
        if begin is not None:
            call = dataclasses.replace(call, start=0.0)
            begin = self._cast(jnp.asarray(begin))
        spans = call.spans(self.network)
        moments = read_moments(spans)
        recorded: dict[str, dict[str, Any]] = {"spikes": {}, "states": {}, "rate": {}}
        counts = {}
        for name, monitor in self._monitors.items():
            span, due = spans[monitor.clock], moments.of(monitor.clock)
            found = dict(records.get(name, {}))
            if "count" in found:
                counts[name] = found.pop("count")
            if len(due) < moments.count:
                found = {variable: jnp.take(array, due, axis=len(lead)) for variable, array in found.items()}
            if monitor.kind == "spikes":
                if "events" in found:
                    recorded["spikes"][name] = found["events"]
            else:
                times = self._cast(jnp.arange(span.start, span.end) * span.dt)
                if begin is not None:
                    times = begin[..., None] + times
                recorded[monitor.kind][name] = {**found, "t": jnp.broadcast_to(times, (*lead, len(times)))}
        dt = {name: spans[monitor.clock].dt for name, monitor in self._monitors.items()}
        start = call.start if begin is None else begin
        dimensions = {name: monitor.dimensions for name, monitor in self._monitors.items()}
        return ArrayOutput(
            recorded["spikes"],
            counts,
            recorded["states"],
            recorded["rate"],
            final,
            start,
            dt,
            dimensions,
            products,
        )

    def _place_traced(self, name: str, given: Any, call: Call, spikes: Any, tables: Any) -> None:
        """A traced input, among the spikes or the tables."""
        groups = net.spike_inputs(self.network)
        if name in groups:
            span = call.spans(self.network)[groups[name].clock.name]
            wanted: tuple[int, ...] = (span.end - span.start, len(groups[name]))
            into, rows = spikes, slice(None)
            if given.dtype.kind not in "bf":
                raise BioplastError(
                    f"input {name!r} is of type {given.dtype} and traced: truth values are accepted, such as "
                    "raster.astype(bool), or numbers 0.0 and 1.0 that carry a derivative"
                )
        elif name in self._steps.inputs:
            wanted = self._steps.tables[self._steps.inputs[name]].shape
            into, rows = tables, slice(1, None)  # a table may have any length
        else:
            arrays = net.timed_arrays(self.network, self._namespace)
            if name not in arrays:
                raise UnknownName("input", name, [*groups, *arrays])
            wanted = arrays[name].values.shape
            into, rows = {}, slice(1, None)  # no equation depends on it
        if given.ndim != len(wanted) or given.shape[rows] != wanted[rows]:
            raise BioplastError(f"input {name!r} has shape {given.shape}: {wanted} is expected")
        into[name] = given


def _marked(shape: tuple[int, int], rows: Any, columns: np.ndarray) -> Any:
    """An array that is True at some rows and columns, of which rows outside it are left out."""
    outside = (rows < 0) | (rows >= shape[0])
    return jnp.zeros(shape, dtype=bool).at[jnp.where(outside, shape[0], rows), columns].set(True, mode="drop")


def _are_spikes(rasters: list[Any]) -> Any:
    """Whether all numbers of some rasters are 0 or 1."""
    return jnp.all(jnp.stack([jnp.all((raster == 0) | (raster == 1)) for raster in rasters]))


def _nan_unless(sound: Any, tree: Any) -> Any:
    """Arrays whose numbers are NaN unless it is known, while they run, that they are sound."""
    return jax.tree.map(lambda a: jnp.where(sound, a, jnp.nan) if a.dtype.kind == "f" else a, tree)


def _refuse_extra(pathway: str) -> None:
    raise BioplastError(
        f"'{pathway}.queue': while JAX traces a run, each spike is accepted once, none further away than its delay: "
        "run the program outside of what is compiled until the others have arrived"
    )
