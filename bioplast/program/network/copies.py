"""A network as bytes and back: for copies of programs, and for programs in other processes.

Brian2 keeps values in its device, holds owners by weak proxies, and has code and queues that no pickle can hold. What
Brian2 makes anew before each run is left out; spikes on their way go as numbers.
"""

from __future__ import annotations

import io
import numbers
import pickle
import weakref
from collections.abc import Mapping
from typing import Any

import brian2
import cloudpickle
import numpy as np
from brian2.codegen.codeobject import CodeObject
from brian2.core.clocks import DefaultClockProxy, defaultclock
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.operations import NetworkOperation
from brian2.core.variables import ArrayVariable, DynamicArrayVariable, Subexpression
from brian2.devices.device import RuntimeDevice
from brian2.input.timedarray import TimedArray
from brian2.units.fundamentalunits import Quantity
from brian2.utils.stringtools import get_identifiers

from ...errors import BioplastError, Unsupported
from .borrow import borrowed, brian2_device
from .pathways import pathways, pending_spikes, set_pending_spikes


def frozen(network: brian2.Network, rest: Any) -> bytes:
    """A network and what refers to it, as bytes.

    Parameters
    ----------
    network : brian2.Network
        Left as it was.
    rest : picklable
        What goes with it; parts of the network in it are those of the copy when it is thawed.

    Raises
    ------
    Unsupported
        For a network_operation, by its name.
    BioplastError
        For something that no pickle can hold, such as a lock in a namespace.
    """
    for obj in network.sorted_objects:
        if isinstance(obj, NetworkOperation):
            raise Unsupported(
                f"{obj.name!r} is a Python function that runs in every step (network_operation): a program with it "
                "cannot be copied, since it may refer to the network's own objects; compile the network again"
            )
    file = io.BytesIO()
    with borrowed:
        pending = {pathway.name: pending_spikes(pathway) for pathway in pathways(network)}
        try:
            _Pickler(file).dump((network, pending, rest))
        except (TypeError, AttributeError, pickle.PicklingError) as error:
            raise BioplastError(f"the network cannot be copied, something in it has no copy: {error}") from error
    return file.getvalue()


def thawed(content: bytes) -> tuple[brian2.Network, Any]:
    """What `frozen` was given: another network, which shares nothing with the first, and the rest."""
    if not isinstance(_device(), RuntimeDevice):
        raise BioplastError(
            f"set_device({type(_device()).__name__}) is in force: end it with set_device('runtime') before "
            "a program is copied"
        )
    with borrowed:
        _referents.clear()
        network, pending, rest = pickle.loads(content)
        network.__dict__["_bioplast_referents"] = list(_referents)
        _referents.clear()
    for pathway in pathways(network):
        pathway.queue = queue = _device().spike_queue(pathway.source.start, pathway.source.stop)
        parts = pathway.variables._variables
        parts["_queue"] = queue
        if "_queue_capsule" in parts:  # Brian2 2.10 and later
            parts["_queue_capsule"] = queue.get_capsule()
        set_pending_spikes(pathway, pending[pathway.name])
    return network, rest


def referred(network: brian2.Network, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What of a namespace the objects of a network may refer to: values and functions by the names in their texts."""
    words: set[str] = set()
    for obj in network.sorted_objects:
        for attribute in obj.__dict__.values():
            texts = attribute.values() if isinstance(attribute, dict) else [attribute]
            words |= {word for text in texts if isinstance(text, str) for word in get_identifiers(text)}
        for equations in (getattr(obj, "equations", ""), getattr(obj, "user_equations", "")):
            words |= get_identifiers(str(equations))
        for variable in getattr(obj, "variables", {}).values():
            words |= variable.identifiers if isinstance(variable, Subexpression) else set()
    return {name: value for name, value in namespace.items() if name in words and _is_resolved(value)}


def _is_resolved(value: Any) -> bool:
    """Whether Brian2 takes a value for something in an equation."""
    return isinstance(value, numbers.Number | np.ndarray | Function) or hasattr(value, "_arg_units")


class _Pickler(cloudpickle.Pickler):
    """What Brian2's objects are made of, each in the form that makes it again."""

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind in (weakref.ProxyType, weakref.CallableProxyType):
            return _proxy, (obj.__repr__.__self__,)
        if kind is weakref.ReferenceType:
            return _reference, (obj(),)
        if isinstance(obj, RuntimeDevice):
            return _device, ()
        if kind is DefaultClockProxy:
            return _default_clock, ()
        if isinstance(obj, CodeObject) or kind.__name__ in ("SpikeQueue", "PyCapsule"):
            return _nothing, ()
        if isinstance(obj, ArrayVariable):
            value = np.array(obj.get_value())
            return object.__new__, (kind,), (obj.__dict__, value), None, None, _set_variable
        if isinstance(obj, TimedArray):
            return _timed_array, (obj.values, obj.dim, obj.dt, obj.name)
        if isinstance(obj, Function) and (name := _name_of_function(obj)) is not None:
            return _known_function, (name,)
        return super().reducer_override(obj)


def _name_of_function(function: Function) -> str | None:
    return next((name for name, known in DEFAULT_FUNCTIONS.items() if known is function), None)


def _known_function(name: str) -> Function:
    return DEFAULT_FUNCTIONS[name]


def _device() -> Any:
    return brian2_device.active_device


def _default_clock() -> Any:
    return defaultclock


def _nothing() -> None:
    """Stands for what Brian2 makes before each run."""


# What the copy refers to by weak proxies: objects that the user holds, of which nobody else holds the copies.
_referents: list[Any] = []


def _proxy(obj: Any) -> Any:
    if obj is None:
        return None
    _referents.append(obj)
    return weakref.proxy(obj)


def _reference(obj: Any) -> Any:
    return weakref.ref(_Gone() if obj is None else obj)


class _Gone:
    """What a weak reference to nothing refers to."""


def _timed_array(values: np.ndarray, dim: Any, dt: float, name: str) -> TimedArray:
    return TimedArray(Quantity(values, dim=dim), dt=dt * brian2.second, name=name)


def _set_variable(variable: Any, state: tuple[dict[str, Any], np.ndarray]) -> None:
    attributes, value = state
    variable.__dict__.update(attributes)
    device = _device()
    variable.device = device
    if isinstance(variable, DynamicArrayVariable):
        variable.size = value.shape if variable.ndim > 1 else len(value)
    device.add_array(variable)
    variable.get_value()[...] = value
