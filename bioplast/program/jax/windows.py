"""Sums over windows of an image that do not overlap, and the way back, in which every pixel gets its window's number.

XLA would add up by a reduction of few numbers each and go back by padding; both are many times slower on a processor
than to add the pixels of a window and to read a number once for each of them.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from .functions import Value

# [..., windows down, down, windows across, across] -> [..., windows down, windows across]
_sum = Primitive("window_sum")
_spread = Primitive("window_spread")


def window_sums(image: Value, size: tuple[int, int]) -> Value:
    """The sums over the windows of an image [..., height, width], of whose edge is left out what fills no window."""
    (down, across), (height, width) = size, image.shape[-2:]
    image = image[..., : height - height % down, : width - width % across]
    return _sum.bind(image.reshape(*image.shape[:-2], height // down, down, width // across, across))


@_sum.def_abstract_eval
def _sum_shape(image: Any) -> Any:
    return jax.core.ShapedArray((*image.shape[:-3], image.shape[-2]), image.dtype)


@_spread.def_abstract_eval
def _spread_shape(sums: Any, *, size: tuple[int, int]) -> Any:
    (down, across), (*lead, high, wide) = size, sums.shape
    return jax.core.ShapedArray((*lead, high, down, wide, across), sums.dtype)


def _added(image: Value) -> Value:
    lines = functools.reduce(operator.add, [image[..., k, :, :] for k in range(image.shape[-3])])
    return functools.reduce(operator.add, [lines[..., k] for k in range(image.shape[-1])])


def _repeated(sums: Value, *, size: tuple[int, int]) -> Value:
    *lead, high, wide = sums.shape
    return jnp.broadcast_to(sums[..., :, None, :, None], (*lead, high, size[0], wide, size[1]))


def _in_front(primitive: Primitive, operands: Any, axes: Any, **options: Any) -> tuple[Value, int]:
    return primitive.bind(jnp.moveaxis(operands[0], axes[0], 0), **options), 0


ad.deflinear2(_sum, lambda back, image: [_spread.bind(back, size=(image.aval.shape[-3], image.aval.shape[-1]))])
ad.deflinear2(_spread, lambda back, _, *, size: [_sum.bind(back)])
for _primitive, _way in ((_sum, _added), (_spread, _repeated)):
    _primitive.def_impl(jax.jit(_primitive.bind, static_argnames=("size",)))
    batching.primitive_batchers[_primitive] = functools.partial(_in_front, _primitive)
    mlir.register_lowering(_primitive, mlir.lower_fun(_way, multiple_results=False))
