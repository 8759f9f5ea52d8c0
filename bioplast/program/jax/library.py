"""Small C++ libraries that skip zeros, and how a primitive is carried out by one of them on a processor."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import jax
from jax.extend.core import Primitive
from jax.interpreters import mlir

from ...errors import BuildError, TargetUnavailable
from ...machine import find_compiler
from ..build import build

#: What each library offers: NAME.cpp is its source.
_HANDLERS = {
    "products": ("bioplast_event_product", "bioplast_event_transpose"),
    "listed": ("bioplast_listed", "bioplast_listed_to_sent", "bioplast_listed_to_weights"),
    "correlations": ("bioplast_correlation", "bioplast_correlation_to_image", "bioplast_correlation_to_kernels"),
}


def _build(name: str) -> Path:
    include = Path(jax.ffi.include_dir())
    compiler = build.Compiler(
        find_compiler(),
        ("-O3", "-march=native", "-std=c++17", "-fPIC", f"-I{include}"),
        ("-shared",),
        (include / "xla" / "ffi" / "api" / "c_api.h",),
    )
    sources = {file: (resources.files(__package__) / file).read_text() for file in ("handler.h", f"{name}.cpp")}
    path, _ = build.build(sources, compiler)
    return path


@functools.cache
def build_meanwhile(name: str) -> None:
    """Compile a library while something else goes on: `available` finds it on disk, or waits."""
    pool = ThreadPoolExecutor(1)
    pool.submit(_build, name)
    pool.shutdown(wait=False)


@functools.cache
def available(name: str) -> bool:
    """Whether a library works here; compiled when it is first asked for, and kept on disk."""
    try:
        library = ctypes.CDLL(str(_build(name)))
    except (TargetUnavailable, BuildError, OSError):
        return False
    for handler in _HANDLERS[name]:
        jax.ffi.register_ffi_target(handler, jax.ffi.pycapsule(getattr(library, handler)), platform="cpu")
    return True


def skips_zeros(name: str) -> bool:
    """Whether what a library offers costs as much as there are events where JAX computes by default."""
    return jax.default_backend() == "cpu" and available(name)


def lower_on_processors(
    primitive: Primitive, library: str, dense: Callable[..., Any], skipping: Callable[..., Any]
) -> None:
    """Carry a primitive out by `skipping`, which calls the library, on a processor that has it, else by `dense`."""
    ways = {
        True: mlir.lower_fun(skipping, multiple_results=False),
        False: mlir.lower_fun(dense, multiple_results=False),
    }

    def lower(context: Any, *operands: Any, **options: Any) -> Any:
        return ways[available(library)](context, *operands, **options)

    primitive.def_impl(jax.jit(primitive.bind, static_argnames=("windows", "listed")))
    mlir.register_lowering(primitive, mlir.lower_fun(dense, multiple_results=False))
    mlir.register_lowering(primitive, lower, platform="cpu")
