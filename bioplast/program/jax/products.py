"""Products of events with weights that cost as much as there are events.

Most of the neurons of a network are silent in most steps, so most of a dense product is spent on zeros. On a processor
the products here are done by a small C++ library that skips them; a machine without compiler, and every accelerator,
takes the dense product. Both give the same numbers but for the order in which some dozen are added.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching

from .functions import Value
from .library import lower_on_processors
from .primitives import grouped, in_rows
from .spikes import counted


def event_product(events: Value, weights: Value) -> Value:
    """``events @ weights``, linear in both.

    Parameters
    ----------
    events : array [before]
        Truth values, or numbers 0 and 1 that carry a derivative.
    weights : array [before, after]
        Of float32 or float64, which is the type of the result.

    Returns
    -------
    array [after]
    """
    return _product.bind(events[None, None], weights[None])[0, 0]


# events [groups, rows, before], weights [groups, before, after] -> [groups, rows, after]
_product = Primitive("event_product")
# events [groups, rows, before], back [groups, rows, after] -> [groups, before, after]
_transpose = Primitive("event_transpose")


def _dense_product(events: Value, weights: Value) -> Value:
    return jnp.matmul(events.astype(weights.dtype), weights)


def _dense_transpose(events: Value, back: Value) -> Value:
    # XLA's product of few rows with many columns is several times as fast as that of many rows with few columns
    return jnp.swapaxes(jnp.matmul(jnp.swapaxes(back, 1, 2), events.astype(back.dtype)), 1, 2)


# Shapes --------------------------------------------------------------------------------------------------------------


@_product.def_abstract_eval
def _product_shape(events: Any, weights: Any) -> Any:
    return jax.core.ShapedArray((*events.shape[:2], weights.shape[2]), weights.dtype)


@_transpose.def_abstract_eval
def _transpose_shape(events: Any, back: Any) -> Any:
    return jax.core.ShapedArray((events.shape[0], events.shape[2], back.shape[2]), back.dtype)


# Derivatives ---------------------------------------------------------------------------------------------------------


def _derivative(primitive: Primitive, dense: Any) -> Any:
    """Both products are linear in either operand; a change of events is no longer sparse."""

    def rule(primals: tuple[Value, Value], tangents: tuple[Any, Any]) -> tuple[Value, Any]:
        (events, other), (d_events, d_other) = primals, tangents
        parts = []
        if type(d_events) is not ad.Zero:
            parts.append(dense(d_events, other))
        if type(d_other) is not ad.Zero:
            parts.append(primitive.bind(events, d_other))
        out = primitive.bind(events, other)
        return out, functools.reduce(jnp.add, parts) if parts else jnp.zeros_like(out)

    return rule


ad.primitive_jvps[_product] = _derivative(_product, _dense_product)
ad.primitive_jvps[_transpose] = _derivative(_transpose, _dense_transpose)
ad.primitive_transposes[_product] = lambda back, events, _: (None, _transpose.bind(events, back))
ad.primitive_transposes[_transpose] = lambda back, events, _: (None, _product.bind(events, back))


# Batches and machines -----------------------------------------------------------------------------------------------

batching.primitive_batchers[_product] = functools.partial(in_rows, _product)
batching.primitive_batchers[_transpose] = functools.partial(grouped, _transpose)


def _skipping(name: str, shape: Any) -> Any:
    def call(events: Value, other: Value) -> Value:
        out = shape(events, other)
        return jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(out.shape, out.dtype))(counted(events), other)

    return call


lower_on_processors(_product, "products", _dense_product, _skipping("bioplast_event_product", _product_shape))
lower_on_processors(_transpose, "products", _dense_transpose, _skipping("bioplast_event_transpose", _transpose_shape))
