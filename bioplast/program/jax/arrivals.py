"""Spikes on their way after a run that JAX traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..call import Call
from ..steps.drive import Drive
from ..steps.steps import Steps, delay_steps, pathways


def arrivals_after(
    network: Steps, call: Call, drive: Drive, past: Mapping[str, Any], types: Mapping[str, Any]
) -> dict[str, Any]:
    """Whether a spike arrives, [steps until delivery, synapses], by the key of each pathway's queue.

    Along a declared connection [steps until delivery, neurons before].

    Parameters
    ----------
    network : Steps
    call : Call
    drive : Drive
        What came into the run.
    past : mapping
        The events of the last steps of each pathway with delays, [slots, neurons], step k in row k modulo slots.
    types : mapping
        How each event is kept: as truth values, or as numbers where it has a derivative.
    """
    found = {}
    for pathway in pathways(network):
        clock = network.clocks[pathway.clock]
        delays = np.broadcast_to(delay_steps(call.values[pathway.delay], clock.seconds), pathway.sources.shape)
        longest = int(delays.max(initial=0))
        arrivals = jnp.zeros((longest, len(delays)), dtype=types[pathway.events])
        made = int(np.count_nonzero(drive.due[pathway.clock]))
        if pathway.name in past:
            events = past[pathway.name]
            left = np.arange(1, longest + 1)[:, None]
            step = made + left - 1 - delays  # in which the event was, counted from the start of the run
            there = (left <= delays) & (step >= 0)
            sent = events[np.where(there, step % len(events), 0), pathway.sources]
            arrivals = jnp.where(there, sent, jnp.zeros((), arrivals.dtype)).astype(arrivals.dtype)
        before = drive.pending.get(pathway.name)
        if before is not None and len(before) > made:
            still = before[made : made + longest].astype(arrivals.dtype)
            # of the two at most one is there; the larger one would have half of the derivative where both are 0
            place = arrivals.at[: len(still)]
            arrivals = place.max(still) if arrivals.dtype == bool else place.add(still)
        found[f"{pathway.name}.queue"] = arrivals
    return found
