"""The pure function: from the arrays that a network starts with to those that it ends with and what was recorded."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...errors import BioplastError
from ..steps import steps
from ..steps.drive import Drive, Slots
from ..steps.follower import Follower
from ..steps.moments import always_due
from ..steps.written import written
from ..surrogate import Surrogate
from . import checkpoints, outer
from .blocks import Run
from .changes import Changes, decay
from .functions import Value, kind
from .random import Source
from .separable import Separable
from .spikes import counted, none_yet, pack, unpack
from .sums import summed

Records = dict[str, dict[str, Value]]  # monitor -> variable -> values


@dataclass
class State:
    """What goes from step to step: arrays and the last events by their names, events of the past by their pathway.

    After the last one also the products of which arrays of weights are made.
    """

    arrays: dict[str, Value]
    events: dict[str, Value]
    past: dict[str, Value]
    products: dict[str, outer.Products] = field(default_factory=dict)


jax.tree_util.register_dataclass(State, ["arrays", "events", "past", "products"], [])


jax.tree_util.register_dataclass(
    Drive, ["arrays", "events", "tables", "delays", "pending", "extra", "draws", "key", "due", "step"], []
)


@dataclass(eq=False)
class Simulation:
    """`Steps`, followed with JAX.

    Attributes
    ----------
    network : Steps
        What happens in a step.
    surrogates : mapping
        The derivative of the spikes of each group that has one, by its name.
    detach_reset : bool
        Whether a reset has no derivative in the spike.
    remat : bool
        Whether a gradient computes most states again instead of keeping them all.
    always : set of str
        The clocks that make a step in every moment.
    written : tuple of str
        The arrays that operations change.
    lasting : set of str
        The events that are asked for after the moment in which they happen.
    products : Plan
        The weights that may be kept as sums of outer products.
    released : dict of DeclaredPathway
        By the name of a pathway, the same with places for neurons before, neurons after and weights.
    sites : dict
        Every random draw and the shape of its numbers, known once a run was traced.
    """

    network: steps.Steps
    surrogates: Mapping[str, Surrogate] = field(default_factory=dict)
    detach_reset: bool = False
    remat: bool = False
    always: set[str] = field(init=False)
    written: tuple[str, ...] = field(init=False)
    lasting: set[str] = field(init=False)
    products: outer.Plan = field(init=False)
    released: dict[str, steps.DeclaredPathway] = field(init=False)
    sites: dict[str, tuple[steps.Draw, tuple[int, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.always = always_due(self.network.clocks)
        self.written = tuple(sorted(written(self.network)))
        self.lasting = _lasting(self.network, self.always)
        self.products = outer.plan(self.network)
        self.released = outer.released(self.network)

    def __call__(self, drive: Drive, count: int, slots: Slots) -> tuple[State, Records]:
        """Simulate `count` moments.

        Parameters
        ----------
        drive : Drive
            What comes from outside.
        count : int
            How many moments: each is a step of some clock or of several.
        slots : tuple of (str, int)
            For each pathway with delays how many steps of events it keeps, one more than the longest delay.

        Returns
        -------
        State
            After the last moment.
        dict
            By monitor and variable what was recorded in each moment, [moments, ...]. Moments in which the monitor's
            clock rests hold zeros.
        """
        network = self.network
        kept = dict(slots)
        types = self.types(drive.events)
        past = {
            p.name: none_yet((kept[p.name], network.events[p.events]), types[p.events])
            for p in steps.pathways(network)
            if p.name in kept
        }
        uncommon = {p.name for p in steps.pathways(network) if p.name in kept} | set(drive.pending) | set(drive.extra)
        products = self.products.worth(count, uncommon)
        begin = State(
            arrays={name: drive.arrays[name] for name in self.written}
            | {
                name: outer.Products.none_yet(count, layout, drive.arrays[name].dtype)
                for name, layout in products.arrays.items()
            },
            events={name: none_yet((network.events[name],), types[name]) for name in self.lasting},
            past=past,
        )
        along = {
            "moment": jnp.arange(count),
            "events": {n: raster for n, raster in drive.events.items() if kind(raster) != "b"},
            "draws": drive.draws,
            "due": {name: due for name, due in drive.due.items() if name not in self.always},
            "step": drive.step,
            "since": {name: step - step[:1] for name, step in drive.step.items()},
        }
        segments = [(clock, tuple(found)) for clock, found in itertools.groupby(network.operations, lambda o: o.clock)]

        def follow(state: State, x: dict[str, Any]) -> tuple[State, Records]:
            records: Records = {}
            # read where they lie: a batch of rasters that a scan goes along is turned over first, byte by byte
            given = {
                name: jax.lax.dynamic_index_in_dim(raster, x["moment"], keepdims=False)
                for name, raster in drive.events.items()
                if kind(raster) == "b"
            }
            x = {**x, "events": {**x["events"], **given}}
            before = state
            state = dataclasses.replace(
                state,
                events={name: unpack(events) for name, events in state.events.items()},
                past={name: unpack(events) for name, events in state.past.items()},
            )
            key = None if drive.key is None else jax.random.fold_in(drive.key, x["moment"])
            for clock, operations in segments:
                moment = _Moment(self, drive, x, key, kept, products)
                if clock in self.always:
                    state, found = moment.follow(operations, state)
                else:
                    state, found = _when(
                        x["due"][clock],
                        lambda state, moment=moment, operations=operations: moment.follow(operations, state),
                        state,
                    )
                records |= found
            return State(
                state.arrays,
                events={name: pack(state.events[name], packed) for name, packed in before.events.items()},
                past={name: pack(state.past[name], packed) for name, packed in before.past.items()},
            ), records

        state, records = checkpoints.scan(follow, begin, along, count, self.remat)
        found = {name: state.arrays[name] for name in products.arrays}
        grown = {name: outer.matrix(each, drive.arrays[name]) for name, each in found.items()}
        state = dataclasses.replace(state, arrays={**state.arrays, **grown}, products=found)
        return dataclasses.replace(state, past={name: unpack(events) for name, events in state.past.items()}), records

    def types(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """How each event is kept: as truth values, or as numbers where it has a derivative or is `given` so."""
        found: dict[str, Any] = dict.fromkeys(self.network.events, np.dtype(bool))
        for operation in self.network.operations:
            if isinstance(operation, steps.Threshold) and operation.group in self.surrogates:
                found[operation.events] = jax.dtypes.canonicalize_dtype(float)
        return found | {name: raster.dtype for name, raster in given.items()}


def _when(due: Value, follow: Any, state: State) -> tuple[State, Records]:
    """Follow where a clock is due; else leave the state and record zeros."""
    _, shapes = jax.eval_shape(follow, state)
    nothing = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
    return jax.lax.cond(due, follow, lambda state: (state, nothing), state)


class _Moment(Follower):
    """One moment, followed with JAX: what holds for all of its operations."""

    def __init__(
        self,
        simulation: Simulation,
        drive: Drive,
        x: dict[str, Any],
        key: Value | None,
        slots: Mapping[str, int],
        products: outer.Plan,
    ):
        self.simulation = simulation
        self.network = simulation.network
        self.sites = simulation.sites
        self.written = simulation.written
        self.drive = drive
        self.x = x
        self.key = key
        self.slots = slots
        self.products = products
        self.clocks: dict[str, Value] = {}
        self.since = x["since"]  # steps of each clock since the start
        for name, clock in simulation.network.clocks.items():
            step = x["step"][name]  # a clock that rests already shows its next one
            dt = drive.arrays[clock.dt]
            self.clocks |= {
                clock.timestep: step.astype(drive.arrays[clock.timestep].dtype),
                # a choice, or what is added to the product may be added before it is rounded, unlike in NumPy
                clock.t: jnp.where(step >= 0, step.astype(dt.dtype) * dt, jnp.inf),
            }

    def follow(self, operations: tuple[steps.Operation, ...], state: State) -> tuple[State, Records]:
        """All operations one after the other."""
        self.arrays = {**self.drive.arrays, **self.clocks, **state.arrays}
        self.events = dict(state.events)
        self.past = dict(state.past)
        records: Records = {}
        for operation in operations:
            try:
                records |= self.carry_out(operation) or {}
            except BioplastError:
                raise
            except Exception as error:  # of NumPy or JAX, for what they cannot trace
                raise BioplastError(f"{operation.name!r}: {' '.join(str(error).split())}") from error
        return State({name: self.arrays[name] for name in self.written}, self.events, self.past), records

    def run(self, operation: Any, mask: Value | None = None, source: tuple[Value, np.ndarray] | None = None) -> Run:
        random = Source(operation.name, self.key, self.x["draws"], self.sites)
        return Run(operation.block, self.arrays, self.drive.tables, random, mask, source)

    # Operations -------------------------------------------------------------------------------------------------------

    def update(self, operation: steps.Update) -> None:
        if operation.name not in self.products.updates:
            self.run(operation)
            return
        shared = dataclasses.replace(operation.block, vector=())
        decay(self.run(dataclasses.replace(operation, block=shared)), operation.block, self.products.arrays)

    def threshold(self, operation: steps.Threshold) -> None:
        surrogate = self.simulation.surrogates.get(operation.group)
        if operation.events in self.drive.events:
            events = self.x["events"][operation.events]
        elif surrogate is None:
            events = self.run(operation).value("_cond")
        else:
            # the condition is evaluated once, since it may draw random numbers
            *others, condition = operation.block.vector
            block = dataclasses.replace(operation.block, vector=tuple(others))
            run = self.run(dataclasses.replace(operation, block=block))
            events = run.spikes(condition.expression, surrogate)
        self.events[operation.events] = events
        if operation.refractory is not None:
            not_refractory, last, t = operation.refractory
            happened = counted(events)
            self.arrays[not_refractory] = self.arrays[not_refractory] & ~happened
            self.arrays[last] = jnp.where(happened, self.arrays[t], self.arrays[last])

    def generator(self, operation: steps.Generator) -> None:
        self.events[operation.events] = self.x["events"][operation.events]

    def reset(self, operation: steps.Reset) -> None:
        events = self.events[operation.events]
        self.run(operation, jax.lax.stop_gradient(events) if self.simulation.detach_reset else events)

    def pathway(self, operation: steps.Pathway) -> None:
        if (declared := self.products.pathways.get(operation.name)) is not None:
            self.run_with_products(declared)
            return
        for again, reached in self.extra(operation):
            self.run(again, reached)
        events, reached = self.arriving(operation)
        along = self.simulation.released.get(operation.name)
        if along is not None and events is not None and self.adds_numbers(along):
            self.run_along(along, _of(events, along.sources))
            return
        self.run(operation, reached, None if events is None else (events, operation.sources))

    def adds_numbers(self, operation: steps.DeclaredPathway) -> bool:
        """Whether what a pathway changes are real numbers."""
        places = [operation.block.names.get(statement.name) for statement in operation.block.vector]
        return all(kind(self.arrays[p.array]) == "f" for p in places if isinstance(p, steps.Place))

    def declared_pathway(self, operation: steps.DeclaredPathway) -> None:
        for again, reached in self.extra(operation):
            self.run_along(again, reached)
        self.run_along(operation, self.arriving(operation)[1])

    def run_along(self, operation: steps.DeclaredPathway, reached: Value) -> None:
        shared = dataclasses.replace(operation.block, vector=())
        Separable(operation, self.run(dataclasses.replace(operation, block=shared)), reached)

    def run_with_products(self, operation: steps.DeclaredPathway) -> None:
        shared = dataclasses.replace(operation.block, vector=())
        Changes(
            operation,
            self.run(dataclasses.replace(operation, block=shared)),
            self.arriving(operation)[1],
            self.x["moment"],
            self.products.arrays,
            self.drive.arrays,
        )

    def extra(self, operation: Any) -> Iterator[tuple[Any, Value]]:
        """A pathway once more for each further event that reaches a synapse in this step, and where one does."""
        since = self.since[operation.clock]
        for k, more in enumerate(self.drive.extra.get(operation.name, ())):
            # by themselves, since a later event may reach the same synapse in this step
            reached = jnp.where(since < len(more), more[jnp.minimum(since, len(more) - 1)], False)
            yield dataclasses.replace(operation, name=f"{operation.name}.extra{k}"), reached

    def arriving(self, operation: Any) -> tuple[Value | None, Value]:
        """The events that all synapses of a neuron get at once, if that is so; and those that reach each source."""
        events = self.events[operation.events]
        since = self.since[operation.clock]
        common = True
        if operation.name in self.slots:
            slots = self.slots[operation.name]
            past = self.past[operation.name].at[since % slots].set(events)
            self.past[operation.name] = past
            row = (since - self.drive.delays[operation.name]) % slots
            common = row.ndim == 0
            events = past[row] if common else past[row, operation.sources]
        reached = _of(events, operation.sources) if common else events
        if operation.name in self.drive.pending:
            common = False
            pending = self.drive.pending[operation.name]
            now = jnp.where(since < len(pending), pending[jnp.minimum(since, len(pending) - 1)], 0)
            # a synapse has one delay, so that one of the two is 0
            reached = reached | (now > 0) if kind(reached) == "b" else reached + now.astype(reached.dtype)
        return events if common else None, reached

    def sum(self, operation: steps.Sum) -> None:
        size = operation.stop - operation.start
        array = self.arrays[operation.target]
        total = summed(operation, lambda block: self.run(dataclasses.replace(operation, block=block)))
        if total is None:
            values = jnp.asarray(self.run(operation).value("_synaptic_var"), dtype=float)
            total = jax.ops.segment_sum(values, operation.index - operation.start, size)
        self.arrays[operation.target] = array.at[operation.start : operation.stop].set(total.astype(array.dtype))

    def event_record(self, operation: steps.EventRecord) -> Records:
        part = slice(operation.start, operation.stop)
        run = self.run(operation)
        recorded = {v: run.value(f"_to_record_{v}")[part] for v in operation.variables}
        return {operation.name: {"events": self.events[operation.events][part], **recorded}}

    def event_count(self, operation: steps.EventCount) -> None:
        happened = counted(self.events[operation.events][operation.start : operation.stop])
        self.arrays[operation.count] = self.arrays[operation.count] + happened.astype(np.int32)

    def state_record(self, operation: steps.StateRecord) -> Records:
        run = self.run(operation)
        return {operation.name: {v: run.value(f"_to_record_{v}") for v in operation.variables}}

    def rate_record(self, operation: steps.RateRecord) -> Records:
        events = self.events[operation.events][operation.start : operation.stop]
        dt = self.drive.arrays[self.network.clocks[operation.clock].dt]
        return {operation.name: {"rate": jnp.sum(events, dtype=dt.dtype) / dt / len(events)}}


def _of(events: Value, sources: np.ndarray) -> Value:
    """The events of some neurons; those that lie in a row as a slice, whose way back is no scatter."""
    if len(sources) and np.array_equal(sources, np.arange(sources[0], sources[0] + len(sources))):
        return events[int(sources[0]) : int(sources[0]) + len(sources)]
    return events[sources]


def _lasting(network: steps.Steps, always: set[str]) -> set[str]:
    """The events of clocks that rest, and those that an operation asks for before it is known whether they happen."""
    found, known = set(), set()
    for operation in network.operations:
        event = getattr(operation, "events", None)
        if isinstance(operation, steps.Threshold | steps.Generator) and operation.clock in always:
            known.add(event)
        elif event is not None and event not in known:
            found.add(event)
    return found
