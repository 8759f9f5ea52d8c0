"""Loops whose gradient needs memory for the square root of their steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .products import skips_zeros

Step = Callable[[Any, Any], tuple[Any, Any]]

# What takes longer to compute than to keep.
_KEPT = {"dot_general", "scatter-add", "scatter-mul", "while", "random_bits"}


def _kept(primitive: Any, *_: Any, **__: Any) -> bool:
    return primitive.name in _KEPT or (primitive.name == "event_product" and not skips_zeros())


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
        return jax.lax.scan(step, begin, along, length=count)

    def part(state: Any, x: Any) -> tuple[Any, Any]:
        return jax.lax.scan(step, state, x)

    again = jax.checkpoint(part, prevent_cse=False)
    whole = count // length * length
    parts = jax.tree.map(lambda a: a[:whole].reshape(-1, length, *a.shape[1:]), along)
    state, told = jax.lax.scan(again, begin, parts)
    told = jax.tree.map(lambda a: a.reshape(whole, *a.shape[2:]), told)
    if whole == count:
        return state, told
    state, rest = again(state, jax.tree.map(lambda a: a[whole:], along))
    return state, jax.tree.map(lambda a, b: jnp.concatenate([a, b]), told, rest)
