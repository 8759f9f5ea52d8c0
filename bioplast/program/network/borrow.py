"""Borrowing the user's network: whatever Brian2 changes in it is put back."""

from __future__ import annotations

import contextlib
import importlib
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.base import BrianObjectException
from brian2.core.clocks import Clock
from brian2.core.variables import ArrayVariable, DynamicArrayVariable

from ...definition.units import with_unit_names
from ...errors import BioplastError, Unsupported
from .clocks import clocks
from .pathways import pathways, queue_state, restore_queue

# The package has a proxy under the name of its module.
brian2_device: Any = importlib.import_module("brian2.devices.device")


#: One lowering, runtime run or copy at a time: all borrow the user's network or Brian2's global device.
borrowed = threading.RLock()


@contextlib.contextmanager
def held(network: brian2.Network, arrays: bool) -> Iterator[None]:
    """Borrow the user's network: all that Brian2 changes in it until the end of the block is put back.

    Parameters
    ----------
    network : brian2.Network
        The user's network.
    arrays : bool
        Whether every state variable, monitor and spike queue is saved as well (for a run), or only those of clocks and
        spike generators (for a lowering, which changes no other).
    """
    with borrowed:
        objects = list(network.sorted_objects)
        owned = [*objects, *clocks(network)]
        variables: dict[int, Any] = {}
        for obj in owned:
            if arrays or isinstance(obj, Clock | brian2.SpikeGeneratorGroup):
                for variable in getattr(obj, "variables", {}).values():
                    if isinstance(variable, ArrayVariable):
                        variables[id(variable)] = variable
        values = [(v, np.array(v.get_value(), copy=True), v.size) for v in variables.values()]
        dicts = [(obj.__dict__, _shallow(obj.__dict__)) for obj in [network, *owned]]
        members = [
            (obj.variables, dict(obj.variables._variables), dict(obj.variables.indices))
            for obj in owned
            if hasattr(obj, "variables")
        ]
        queues = [(p, *queue_state(p)) for p in pathways(network)] if arrays else []
        runtime = brian2_device.active_device
        random_state = runtime.get_random_state()
        try:
            yield
        finally:
            for live, saved in dicts:
                _put_back(live, saved)
            for table, by_name, indices in members:
                table._variables.clear()
                table._variables.update(by_name)
                table.indices.clear()
                table.indices.update(indices)
            for variable, value, size in values:
                if isinstance(variable, DynamicArrayVariable):
                    variable.resize(size)
                variable.get_value()[...] = value
            for pathway, state, dt in queues:
                restore_queue(pathway, state, dt)
            runtime.set_random_state(random_state)


def _shallow(attributes: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The attributes with a copy of each container, so that what was added to one can be taken out again."""
    return {
        name: (value, type(value)(value) if type(value) in (list, dict, set) else None)
        for name, value in attributes.items()
    }


def _put_back(live: dict[str, Any], saved: dict[str, tuple[Any, Any]]) -> None:
    for name in set(live) - set(saved):
        del live[name]
    for name, (value, content) in saved.items():
        if isinstance(content, list):
            value[:] = content
        elif content is not None:
            value.clear()
            value.update(content)
        live[name] = value


def explain(error: Exception, names: Mapping[str, str] | None = None) -> BioplastError:
    """Brian2's nested exceptions as one line that names the object and the cause.

    `names` gives the user's names of objects that were renamed for a lowering.
    """
    where = ""
    cause: BaseException = error
    while isinstance(cause, BrianObjectException) and cause.__cause__ is not None:
        match = re.search(r"Error encountered with object named '(\w+)'", str(cause))
        where = where or (f"{(names or {}).get(match.group(1), match.group(1))!r}: " if match else "")
        cause = cause.__cause__
    kind = Unsupported if isinstance(cause, NotImplementedError | Unsupported) else BioplastError
    return kind(f"{where}{_text(cause)}")


def _text(error: BaseException) -> str:
    """What an exception says, made one line that a reader of equations understands."""
    text = " ".join(str(error.args[0] if isinstance(error, KeyError) and error.args else error).split())
    if isinstance(error, KeyError) and text.isidentifier():
        return f"the name {text!r} is not known"
    if isinstance(error, NotImplementedError | KeyError) and not text:
        return type(error).__name__
    wrapped = re.match(r"Error generating code for code object .* from this abstract code: (.*)", text)
    if wrapped and error.__cause__ is not None:
        return f"in {wrapped[1]}: {_text(error.__cause__)}"
    if wrapped and error.__context__ is not None:
        return f"in {wrapped[1]}: {_text(error.__context__)}"
    if not text or isinstance(error, ArithmeticError | RecursionError | MemoryError):
        return f"{type(error).__name__}: {text}".rstrip(": ")
    if re.fullmatch(r"name '_(pre|post)synaptic_idx' is not defined", text):
        return (
            "Brian2's NumPy code cannot read a variable that is (unless refractory) of the neuron on one side after a "
            "statement has written one of the neuron on the other; write that statement last, or use target='cython' "
            "or 'cpp'"
        )
    # Brian2 lost the percent sign's meaning, and calls what has no unit a radian
    return with_unit_names(text.replace("%Expression", "Expression").replace("%Argument", "argument")).replace(
        "unit radian", "unit 1"
    )
