"""Pooling and what comes behind it, as one connection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .base import Connection, Pairs

__all__ = ["Chain"]


@dataclass(frozen=True)
class Chain(Connection):
    """Two connections, one behind the other, without neurons between them: a synapse for each way through both.

    Attributes
    ----------
    first : Connection
        Pooling, whose one weight is the `share`.
    second : Connection
        Whose weights are those of the whole.
    """

    first: Connection
    second: Connection

    @property
    def before(self) -> tuple[int, ...]:  # type: ignore[override]
        """The layer before the first."""
        return self.first.before

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The layer after the second."""
        return self.second.shape

    @property
    def weights(self) -> tuple[int, ...]:  # type: ignore[override]
        """Those of the second."""
        return self.second.weights

    @property
    def share(self) -> float:  # type: ignore[override]
        """The product of both."""
        return self.first.share * self.second.share

    def outgoing(self) -> np.ndarray:
        """How many synapses each neuron before has, int [before], without making them."""
        first = self.first.pairs()
        ways = np.zeros(self.inputs, dtype=np.int64)
        np.add.at(ways, first.i, self.second.outgoing()[first.j])
        return ways

    def pairs(self) -> Pairs:
        """All synapses, made anew in each call."""
        one, two = self.first.pairs(), self.second.pairs()
        # each synapse of the first goes on with all of the second that begin where it ends, which lie together
        begin = np.searchsorted(two.i, one.j)
        ways = np.searchsorted(two.i, one.j, side="right") - begin
        before = np.cumsum(ways) - ways
        further = np.arange(ways.sum()) + np.repeat(begin - before, ways)
        return Pairs(np.repeat(one.i, ways), two.j[further], two.k[further])
