"""Loops whose gradient needs memory for the square root of their steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .library import skips_zeros

Step = Callable[[Any, Any], tuple[Any, Any]]

#: So few steps are no loop but one after the other, as in a step of an environment: a loop within a loop costs as much
#: as a small network.
UNROLLED = 4

# What takes longer to compute than to keep, and what is made once.
_KEPT = {"dot_general", "scatter-add", "scatter-mul", "while", "random_bits", "optimization_barrier"}
_LIBRARIES = {"event_product": "products", "listed": "listed", "correlation": "correlations"}


def _kept(primitive: Any, *_: Any, **__: Any) -> bool:
    library = _LIBRARIES.get(primitive.name)
    return primitive.name in _KEPT or (library is not None and not skips_zeros(library))


def made_once(value: Any) -> Any:
    """A value that is the same array to all who read it, and its derivative to all who add to that.

    XLA puts what is elementwise into each of its readers otherwise, and a gradient computes it again. What synapses
    make of a neuron is worth keeping: the threshold, its surrogate derivative and the reset begin with it, and with it
    a gradient needs neither their products again nor, as long as the equations are linear, what was before.
    """
    return jax.lax.optimization_barrier(value)


def _apart(given: Any) -> Any:
    """What a step begins with, of which XLA knows as little as in a loop.

    Else it computes what is elementwise in one step again in those after it, and a time that is a constant would let it
    rewrite what is divided by it.
    """
    return jax.lax.optimization_barrier(given)


def lean(step: Step) -> Step:
    """A step whose gradient computes what is elementwise again instead of keeping it.

    That is what a long run spends its time on otherwise: memory that is written once and read once.
    """
    return jax.checkpoint(step, policy=_kept, prevent_cse=False)


def scan(step: Step, begin: Any, along: Any, count: int, checkpoint: bool) -> tuple[Any, Any]:
    """`jax.lax.scan` of a lean step, with checkpoints if wanted.

    With them a gradient keeps the state after every sqrt(count) steps and computes those between again: the same
    numbers from the same operations, for one more forward run (Griewank and Walther, 2008, Evaluating Derivatives,
    chapter 12).
    """
    step = lean(step)
    length = math.isqrt(count)
    if not checkpoint or length < 2:
        if 1 < count <= UNROLLED:
            return jax.lax.scan(lambda *given: step(*_apart(given)), begin, along, length=count, unroll=count)
        return jax.lax.scan(step, begin, along, length=count)

    def part(state: Any, x: Any) -> tuple[Any, Any]:
        return jax.lax.scan(step, state, x)

    again = jax.checkpoint(part, prevent_cse=False)
    whole = count // length * length
    parts = jax.tree.map(lambda a: a[:whole].reshape(-1, length, *a.shape[1:]), along)
    state, records = jax.lax.scan(again, begin, parts)
    records = jax.tree.map(lambda a: a.reshape(whole, *a.shape[2:]), records)
    if whole == count:
        return state, records
    state, rest = again(state, jax.tree.map(lambda a: a[whole:], along))
    return state, jax.tree.map(lambda a, b: jnp.concatenate([a, b]), records, rest)
