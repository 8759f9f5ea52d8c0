"""What a user changes in a network after it was compiled: one rule for all targets.

A program follows the values of state variables and parameters, delays and weights among them, and the spikes that a
SpikeGeneratorGroup has. Everything else is part of what was compiled: a change of it is refused by name on every
target, also on those that could follow, so that none goes on with what the user believes to have changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import brian2
import numpy as np
from brian2.groups.group import CodeRunner
from brian2.input.timedarray import TimedArray
from brian2.monitors.spikemonitor import EventMonitor

from ...definition.declared import DeclaredSynapses
from ...errors import BioplastError
from .clocks import clocks
from .inputs import timed_arrays
from .state import constants

#: What an object is made of, as text, by what it is called here.
_TEXTS = {
    "the code": "code",
    "the events": "events",
    "the reset": "event_codes",
    "the method": "method_choice",
    "what is recorded": "record_variables",
}

Facts = dict[tuple[str, str], Any]  # (object, what of it) -> what it was


def facts(network: brian2.Network, namespace: Mapping[str, Any]) -> Facts:
    """What was compiled of a network, by object and what of it.

    Parameters
    ----------
    network : brian2.Network
    namespace : mapping
        The names that its equations refer to.
    """
    steps = {clock.name: float(clock.dt_) for clock in clocks(network)}
    found: Facts = {("the network", "the schedule"): tuple(network.schedule)}
    for obj in network.sorted_objects:
        found |= {
            (repr(obj.name), "the object"): _Identity(obj),
            (repr(obj.name), "active"): bool(obj.active),
            (repr(obj.name), "when"): obj.when,
            (repr(obj.name), "order"): obj.order,
            (repr(obj.name), "the clock"): _Identity(obj.clock),
            (repr(obj.name), "dt"): steps[obj.clock.name],
        }
        for what, attribute in _TEXTS.items():
            given = getattr(obj, attribute, None)
            if isinstance(given, str | dict | set | list):
                found[repr(obj.name), what] = given if isinstance(given, str) else given.copy()
        if isinstance(obj, EventMonitor):
            found[repr(obj.name), "record"] = bool(obj.record)
        if getattr(obj, "equations", None) is not None:
            found[repr(obj.name), "the model"] = str(obj.equations)
        if isinstance(obj, brian2.Synapses):
            found[repr(obj.name), "the connectivity"] = _connectivity(obj)
        if isinstance(obj, CodeRunner) and type(obj).update_abstract_code is CodeRunner.update_abstract_code:
            found[repr(obj.name), "the code"] = obj.abstract_code  # the user's; that of others is Brian2's own
    found |= {(repr(owner), repr(name)): value for (owner, name), value in constants(network).items()}
    for name, array in timed_arrays(network, namespace).items():
        found[f"the TimedArray {name!r}", "the values"] = _Content(array)
    return found


def _connectivity(synapses: brian2.Synapses) -> tuple[Any, ...]:
    """How many synapses there are, and a checksum of who connects to whom: a copy would be as large as they are."""
    if isinstance(synapses, DeclaredSynapses):
        return (synapses.connection,)
    ends = (synapses.variables[name].get_value() for name in ("_synaptic_pre", "_synaptic_post"))
    return len(synapses), *(crc32(np.ascontiguousarray(neurons).data) for neurons in ends)


def refuse_changes(before: Facts, network: brian2.Network, namespace: Mapping[str, Any]) -> None:
    """Refuse what is not as it was when the network was compiled.

    Parameters
    ----------
    before : Facts
        Of the network when it was compiled.
    network, namespace
        As of `facts`.

    Raises
    ------
    BioplastError
        One line that names the object and what of it was changed.
    """
    now = facts(network, namespace)
    if now == before:
        return
    for owner, what in sorted(before.keys() | now.keys(), key=lambda key: (key[1] != "the object", key)):
        if (owner, what) not in now:
            line = f"{owner} was taken out of the network" if what == "the object" else f"{what} of {owner} is gone"
        elif (owner, what) not in before:
            line = f"{owner} was added to the network" if what == "the object" else f"{what} of {owner} is new"
        elif before[owner, what] == now[owner, what]:
            continue
        elif what == "the object":
            line = f"{owner} is another object than the one that was compiled"
        else:
            line = f"{what} of {owner} was changed"
        raise BioplastError(f"{line} after compile: compile the network again")


class _Identity:
    """An object, equal to itself alone; it is kept, so that no other gets its place in memory."""

    def __init__(self, held: Any):
        self.held = held

    def told(self) -> Any:
        """What it has in common with its like in another network."""
        return type(self.held).__name__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.held is other.held


class _Content:
    """A TimedArray as it was; equal to one of the same content."""

    def __init__(self, array: TimedArray):
        self.values = np.array(array.values)
        self.dt = float(array.dt)

    def told(self) -> Any:
        return [self.values, self.dt]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self.dt == other.dt and _same(self.values, other.values)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return np.array_equal(one, other, equal_nan=True)
