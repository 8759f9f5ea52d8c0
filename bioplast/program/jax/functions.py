"""What the functions and operators of Brian2's equations are in JAX: the arithmetic of NumPy, type for type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...errors import Unsupported

Value = Any  # a traced array, or a plain number


def kind(value: Value) -> str:
    """Of what kind a value is: "b" truth values, "i" whole numbers, "f" other numbers."""
    return {"u": "i"}.get(found := np.dtype(jnp.result_type(value)).kind, found)


def real(value: Value) -> Value:
    """A value as floating-point numbers; a plain number stays one, which takes the precision of what it meets."""
    if isinstance(value, bool | int | float):
        return float(value)
    return value if kind(value) == "f" else jnp.asarray(value, dtype=float)


def _of_real(function: Callable[..., Value]) -> Callable[..., Value]:
    return lambda *values: function(*map(real, values))


@jax.custom_jvp
def exprel(x: Value) -> Value:
    """(exp(x) - 1)/x, and 1 at 0."""
    inside = jnp.where(jnp.abs(x) < 1e-16, 1.0, x)
    return jnp.where(jnp.abs(x) < 1e-16, 1.0, jnp.where(x > 717, jnp.inf, jnp.expm1(inside) / inside))


@exprel.defjvp
def _exprel_jvp(primals: tuple[Value], tangents: tuple[Value]) -> tuple[Value, Value]:
    (x,), (dx,) = primals, tangents
    y = exprel(x)
    # the quotient loses its digits near 0, where four terms of the series have all of them
    series = 1 / 2 + x * (1 / 3 + x * (1 / 8 + x * (1 / 30 + x / 144)))
    away = jnp.where(jnp.abs(x) < 1e-3, 1.0, x)
    return y, dx * jnp.where(jnp.abs(x) < 1e-3, series, (jnp.exp(away) - y) / away)


with np.errstate(invalid="ignore"):
    #: What NumPy's conversion to 32 bits gives for numbers above and below them: its processor's own answer.
    _ABOVE, _BELOW = (int(number) for number in np.array([1e300, -1e300]).astype(np.int32))
    _UNDEFINED = int(np.array([np.nan]).astype(np.int32)[0])


def _integer(value: Value) -> Value:
    """A value as a whole number of 32 bits, towards zero; beyond these bits what NumPy gives."""
    value = jnp.asarray(value)
    found = value.astype(jnp.int32)
    if kind(value) != "f":
        return found
    found = jnp.where(value < 2.0**31, found, _ABOVE)
    return jnp.where(jnp.isnan(value), _UNDEFINED, jnp.where(value > -(2.0**31) - 1, found, _BELOW))


def _timestep(t: Value, dt: Value) -> Value:
    return jnp.asarray((t + 1e-3 * dt) / dt).astype(jnp.int64 if jax.config.read("jax_enable_x64") else jnp.int32)


def _clip(value: Value, low: Value, high: Value) -> Value:
    return jnp.minimum(jnp.maximum(value, low), high)


FUNCTIONS: dict[str, Callable[..., Value]] = {
    **{
        name: _of_real(getattr(jnp, name))
        for name in (
            *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"),
            *("exp", "expm1", "log", "log10", "log1p", "sqrt"),
        )
    },
    "exprel": _of_real(exprel),
    "abs": jnp.abs,
    "sign": jnp.sign,
    "clip": _clip,
    "int": _integer,
    "ceil": lambda value: _integer(jnp.ceil(real(value))),
    "floor": lambda value: _integer(jnp.floor(real(value))),
    "timestep": _timestep,
}


# Operators -----------------------------------------------------------------------------------------------------------


def _arithmetic(function: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    def checked(left: Value, right: Value) -> Value:
        if kind(left) == kind(right) == "b":
            raise Unsupported("arithmetic with truth values only: write int(...) around them")
        return function(left, right)

    return checked


def quotient(left: Value, right: float) -> Value:
    """A traced value divided by a known number, as NumPy divides.

    XLA would make a product with the rounded inverse of what it knows, after which 49/49 is below 1.
    """
    # of a divisor that is chosen while it runs it makes none; of NaN the quotient is NaN by any number
    return left / jnp.where(left == left, jnp.asarray(right, dtype=jnp.result_type(left)), jnp.nan)


def _divide(left: Value, right: Value) -> Value:
    left, right = real(left), real(right)
    if isinstance(right, float) and not isinstance(left, float):
        return quotient(left, right)
    return left / right


def _floor_divide(left: Value, right: Value) -> Value:
    if "f" in kind(left) + kind(right):
        return jnp.where(right == 0, _divide(left, right), jnp.floor_divide(left, jnp.where(right == 0, 1, right)))
    return jnp.where(right == 0, 0, jnp.floor_divide(left, jnp.where(right == 0, 1, right)))


def _modulo(left: Value, right: Value) -> Value:
    if "f" in kind(left) + kind(right):
        return jnp.mod(left, right)
    return jnp.where(right == 0, 0, jnp.mod(left, jnp.where(right == 0, 1, right)))


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, int | float) and float(exponent).is_integer() and abs(exponent) <= 64:
        if kind(base) == "f":
            # a product, whose derivative exists at 0 too
            return jax.lax.integer_pow(jnp.asarray(base), int(exponent))
        if kind(exponent) == "i" and exponent < 0:
            raise Unsupported(f"a whole number to the power {exponent}: write {float(exponent)}")
    if kind(base) != "f" and kind(exponent) != "f":
        if not isinstance(exponent, int):
            raise Unsupported("a whole number to the power of another that may be negative: make one of them real")
        return jnp.asarray(base) ** exponent
    return jnp.power(base, exponent)


BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "Add": _arithmetic(lambda a, b: a + b),
    "Sub": _arithmetic(lambda a, b: a - b),
    "Mult": _arithmetic(lambda a, b: a * b),
    "Div": _arithmetic(_divide),
    "FloorDiv": _arithmetic(_floor_divide),
    "Mod": _arithmetic(_modulo),
    "Pow": _arithmetic(_power),
}

COMPARISONS: dict[str, Callable[[Value, Value], Value]] = {
    "Lt": lambda a, b: a < b,
    "LtE": lambda a, b: a <= b,
    "Gt": lambda a, b: a > b,
    "GtE": lambda a, b: a >= b,
    "Eq": lambda a, b: a == b,
    "NotEq": lambda a, b: a != b,
}


def both(left: Value, right: Value) -> Value:
    return jnp.logical_and(*_truths(left, right))


def either(left: Value, right: Value) -> Value:
    return jnp.logical_or(*_truths(left, right))


def negation(value: Value) -> Value:
    # NumPy takes any number for a truth value here, and here alone
    return jnp.logical_not(value)


def _truths(*values: Value) -> tuple[Value, ...]:
    if any(kind(value) != "b" for value in values):
        raise Unsupported("'and' and 'or' of numbers: compare them with something")
    return values
