"""One call from XLA into C++: which of the arrays of a run is which of its arguments and results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .adjoint import Wanted
from .foreign import BACK, KINDS, Foreign, Role, target
from .shape import Leaves, Shape


class Called:
    """Calls of one shape.

    Parameters
    ----------
    foreign : Foreign
    shape : Shape
    own : pytree of int
        The axes that each argument has in one run.
    flags : pytree of bool
        Whether each has an axis of runs in front.
    batch : bool
        Whether there is such an axis.
    results : pytree of ShapeDtypeStruct
    """

    def __init__(self, foreign: Foreign, shape: Shape, own: Any, flags: Any, batch: bool, results: Any):
        self.foreign = foreign
        self.shape = shape
        self.own = own
        self.flags = flags
        self.batch = batch
        self.results = results
        layout = foreign.lowered.layout
        self.arrays, self.tables, self.events = layout.arrays, layout.tables, layout.events
        self.ways = {way.name: number for number, way in enumerate(layout.ways)}
        self.rasters = {monitor: number for number, (monitor, _) in enumerate(layout.rasters)}
        self.records = {found[:2]: number for number, found in enumerate(layout.records)}

    def forward(self, given: Leaves, rest: Leaves) -> Any:
        """What becomes of runs."""
        found = list(self.arguments(given, rest))
        flat, structure = jax.tree_util.tree_flatten_with_path(self.results)
        roles = [self.role(path, len(result.shape) - self.batch) for path, result in flat]
        results = self.call(found, [(role, result) for role, (_, result) in zip(roles, flat, strict=True)])
        return jax.tree.unflatten(structure, results)

    def back(
        self, wanted: Wanted, given: Leaves, rest: Leaves, paths: Sequence[Any], backs: Sequence[Any], shapes: Any
    ) -> Any:
        """What comes back to what is wanted, from what comes to results by their paths."""
        adjoint, dtype = self.foreign.adjoint, self.foreign.lowered.dtype
        assert adjoint is not None
        found = list(self.arguments(given, rest))
        for path, back in zip(paths, backs, strict=True):
            role = self.role(path, back.ndim - self.batch, BACK)
            known = {KINDS["array"]: adjoint.activity.arrays, KINDS["past"]: adjoint.activity.events}.get(
                role.kind - BACK
            )
            if known is not None and self.named(path) not in known:
                role = Role(role.kind, -1, role.rank)
            found.append((Role(role.kind, role.number, role.rank, self.batch), back.astype(dtype)))
        flags, own = self.flags[0], self.own[0]
        parts = {
            "arrays": ("array", self.arrays, wanted.arrays),
            "tables": ("table", self.tables, wanted.tables),
            "events": ("events", self.events, wanted.events & adjoint.activity.events),
        }
        results = []
        for part, (kind, numbers, active) in parts.items():
            for name, shape in shapes[part].items():
                number = numbers.get(name, -1) if name in active else -1
                role = Role(BACK + KINDS[kind], number, own[part][name], self.batch and not flags[part][name])
                results.append((role, shape))
        made = iter(self.call(found, results))
        return {part: {name: next(made) for name in shapes[part]} for part in parts}

    def call(self, arguments: Sequence[tuple[Role, Any]], results: Sequence[tuple[Role, Any]]) -> Sequence[Any]:
        number = self.foreign.number(self.shape, [r for r, _ in arguments], [r for r, _ in results], self.batch)
        name = target(self.foreign.lowered.dtype)
        call = jax.ffi.ffi_call(name, [shape for _, shape in results], vmap_method="expand_dims")
        return call(*(value for _, value in arguments), pattern=np.int64(number))

    def arguments(self, given: Leaves, rest: Leaves) -> Iterator[tuple[Role, Any]]:
        """The arguments of a run with what they are."""
        lowered = self.foreign.lowered
        real: Mapping[str, Any] = {name: lowered.dtype for name in given["arrays"]}
        for place, part in enumerate((given, rest)):
            own, flags = self.own[place], self.flags[place]
            for name, value in part["arrays"].items():
                array = lowered.network.arrays[name]
                if array.is_value:
                    kind = real.get(name, array.value.dtype)
                    role = Role(KINDS["array"], self.arrays.get(name, -1), own["arrays"][name], flags["arrays"][name])
                    yield role, jnp.asarray(value, dtype=kind)
            for name, value in part["events"].items():
                role = Role(KINDS["events"], self.events.get(name, -1), own["events"][name], flags["events"][name])
                yield role, value
        own, flags = self.own[0], self.flags[0]
        for name, value in given["tables"].items():
            role = Role(KINDS["table"], self.tables.get(name, -1), own["tables"][name], flags["tables"][name])
            yield role, jnp.asarray(value, dtype=lowered.dtype)
        for name, value in given["pending"].items():
            yield Role(KINDS["pending"], self.ways.get(name, -1), 2, flags["pending"][name]), value
        clocks = lowered.layout.clocks
        for name, value in rest["step"].items():
            yield Role(KINDS["step"], clocks.get(name, -1), 1, self.flags[1]["step"][name]), value
        if rest["key"] is not None:
            yield Role(KINDS["key"], 0, 1, self.flags[1]["key"]), rest["key"]

    def named(self, path: Any) -> str:
        """The array, or the events of the pathway, that a result belongs to."""
        name = path[-1].key
        ways = self.foreign.lowered.layout.ways
        return ways[self.ways[name]].events if name in self.ways else name

    def role(self, path: Any, rank: int, back: int = 0) -> Role:
        """What a result is, by its path."""
        match path:
            case (_, jax.tree_util.GetAttrKey(name="arrays"), jax.tree_util.DictKey(key=name)):
                return Role(back + KINDS["array"], self.arrays.get(name, -1), rank)
            case (_, jax.tree_util.GetAttrKey(name="past"), jax.tree_util.DictKey(key=name)):
                return Role(back + KINDS["past"], self.ways[name], rank)
            case (_, jax.tree_util.DictKey(key=monitor), jax.tree_util.DictKey(key="events")):
                return Role(back + KINDS["raster"], self.rasters[monitor], rank)
            case (_, jax.tree_util.DictKey(key=monitor), jax.tree_util.DictKey(key=variable)):
                return Role(back + KINDS["record"], self.records.get((monitor, variable), -1), rank)
        raise AssertionError(path)
