"""Who is connected with whom, as C++ walks along it."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable

import numpy as np

from . import library


class Wiring:
    """The synapses of a pathway, in the order of their neurons before and of their delays.

    Parameters
    ----------
    pointer : callable
        Where an array lies, which is kept.
    sources : ndarray of int [synapses]
    delays : ndarray of int [synapses] or ()
        In steps.
    neurons : int
        How many neurons there are before.

    Attributes
    ----------
    slots : int
        How many steps of events are kept, a power of two above the longest delay; 0 without delays.
    address : int
        Where the structure lies.
    """

    def __init__(self, pointer: Callable[[np.ndarray], int], sources: np.ndarray, delays: np.ndarray, neurons: int):
        self.sources = sources
        each = np.broadcast_to(delays, sources.shape)
        common = each.size == 0 or bool((each == each[0]).all())
        shortest, longest = (int(each.min()), int(each.max())) if each.size else (0, 0)
        self.slots = 1 << longest.bit_length() if longest else 0
        order = np.argsort(sources, kind="stable") if common else np.lexsort((each, sources))
        begin = np.zeros(neurons + 1, dtype=np.int64)
        begin[1:] = np.cumsum(np.bincount(sources, minlength=neurons)[:neurons])
        direct = np.array_equal(order, np.arange(len(sources)))
        self._order = None if direct else order
        self.structure = library.Wires(
            pointer(begin),
            None if direct else pointer(order.astype(np.int32)),
            None if common else pointer(each[order].astype(np.int32)),
            shortest,
            longest,
            self.slots,
        )
        self.address = ctypes.addressof(self.structure)

    @functools.cached_property
    def position(self) -> np.ndarray:
        """Where each synapse is in that order; made only when spikes are on their way as a run begins."""
        found = np.arange(len(self.sources))
        if self._order is not None:
            found[self._order] = np.arange(len(self.sources))
        return found

    def rows(self, queue: np.ndarray) -> np.ndarray:
        """Events on their way as rows of (step in which one arrives, neuron before, position)."""
        ordered = queue[np.lexsort((queue[:, 1], queue[:, 0]))].astype(np.int64)
        synapses = ordered[:, 1]
        return np.ascontiguousarray(np.stack([ordered[:, 0] - 1, self.sources[synapses], self.position[synapses]], 1))
