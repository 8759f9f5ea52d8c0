"""What all connections between two layers have in common."""

from __future__ import annotations

import abc
import math
from typing import NamedTuple

import numpy as np

__all__ = ["Connection", "Pairs"]


class Pairs(NamedTuple):
    """The synapses of a connection, sorted by the neuron before.

    Attributes
    ----------
    i, j : ndarray of int32 [synapses]
        The neuron before and the neuron after.
    k : ndarray of int32 [synapses]
        The number of the weight, in a flat array of `Connection.weights`.
    """

    i: np.ndarray
    j: np.ndarray
    k: np.ndarray


class Connection(abc.ABC):
    """Who connects to whom between two layers, and which synapses share a weight.

    Attributes
    ----------
    before, shape : tuple of int
        The layer before and the layer after, such as (channels, height, width).
    weights : tuple of int
        The shape of the weights.
    share : float
        The part of the weights that a synapse passes on: 1, or one by the size of the window behind `average_pooling`.
        Weights are to be multiplied with it.
    """

    before: tuple[int, ...]
    shape: tuple[int, ...]
    weights: tuple[int, ...]
    share: float = 1.0

    @abc.abstractmethod
    def pairs(self) -> Pairs:
        """All synapses, made anew in each call."""

    @abc.abstractmethod
    def outgoing(self) -> np.ndarray:
        """How many synapses each neuron before has, int [before], without making them."""

    @property
    def synapses(self) -> int:
        """How many synapses there are, known without making them."""
        return int(self.outgoing().sum())

    @property
    def inputs(self) -> int:
        """How many neurons the layer before has."""
        return math.prod(self.before)

    @property
    def neurons(self) -> int:
        """How many neurons the layer after has."""
        return math.prod(self.shape)

    @property
    def i(self) -> np.ndarray:
        """The neuron before each synapse, int [synapses]."""
        return self.pairs().i

    @property
    def j(self) -> np.ndarray:
        """The neuron after each synapse, int [synapses]."""
        return self.pairs().j

    @property
    def k(self) -> np.ndarray:
        """The number of the weight of each synapse, int [synapses]: ``weights.flat[k]``."""
        return self.pairs().k
