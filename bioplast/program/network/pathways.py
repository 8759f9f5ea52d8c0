"""The synaptic pathways of a network and the spikes on their way in them."""

from __future__ import annotations

import brian2
import numpy as np
from brian2.synapses.synapses import SynapticPathway

from ...errors import Unsupported


def pathways(network: brian2.Network) -> list[SynapticPathway]:
    return [obj for obj in network.sorted_objects if isinstance(obj, SynapticPathway)]


def pending_spikes(pathway: SynapticPathway) -> np.ndarray:
    """Spikes still on their way: [spikes, 2] of (steps until delivery, synapse), sorted."""
    state = pathway.queue._full_state()
    if len(state) == 3:  # Brian2's queue in pure Python, on machines without its compiled one
        raise Unsupported(f"{pathway.name!r}: Brian2's compiled spike queue is missing: reinstall brian2")
    offset, slots = state
    # between two steps Brian2's own targets already point at the slot of the next one
    rows = [(k + 1, synapse) for k in range(len(slots)) for synapse in slots[(offset + k) % len(slots)]]
    return np.array(sorted(rows), dtype=np.int32).reshape(-1, 2)


def set_pending_spikes(pathway: SynapticPathway, pending: np.ndarray) -> None:
    """The inverse of `pending_spikes`, on the user's network."""
    pending = np.asarray(pending, dtype=np.int32).reshape(-1, 2)
    slots: list[list[int]] = [[] for _ in range(int(pending[:, 0].max(initial=1)))]
    for steps, synapse in pending:
        slots[steps - 1].append(int(synapse))
    pathway.queue._restore_from_full_state((0, slots))
