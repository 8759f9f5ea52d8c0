"""What primitives that are linear in each of two operands do with batches.

Their arrays begin with the axis of groups, each of which has weights of its own, and those of spikes and images go on
with one of rows, which share them.
"""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching

from .functions import Value


def grouped(primitive: Primitive, operands: Any, axes: Any, **options: Any) -> tuple[Value, int]:
    """A batch with weights (or results) of its own: so many times the groups."""
    size = next(x.shape[axis] for x, axis in zip(operands, axes, strict=True) if axis is not None)
    moved = [
        jnp.broadcast_to(x, (size, *x.shape)) if axis is None else jnp.moveaxis(x, axis, 0)
        for x, axis in zip(operands, axes, strict=True)
    ]
    out = primitive.bind(*(x.reshape(-1, *x.shape[2:]) for x in moved), **options)
    return out.reshape(size, -1, *out.shape[1:]), 0


def in_rows(primitive: Primitive, operands: Any, axes: Any, **options: Any) -> tuple[Value, int]:
    """A batch of what comes first, with the weights that come second: so many times the rows."""
    first, weights = operands
    if axes[1] is not None:
        return grouped(primitive, operands, axes, **options)
    first = jnp.moveaxis(first, axes[0], 1)
    groups, size, rows, *rest = first.shape
    out = primitive.bind(first.reshape(groups, size * rows, *rest), weights, **options)
    return out.reshape(groups, size, rows, *out.shape[2:]), 1


def bilinear(forward: Primitive, to_first: Primitive, to_weights: Primitive) -> None:
    """Tell JAX of an operation and its two ways back: each has the other two for its derivatives, and runs in batches.

    Parameters
    ----------
    forward : Primitive
        Of what comes first, in rows, and of weights.
    to_first : Primitive
        Of what comes back, in rows, and of the weights.
    to_weights : Primitive
        Of what comes first and of what comes back.
    """
    ad.defbilinear(
        forward,
        lambda back, first, weights, **how: to_first.bind(back, weights, **how),
        lambda back, first, weights, **how: to_weights.bind(first, back, **how),
    )
    ad.defbilinear(
        to_first,
        lambda back, after, weights, **how: forward.bind(back, weights, **how),
        lambda back, after, weights, **how: to_weights.bind(back, after, **how),
    )
    ad.defbilinear(
        to_weights,
        lambda back, first, after, **how: to_first.bind(after, back, **how),
        lambda back, first, after, **how: forward.bind(first, back, **how),
    )
    for primitive, batch in ((forward, in_rows), (to_first, in_rows), (to_weights, grouped)):
        batching.primitive_batchers[primitive] = functools.partial(batch, primitive)
