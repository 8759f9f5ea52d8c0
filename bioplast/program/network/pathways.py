"""The synaptic pathways of a network and the spikes on their way in them."""

from __future__ import annotations

import ctypes
from typing import Any

import brian2
import numpy as np
from brian2.synapses.synapses import SynapticPathway

from ...definition.declared import DeclaredSynapses
from ...errors import BioplastError, Unsupported


def make_synapses(network: brian2.Network) -> None:
    """Make the lists of declared synapses, for a target that goes through them."""
    for obj in network.sorted_objects:
        if isinstance(obj, DeclaredSynapses):
            obj.make()


def synapse_count(pathway: SynapticPathway) -> int:
    """How many synapses a pathway has, known without making those that are declared."""
    synapses = pathway.synapses
    return synapses.connection.synapses if isinstance(synapses, DeclaredSynapses) else len(synapses)


def pathways(network: brian2.Network) -> list[SynapticPathway]:
    return [obj for obj in network.sorted_objects if isinstance(obj, SynapticPathway)]


def pending_spikes(pathway: SynapticPathway) -> np.ndarray:
    """Spikes still on their way: [spikes, 2] of (steps until delivery, synapse), sorted.

    Steps are those of the dt that the clock has now. Where it was changed since the last run, Brian2 puts the spikes
    into the steps of the new dt that are nearest to their arrival, when the next run begins.

    Raises
    ------
    BioplastError
        When Brian2 would lose spikes in that: it keeps those of one of the old steps that make one new step.
    """
    offset, slots = _state(pathway)
    # between two steps Brian2's own targets already point at the slot of the next one
    rows = [(k, synapse) for k in range(len(slots)) for synapse in slots[(offset + k) % len(slots)]]
    found = np.array(sorted(rows), dtype=np.int32).reshape(-1, 2)
    if len(found):
        found[:, 0] = _in_steps_of_now(found[:, 0], len(slots), pathway)
    return found + np.array([1, 0], dtype=np.int32)


def set_pending_spikes(pathway: SynapticPathway, pending: np.ndarray) -> None:
    """The inverse of `pending_spikes`, on the user's network."""
    pending = np.asarray(pending, dtype=np.int32).reshape(-1, 2)
    slots: list[list[int]] = [[] for _ in range(int(pending[:, 0].max(initial=1)))]
    for steps, synapse in pending:
        slots[steps - 1].append(int(synapse))
    restore_queue(pathway, (0, slots), pathway.source.clock.dt_)


def queue_state(pathway: SynapticPathway) -> tuple[Any, float]:
    """What `restore_queue` needs: the state of a pathway's queue and the dt of its steps, 0 before the first run."""
    state = _state(pathway)
    return state, _queue_dt(pathway, *state) if any(state[1]) else 0.0


def restore_queue(pathway: SynapticPathway, state: Any, dt: float) -> None:
    """Put back the spikes on their way, which are counted in steps of `dt` seconds."""
    queue = pathway.queue
    if dt and any(state[1]):
        queue._restore_from_full_state((0, [[]]))  # which a change of dt cannot touch
        queue.prepare(pathway._delays.get_value(), dt, pathway.synapse_sources.get_value())
    queue._restore_from_full_state(state)


def has_old_steps(pathway: SynapticPathway) -> bool:
    """Whether spikes are on their way that are counted in steps of another dt than the clock has now."""
    dt = queue_state(pathway)[1]
    return dt not in (0.0, pathway.source.clock.dt_)


def _state(pathway: SynapticPathway) -> Any:
    state = pathway.queue._full_state()
    if len(state) == 3:  # Brian2's queue in pure Python, on machines without its compiled one
        raise Unsupported(f"{pathway.name!r}: Brian2's compiled spike queue is missing: reinstall brian2")
    return state


def _in_steps_of_now(slots: np.ndarray, count: int, pathway: SynapticPathway) -> np.ndarray:
    """For slots of spikes, counted from the next step, of a queue of `count` slots: those that Brian2 moves them to."""
    before, now = _queue_dt(pathway, *_state(pathway)), pathway.source.clock.dt_
    if before in (0.0, now):
        return slots
    factor = before / now
    moved = (np.arange(count) * factor + 0.5).astype(np.int64)
    size = int(count * factor) + 1
    # of the slots that go into one, Brian2 keeps the last; those beyond the end go nowhere
    kept = np.append(np.diff(moved) > 0, True) & (moved < size)
    if not kept[slots].all():
        raise BioplastError(
            f"{pathway.name!r}: Brian2 loses spikes that are on their way when dt is changed from "
            f"{before * 1e3:g} to {now * 1e3:g} ms: change it when none is, or put them back with "
            f"write_back({{'{pathway.name}.queue': ...}})"
        )
    return moved[slots]


def _queue_dt(pathway: SynapticPathway, offset: int, slots: Any) -> float:
    """The dt of a queue's steps: 0 before its first run.

    Brian2 keeps it in C++ alone, behind the slots (a vector of three pointers) and before the offset.
    """
    # the queue of Python holds nothing before its pointer to that of C++
    address = ctypes.c_void_p.from_address(id(pathway.queue) + object.__basicsize__).value or 0
    fields = _Queue.from_address(address)
    if fields.offset != offset or (fields.end - fields.begin) != len(slots) * ctypes.sizeof(_Vector):
        raise Unsupported(f"{pathway.name!r}: Brian2's compiled spike queue has another form: reinstall brian2")
    return float(fields.dt)


class _Vector(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("begin", "end", "capacity")]


class _Queue(ctypes.Structure):
    _fields_ = [*_Vector._fields_, ("dt", ctypes.c_double), ("offset", ctypes.c_int)]
