"""The shared libraries: one with the loop over samples and moments, and one for each network."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from importlib import resources
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ...errors import RunError
from ...machine import find_compiler
from ..build import build
from ..build.flags import compiler_flags

_HEADERS = ("sample.h", "rows.h")
_Pointer = ctypes.c_void_p
_Whole = ctypes.c_int64


class Column(ctypes.Structure):
    """An array that has grown in C++."""

    _fields_ = [("data", _Pointer), ("size", _Whole), ("room", _Whole)]


class Given(ctypes.Structure):
    """Events that are given beforehand."""

    _fields_ = [("raster", _Pointer), ("steps", _Pointer), ("neurons", _Pointer), ("count", _Whole), ("next", _Whole)]


class Wires(ctypes.Structure):
    """Who is connected."""

    _fields_ = [(name, _Pointer) for name in ("begin", "synapse", "delay")] + [
        (name, _Whole) for name in ("shortest", "longest", "slots")
    ]


class Table(ctypes.Structure):
    """The values of a TimedArray."""

    _fields_ = [("values", _Pointer), ("rows", _Whole), ("columns", _Whole)]


class Pending(ctypes.Structure):
    """Events that are on their way when a run begins."""

    _fields_ = [("rows", _Pointer), ("count", _Whole)]


#: The fields of a plan in the order of templates/plan.h: whole numbers, pointers and real numbers.
_PLAN = (
    "i:samples i:moments i:threads p:moment i:clocks p:first p:due p:step p:dt p:time_array p:step_array "
    "i:arrays p:array p:sizes p:index i:tables p:table i:events p:neurons p:given i:ways p:wires p:pending "
    "p:past p:way_neurons i:columns p:column i:records p:record i:sites p:draws p:seeds i:scratch i:watched "
    "p:watched_array p:watched_size p:watched_synaptic p:watched_here i:watch_every d:start i:stop i:done "
    "i:failed i:failed_array i:failed_index d:failed_value d:failed_now d:failed_last i:rasters p:raster i:chunk "
    "p:back p:offset p:bytes p:frame_size p:event_back p:array_back p:table_back p:record_back p:raster_back "
    "p:given_back p:way_back p:begin i:common i:steady p:steady_bytes p:array_bytes p:array_from p:given_real "
    "p:raster_real p:raster_size p:past_real p:back_size p:back_from p:back_each p:sums p:before p:after"
)


_KINDS: dict[str, Any] = {"i": _Whole, "p": _Pointer, "d": ctypes.c_double}


def fields(text: str) -> list[tuple[str, Any]]:
    """The fields of a structure: whole numbers, pointers and real numbers."""
    return [(field[2:], _KINDS[field[0]]) for field in text.split()]


class Plan(ctypes.Structure):
    """All that a call of the loop is given, and what has become of it."""

    _fields_ = fields(_PLAN)


def address(array: np.ndarray) -> int:
    """Where the numbers of an array lie."""
    return int(array.__array_interface__["data"][0])


def _text(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text()


def _sources(name: str, text: str, dtype: np.dtype[Any]) -> dict[str, str]:
    real = "float" if dtype == np.float32 else "double"
    return {
        name: text,
        **{header: _text(header) for header in _HEADERS},
        "real.h": f"#pragma once\ntypedef {real} real;\n",
    }


def _compiler(fast_math: bool, *more: str, headers: tuple[Path, ...] = ()) -> build.Compiler:
    flags = [flag for flag in compiler_flags(fast_math) if not flag.startswith("-std=")]
    return build.Compiler(
        find_compiler(),
        (*flags, "-std=c++17", "-fwrapv", "-fopenmp-simd", "-fPIC", *more),
        ("-shared", "-pthread"),
        headers,
    )


@functools.lru_cache(256)
def built(text: str, dtype: np.dtype[Any], fast_math: bool) -> Path:
    """The library of a network, compiled or found on disk.

    Parameters
    ----------
    text : str
        Its source.
    dtype : numpy.dtype
        Of real numbers.
    fast_math : bool
    """
    path, _ = build.build(_sources("network.cpp", text, dtype), _compiler(fast_math))
    return path


@functools.cache
def loaded(path: Path) -> Any:
    """The functions of a network: for the beginning of a run, for one moment and, if there is one, for the way back."""
    library = ctypes.CDLL(str(path))
    found = [getattr(library, name, None) for name in ("bioplast_begin", "bioplast_moment", "bioplast_back")]
    return [None if function is None else ctypes.cast(function, ctypes.c_void_p).value for function in found]


@functools.cache
def loop(dtype: np.dtype[Any]) -> Any:
    """The library with the loop over samples and moments."""
    include = Path(jax.ffi.include_dir())
    compiler = _compiler(False, f"-I{include}", headers=(include / "xla" / "ffi" / "api" / "c_api.h",))
    sources = {name: _text(name) for name in ("plan.h", "foreign.cpp")}
    path, _ = build.build({**_sources("runtime.cpp", _text("runtime.cpp"), dtype), **sources}, compiler)
    library = ctypes.CDLL(str(path))
    library.bioplast_run.restype = ctypes.c_int64
    library.bioplast_run.argtypes = [ctypes.POINTER(Plan)]
    library.bioplast_know.restype = None
    library.bioplast_know.argtypes = [_Whole, _Pointer]
    library.bioplast_free.restype = None
    library.bioplast_free.argtypes = [_Pointer, ctypes.c_int64]
    return library


def begin_loop(dtype: np.dtype[Any]) -> None:
    """Compile the library with the loop beside what else is to do, unless it is there; a failure is that of `loop`."""

    def build_it() -> None:
        with contextlib.suppress(Exception):
            loop(dtype)

    threading.Thread(target=build_it, daemon=True).start()


def taken(column: Column, dtype: Any) -> np.ndarray:
    """A copy of what a column holds."""
    if not column.size:
        return np.zeros(0, dtype=dtype)
    kind = np.dtype(dtype)
    return np.frombuffer(ctypes.string_at(column.data, column.size * kind.itemsize), dtype=kind).copy()


def refuse_little_memory(short: int) -> None:
    """Refuse a run for which there was too little memory."""
    if short:
        raise RunError("target native could not run the network: too little memory")
