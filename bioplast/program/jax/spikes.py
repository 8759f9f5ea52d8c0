"""Events as truth values, or as numbers 0 and 1 that carry a derivative."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..surrogate import Surrogate
from . import functions as fn
from .expressions import Call, evaluate
from .functions import Value, kind


def counted(events: Value) -> Value:
    """Which events happen, as truth values."""
    return events if kind(events) == "b" else events > 0.5


@jax.custom_jvp
def _chosen(events: Value, value: Value, otherwise: Value) -> Value:
    return jnp.where(events > 0.5, value, otherwise)


@_chosen.defjvp
def _chosen_jvp(primals: tuple[Value, ...], tangents: tuple[Value, ...]) -> tuple[Value, Value]:
    events, value, otherwise = primals
    d_events, d_value, d_otherwise = tangents
    # that of otherwise + events*(value - otherwise), whose own value would be rounded
    slope = jnp.where(events > 0.5, d_value, d_otherwise) + d_events * (value - otherwise)
    return _chosen(events, value, otherwise), slope


def chosen(events: Value, value: Value, otherwise: Value) -> Value:
    """`value` where an event happens, `otherwise` elsewhere; differentiable in the events that carry a derivative."""
    if kind(events) == "b" or kind(value) != "f":
        return jnp.where(counted(events), value, otherwise)
    return _chosen(events, value, otherwise)


def held_back(events: Value, value: Value, neutral: float) -> Value:
    """`value` where an event happens, `neutral` elsewhere."""
    return chosen(events, value, jnp.full_like(value, neutral))


# From step to step ---------------------------------------------------------------------------------------------------
#
# A gradient keeps what goes from step to step. Of a spike that is one truth value; its derivative goes beside it in a
# number that stays 0 and that nothing has to be known of.

Packed = Value | tuple[Value, Value]


@jax.custom_jvp
def _with_derivative_of(truth: Value, carrier: Value) -> Value:
    return truth.astype(carrier.dtype)


@_with_derivative_of.defjvp
def _with_derivative_of_jvp(primals: tuple[Value, Value], tangents: tuple[Value, Value]) -> tuple[Value, Value]:
    return _with_derivative_of(*primals), tangents[1]


@jax.custom_jvp
def _carrier_of(events: Value) -> Value:
    # zeros that JAX maps as it maps the events, and that XLA knows to be zeros
    return (counted(events) != counted(events)).astype(events.dtype)


@_carrier_of.defjvp
def _carrier_of_jvp(primals: tuple[Value], tangents: tuple[Value]) -> tuple[Value, Value]:
    return _carrier_of(*primals), tangents[0]


def none_yet(shape: tuple[int, ...], dtype: Any) -> Packed:
    """No events, packed."""
    nothing = jnp.zeros(shape, dtype=bool)
    return nothing if np.dtype(dtype) == bool else (nothing, jnp.zeros(shape, dtype=dtype))


def unpack(packed: Packed) -> Value:
    """Events as truth values, or as numbers 0 and 1 that carry a derivative."""
    return _with_derivative_of(*packed) if isinstance(packed, tuple) else packed


def pack(events: Value, before: Packed) -> Packed:
    """Events as they go to the next step, in the place of others."""
    return (counted(events), _carrier_of(events)) if isinstance(before, tuple) else events


# Surrogate derivatives -----------------------------------------------------------------------------------------------

_SIGNS = {"Gt": 1, "GtE": 1, "Lt": -1, "LtE": -1}


def spikes(
    node: ast.expr,
    name: Callable[[str], Value],
    call: Call,
    definition: Callable[[str], ast.expr | None],
    surrogate: Surrogate,
) -> Value:
    """A condition as numbers 0 and 1 with a surrogate derivative in the margin of each of its comparisons.

    Parameters
    ----------
    node : ast.expr
        The condition.
    name, call : callable
        As of `evaluate`.
    definition : callable
        The expression by which a name was made, or None.
    surrogate : Surrogate
        The derivative.
    """

    unit = float(surrogate.unit)

    def part(node: ast.expr) -> Value:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return functools.reduce(operator.mul, map(part, values))
            case ast.BoolOp(values=values):  # or
                return 1 - functools.reduce(operator.mul, (1 - part(value) for value in values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return 1 - part(operand)
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign).__name__ in _SIGNS:
                sides = evaluate(left, name, call), evaluate(right, name, call)
                margin = jnp.asarray(_SIGNS[type(sign).__name__] * (fn.real(sides[0]) - fn.real(sides[1])))
                slope = surrogate.slope(margin / unit) / unit
                truth = jnp.asarray(fn.COMPARISONS[type(sign).__name__](*sides)).astype(margin.dtype)
                return _with_slope(truth, jax.lax.stop_gradient(slope), margin)
            case ast.Name(id=identifier) if (made := definition(identifier)) is not None:
                return part(made)
        return jnp.asarray(evaluate(node, name, call)).astype(float)

    return part(node)


@jax.custom_jvp
def _with_slope(truth: Value, slope: Value, margin: Value) -> Value:
    return truth


@_with_slope.defjvp
def _with_slope_jvp(primals: tuple[Value, ...], tangents: tuple[Value, ...]) -> tuple[Value, Value]:
    truth, slope, _ = primals
    return truth, slope * tangents[2]
