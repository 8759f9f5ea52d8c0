"""Calls from XLA: what those of one shape have in common, laid out once, so that each goes straight into C++.

templates/foreign.cpp carries them out. What is laid out stays until the process ends: XLA does not tell when it has
thrown away what it compiled.
"""

from __future__ import annotations

import ctypes
import functools
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ..network import digest
from . import library
from .adjoint import Adjoint
from .backward import frames
from .plan import Lowered, clock_arrays, steady_bytes
from .shape import Shape
from .wiring import Wiring

#: What buffers hold, as in templates/foreign.cpp.
KINDS = {
    name: number
    for number, name in enumerate(("array", "table", "events", "pending", "step", "key", "record", "raster", "past"))
}
#: Added to a kind: what comes back to it.
BACK = 100


@dataclass(frozen=True)
class Role:
    """What a buffer holds.

    Attributes
    ----------
    kind : int
        One of `KINDS`, or `BACK` and one of them.
    number : int
        Which one, in the layout; -1 where the network does not use it.
    rank : int
        How many axes it has in one run.
    flag : bool
        Of an argument whether it has an axis of runs in front, of what comes back whether it is summed over the runs.
    """

    kind: int
    number: int
    rank: int
    flag: bool = False


_FIELDS = "i:arguments i:results i:in_batch i:horizon p:argument p:result p:written p:fixed p:sources p:position"


class _Pattern(ctypes.Structure):
    _fields_ = [("plan", library.Plan), *library.fields(_FIELDS)]


_kept: list[Any] = []
# What the numbers stand for, the same in every process.
_contents: dict[int, str] = {}


def described(computation: str) -> str:
    """The text of a computation of XLA with what its calls are in place of the numbers that only this process knows."""
    return re.sub(r"(?<=pattern = )\d+", lambda found: _contents.get(int(found[0]), found[0]), computation)


@functools.cache
def target(dtype: np.dtype[Any]) -> str:
    """The name by which XLA knows the loop over samples."""
    name = f"bioplast_native_{dtype}"
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(library.loop(dtype).bioplast_call), platform="cpu")
    return name


class Foreign:
    """Lays out calls of a network.

    Parameters
    ----------
    lowered : Lowered
        With the layout of the functions.
    text : str
        Their source.
    functions : sequence of int
        The addresses of those for the beginning of a run, for a moment, and for the way back.
    threads : int
    horizon : int or None
        The last step that the precision can tell from the one before.
    adjoint : Adjoint, optional
        For the way back.
    """

    def __init__(
        self,
        lowered: Lowered,
        text: str,
        functions: Sequence[Any],
        threads: int,
        horizon: int | None,
        adjoint: Adjoint | None = None,
    ):
        self.lowered = lowered
        self.text = text
        self.functions = functions
        self.threads = threads
        self.horizon = horizon
        self.adjoint = adjoint

    def number(self, shape: Shape, arguments: Sequence[Role], results: Sequence[Role], in_batch: bool) -> int:
        """The number by which C++ knows calls of a shape with such arguments and results."""
        lowered, layout = self.lowered, self.lowered.layout
        arrays = [lowered.network.arrays[name] for name in layout.arrays]
        pattern = _Pattern()
        kept: list[Any] = [pattern, lowered, self.functions]

        def pointer(array: np.ndarray) -> int:
            kept.append(array)
            return library.address(array)

        def whole(numbers: Sequence[Any]) -> int:
            return pointer(np.array([*numbers, 0], dtype=np.int64))

        plan = pattern.plan
        plan.begin, plan.moment, plan.back = self.functions
        plan.moments, plan.threads, plan.failed = shape.count, self.threads, -1
        clocks = [lowered.network.clocks[name] for name in layout.clocks]
        plan.clocks = len(clocks)
        plan.dt = pointer(np.array([clock.seconds for clock in clocks]))
        plan.time_array, plan.step_array = (whole(found) for found in clock_arrays(lowered.network, layout))
        plan.arrays, plan.tables, plan.sites = len(layout.arrays), len(layout.tables), len(layout.sites)
        plan.events, plan.records, plan.rasters = len(layout.events), len(layout.records), len(layout.rasters)
        plan.sizes, plan.index = whole(layout.sizes), whole([library.address(index) for index in layout.index])
        plan.scratch, plan.common = layout.scratch, layout.common
        plan.steady, plan.steady_bytes = len(layout.steady), pointer(steady_bytes(layout, lowered.dtype))
        kept.append(layout)
        plan.neurons = whole([lowered.network.events[name] for name in layout.events])
        sizes = [array.value.size for array in arrays]
        items = [(lowered.dtype if array.value.dtype.kind == "f" else array.value.dtype).itemsize for array in arrays]
        plan.array_bytes = whole([size * item for size, item in zip(sizes, items, strict=True)])
        neurons = [lowered.network.events[way.events] for way in layout.ways]
        wirings = [
            Wiring(pointer, way.sources, shape.delays[way.name], n) for way, n in zip(layout.ways, neurons, strict=True)
        ]
        kept.append(wirings)
        plan.ways = len(wirings)
        plan.wires = whole([wiring.address for wiring in wirings])
        plan.way_neurons = whole(neurons)
        pending = {role.number for role in arguments if role.kind == KINDS["pending"]}
        pattern.sources, pattern.position = (
            whole([pointer(getattr(w, name).astype(np.int64)) if k in pending else 0 for k, w in enumerate(wirings)])
            for name in ("sources", "position")
        )
        if self.adjoint is not None:
            active = self.adjoint.activity
            plan.event_back = pointer(np.array([n in active.events for n in layout.events] + [False], dtype=np.uint8))
            back = [size * (name in active.arrays) for name, size in zip(layout.arrays, sizes, strict=True)]
            plan.back_size = whole(back)
            plan.offset, plan.bytes, plan.frame_size = map(whole, frames(self.adjoint, lowered))
        pattern.arguments, pattern.results, pattern.in_batch = len(arguments), len(results), in_batch
        pattern.horizon = -1 if self.horizon is None else self.horizon
        pattern.argument, pattern.result = (
            pointer(np.array([[r.kind, r.number, r.rank, r.flag] for r in roles] + [[0] * 4], dtype=np.int64))
            for roles in (arguments, results)
        )
        pattern.written = pointer(np.array([n in lowered.written for n in layout.arrays] + [False], dtype=np.uint8))
        pattern.fixed = whole(
            [library.address(lowered.fixed[name]) if name in lowered.fixed else 0 for name in layout.arrays]
        )
        # unlike an address, which another process may give to something else
        number = secrets.randbits(62)
        _kept.append(kept)
        _contents[number] = digest(
            self.text, lowered.dtype.str, shape.count, [(shape.delays[w.name], w.sources) for w in layout.ways],
            list(layout.index), [lowered.fixed.get(name, ()) for name in layout.arrays],
            pattern.in_batch, pattern.horizon,
            [[(r.kind, r.number, r.rank, r.flag) for r in roles] for roles in (arguments, results)],
        )  # fmt: skip
        library.loop(lowered.dtype).bioplast_know(number, ctypes.addressof(pattern))
        return number
