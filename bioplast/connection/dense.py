"""Layers that are connected all to all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import layer_shape, whole
from .base import Connection, Pairs

__all__ = ["Dense", "dense"]


@dataclass(frozen=True)
class Dense(Connection):
    """A connection of all with all; see `dense`.

    Attributes
    ----------
    before, shape : tuple of int
        The layer before and the layer after.
    """

    before: tuple[int, ...]
    shape: tuple[int, ...]

    @property
    def weights(self) -> tuple[int, ...]:  # type: ignore[override]
        """(neurons before, neurons after)."""
        return self.inputs, self.neurons

    def outgoing(self) -> np.ndarray:
        """How many synapses each neuron before has, int [before], without making them."""
        return np.full(self.inputs, self.neurons)

    def pairs(self) -> Pairs:
        """All synapses, made anew in each call."""
        i, j = (index.reshape(-1) for index in np.indices((self.inputs, self.neurons), dtype=np.int32))
        return Pairs(i, j, np.arange(i.size, dtype=np.int32))


def dense(shape: Any, neurons: int) -> Dense:
    """Make a connection of all neurons of a layer with all of the next, each pair with a weight of its own.

    Parameters
    ----------
    shape : int or tuple of int
        The layer before, which counts as flat.
    neurons : int
        How many neurons the layer after has.

    Returns
    -------
    Dense
        With `weights` [before, after], as ``Synapses.connect()`` without a condition has them.

    Raises
    ------
    BioplastError
        For what is no whole number.
    """
    return Dense(layer_shape(shape), (whole(neurons, "neurons"),))
