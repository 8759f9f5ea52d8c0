"""Products of events with weights that cost as much as there are events.

Most of the neurons of a network are silent in most steps, so most of a dense product is spent on zeros. On a processor
the products here are done by a small C++ library that skips them; a machine without compiler, and every accelerator,
takes the dense product. Both give the same numbers but for the order in which some dozen are added.
"""

from __future__ import annotations

import ctypes
import functools
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from ...errors import BuildError, TargetUnavailable
from ...machine import find_compiler
from ..build import build
from .functions import Value
from .spikes import counted

_HANDLERS = ("bioplast_event_product", "bioplast_event_transpose")


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


# Batches -------------------------------------------------------------------------------------------------------------


def _grouped(primitive: Primitive, operands: Any, axes: Any) -> tuple[Value, int]:
    """A batch of products with weights (or results) of their own: so many times the groups."""
    size = next(x.shape[axis] for x, axis in zip(operands, axes, strict=True) if axis is not None)
    moved = [
        jnp.broadcast_to(x, (size, *x.shape)) if axis is None else jnp.moveaxis(x, axis, 0)
        for x, axis in zip(operands, axes, strict=True)
    ]
    out = primitive.bind(*(x.reshape(-1, *x.shape[2:]) for x in moved))
    return out.reshape(size, -1, *out.shape[1:]), 0


def _product_batch(operands: Any, axes: Any) -> tuple[Value, int]:
    events, weights = operands
    if axes[1] is not None:
        return _grouped(_product, operands, axes)
    events = jnp.moveaxis(events, axes[0], 1)  # [groups, batch, rows, before]
    groups, size, rows, before = events.shape
    out = _product.bind(events.reshape(groups, size * rows, before), weights)
    return out.reshape(groups, size, rows, -1), 1


batching.primitive_batchers[_product] = _product_batch
batching.primitive_batchers[_transpose] = functools.partial(_grouped, _transpose)


# Machines ------------------------------------------------------------------------------------------------------------


def _build() -> Path:
    include = Path(jax.ffi.include_dir())
    compiler = build.Compiler(
        find_compiler(),
        ("-O3", "-march=native", "-std=c++17", "-fPIC", f"-I{include}"),
        ("-shared",),
        (include / "xla" / "ffi" / "api" / "c_api.h",),
    )
    path, _ = build.build({"products.cpp": (resources.files(__package__) / "products.cpp").read_text()}, compiler)
    return path


@functools.cache
def build_meanwhile() -> None:
    """Compile the library that skips zeros while something else goes on: `available` finds it on disk, or waits."""
    pool = ThreadPoolExecutor(1)
    pool.submit(_build)
    pool.shutdown(wait=False)


@functools.cache
def available() -> bool:
    """Whether the library that skips zeros works here; compiled when it is first asked for, and kept on disk."""
    try:
        library = ctypes.CDLL(str(_build()))
    except (TargetUnavailable, BuildError, OSError):
        return False
    for name in _HANDLERS:
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(library, name)), platform="cpu")
    return True


def skips_zeros() -> bool:
    """Whether products cost as much as there are events where JAX computes by default."""
    return jax.default_backend() == "cpu" and available()


def _on_a_processor(name: str, dense: Any, shape: Any) -> Any:
    def skipping(events: Value, other: Value) -> Value:
        out = shape(events, other)
        return jax.ffi.ffi_call(name, jax.ShapeDtypeStruct(out.shape, out.dtype))(counted(events), other)

    ways = {
        True: mlir.lower_fun(skipping, multiple_results=False),
        False: mlir.lower_fun(dense, multiple_results=False),
    }

    def lower(context: Any, *operands: Any) -> Any:
        return ways[available()](context, *operands)

    return lower


for _primitive, _name, _dense, _shape in zip(
    (_product, _transpose),
    _HANDLERS,
    (_dense_product, _dense_transpose),
    (_product_shape, _transpose_shape),
    strict=True,
):
    _primitive.def_impl(jax.jit(_primitive.bind))
    mlir.register_lowering(_primitive, mlir.lower_fun(_dense, multiple_results=False))
    mlir.register_lowering(_primitive, _on_a_processor(_name, _dense, _shape), platform="cpu")
