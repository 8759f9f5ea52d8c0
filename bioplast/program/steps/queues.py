"""Spikes on their way along declared connections: to a target a neuron's, to everybody else each synapse's.

The synapses of a connection come in the order of the neurons before, and all have one delay, so that those of a neuron
are a range and a spike is on its way in all of them or in none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import Unsupported
from . import steps


def queue_by_source(pathway: steps.Pathway | steps.DeclaredPathway, queue: Any) -> Any:
    """Spikes on their way as a follower keeps them.

    Parameters
    ----------
    pathway : Pathway or DeclaredPathway
    queue : array
        Rows of (steps until delivery, synapse), or what is traced.

    Returns
    -------
    array
        Along a declared connection rows of (steps until delivery, neuron before); anything else as it is.

    Raises
    ------
    Unsupported
        For spikes on their way in some synapses of a neuron alone.
    """
    if isinstance(pathway, steps.Pathway) or queue.dtype.kind != "i" or not len(queue):
        return queue
    outgoing = pathway.connection.outgoing()
    neurons = np.searchsorted(np.cumsum(outgoing), queue[:, 1], side="right")
    rows, found = np.unique(np.stack([queue[:, 0], neurons], axis=1), axis=0, return_counts=True)
    each, partly = np.divmod(found, outgoing[rows[:, 1]])
    if partly.any():
        raise Unsupported(
            f"'{pathway.name}.queue' has spikes in some synapses of neuron {rows[partly > 0][0, 1]} alone: along a "
            "declared connection they are accepted in all or none; connect explicit pairs, i=connection.i, ..."
        )
    return np.repeat(rows, each, axis=0)


def rows_by_synapse(pathway: steps.Pathway | steps.DeclaredPathway, left: int, sources: np.ndarray) -> np.ndarray:
    """Rows of (steps until delivery, synapse) for spikes that arrive after `left` steps.

    Parameters
    ----------
    pathway : Pathway or DeclaredPathway
    left : int
    sources : ndarray of int
        The synapses, or along a declared connection the neurons before.
    """
    if isinstance(pathway, steps.DeclaredPathway):
        outgoing = pathway.connection.outgoing()
        begin = np.cumsum(outgoing) - outgoing
        ranges = [np.arange(begin[neuron], begin[neuron] + outgoing[neuron]) for neuron in sources]
        sources = np.concatenate([np.zeros(0, dtype=np.int64), *ranges])
    return np.stack([np.full_like(sources, left), sources], axis=1)
