"""What tells one network from another, and one function: bytes that are the same in every process.

A program's values, and what is on its way in it, are data and not in here.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import brian2
import numpy as np
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.operations import NetworkOperation
from brian2.core.variables import ArrayVariable, Subexpression
from brian2.input.poissoninput import PoissonInput
from brian2.input.timedarray import TimedArray

from .changes import Facts
from .copies import referred

__all__ = ["digest", "network_digest"]

_DEEPEST = 12  # what lies deeper in objects is not looked at


def digest(*values: Any) -> str:
    """32 hexadecimal digits of numbers, arrays, texts, functions and what holds them.

    Of a function its code counts, and what it refers to: defaults, closures, and names of its own module. Of a
    library's function its name counts, of any other object its kind and its attributes.
    """
    return _hashed(part for value in values for part in _parts(value, ()))


def network_digest(facts: Facts, network: brian2.Network, namespace: Mapping[str, Any]) -> str:
    """The same of all that was compiled of a network; parameters as of `changes.facts`, which gave `facts`."""
    # of namespaces the facts have which functions there are, not what these do; what a monitor records is a set of
    # names, whose code is in another order in each process
    own = {
        (repr(obj.name), repr(name)) for obj in network.sorted_objects for name in getattr(obj, "namespace", None) or ()
    } | {(owner, "the code") for owner, what in facts if what == "what is recorded"}
    found: dict[str, Any] = {
        f"{owner} {what}": value.told() if hasattr(value, "told") else value
        for (owner, what), value in facts.items()
        if (owner, what) not in own
    }
    found["namespace"] = referred(network, namespace)
    for obj in network.sorted_objects:
        found[f"{obj.name} namespace"] = referred(network, getattr(obj, "namespace", None) or {})
        variables = getattr(obj, "variables", {})
        found[f"{obj.name} expressions"] = {n: v.expr for n, v in variables.items() if isinstance(v, Subexpression)}
        if isinstance(obj, NetworkOperation):
            found[f"{obj.name} function"] = obj.function
        if isinstance(obj, brian2.StateMonitor):
            found[f"{obj.name} record"] = obj.record
        if isinstance(obj, PoissonInput):
            found[f"{obj.name} input"] = (obj.N, obj.rate, obj.weight)
        if isinstance(obj, brian2.SpikeGeneratorGroup):
            arrays = ("spike_time", "neuron_index", "period")
            found[f"{obj.name} spikes"] = {
                name: variables[name].get_value() for name in arrays if isinstance(variables.get(name), ArrayVariable)
            }
    return digest(found)


def _hashed(parts: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()[:32]


def _parts(value: Any, above: tuple[Any, ...]) -> Iterator[bytes]:
    """What a value is, part by part; `above` has the functions and objects that it was found in."""
    if any(value is one for one in above) or len(above) > _DEEPEST:
        yield b"again"
    elif value is None or isinstance(value, bool | int | float | complex | str | bytes):
        yield f"{type(value).__name__} {value!r}".encode()
    elif isinstance(value, np.ndarray | np.generic) and value.dtype.kind != "O":
        yield f"{value.dtype.str} {value.shape} {getattr(value, 'dim', '')!r}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            yield repr(key).encode()
            yield from _parts(value[key], above)
        yield b"end"
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _parts(each, above)
        yield b"end"
    elif isinstance(value, os.PathLike):
        yield str(os.fspath(value)).encode()
    elif isinstance(value, set | frozenset):  # the order of a set is another one in each process
        for text in sorted(_hashed(_parts(each, above)) for each in value):
            yield text.encode()
        yield b"end"
    else:
        yield from _parts_of_object(value, (*above, value))


def _parts_of_object(value: Any, above: tuple[Any, ...]) -> Iterator[bytes]:
    yield type(value).__qualname__.encode()
    if isinstance(value, ModuleType | type | BuiltinFunctionType | np.ufunc):
        yield str(getattr(value, "__qualname__", getattr(value, "__name__", ""))).encode()
    elif isinstance(value, functools.partial):
        yield from _parts([value.func, value.args, value.keywords], above)
    elif isinstance(value, MethodType):
        yield from _parts([value.__func__, value.__self__], above)
    elif isinstance(value, FunctionType):
        yield from _function(value, above)
    elif isinstance(value, TimedArray):
        yield from _parts([value.values, float(value.dt)], above)
    elif isinstance(value, Function):
        name = next((name for name, known in DEFAULT_FUNCTIONS.items() if known is value), None)
        yield from _parts(name or value.pyfunc, above)
    elif type(value).__module__.partition(".")[0] == "brian2":  # an object of the network, which is told by itself
        yield str(getattr(value, "name", "")).encode()
    elif isinstance(value, np.ndarray):  # of objects
        yield from _parts([value.shape, value.ravel().tolist()], above)
    elif hasattr(type(value), "__array__"):  # of JAX, pandas and their like
        yield from _parts(np.asarray(value), above)
    elif callable(getattr(value, "digest", None)) and hasattr(value, "values"):  # a program
        yield from _parts([value.digest(), value.values], above)
    elif type(value).__module__ != "builtins":
        yield from _parts(_content(value), above)


def _content(value: Any) -> Any:
    """What an object holds: one of a library as the bytes that it would be stored as, if it can be."""
    file = getattr(sys.modules.get(type(value).__module__), "__file__", None) or ""
    if "site-packages" not in file and not file.startswith(sysconfig.get_path("stdlib")):
        return _attributes(value)
    with contextlib.suppress(Exception):  # such as a lock
        return pickle.dumps(value)
    return None


def _attributes(value: Any) -> dict[str, Any]:
    slots = {name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())}
    found = dict(getattr(value, "__dict__", {}))
    for name in slots:
        with contextlib.suppress(Exception):  # a slot that is empty, or computed by a library
            found[name] = getattr(value, name)
    return found


def _function(function: FunctionType, above: tuple[Any, ...]) -> Iterator[bytes]:
    yield function.__qualname__.encode()
    yield from _code(function.__code__, above)
    yield from _parts([function.__defaults__, function.__kwdefaults__], above)
    for cell in function.__closure__ or ():
        try:
            content = cell.cell_contents
        except ValueError:  # not yet there
            continue
        yield from _parts(content, above)
    own = function.__globals__
    for name in sorted(_names(function.__code__) & own.keys()):
        value = own[name]
        yield name.encode()
        if isinstance(value, FunctionType) and value.__module__ != function.__module__:
            yield f"{value.__module__}.{value.__qualname__}".encode()
        else:
            yield from _parts(value, above)


def _code(code: CodeType, above: tuple[Any, ...]) -> Iterator[bytes]:
    """What a function does, as far as its code says: no line numbers, and what is inside it in its turn."""
    yield code.co_code
    yield " ".join(code.co_names).encode()
    for constant in code.co_consts:
        yield from _code(constant, above) if isinstance(constant, CodeType) else _parts(constant, above)


def _names(code: CodeType) -> set[str]:
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*map(_names, inner))
