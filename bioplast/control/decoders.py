"""Decoders: the action that a network takes, from what a run recorded and ended with.

A decoder is called with the output of one run, on any target, and gives the action; one whose
attribute `random` is true with a JAX key, too. Its `scores` are what it chooses by: for a softmax, say, of which a
gradient is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ..errors import BioplastError, UnknownName
from ..program.arguments import positive

__all__ = ["Continuous", "Counts", "Potential", "Sampled", "decided"]


@dataclass(frozen=True)
class Potential:
    """The action whose neuron has the highest potential at the end of the step; the first one of several.

    Parameters
    ----------
    group : str
        One neuron for each action.
    variable : str
    unit : quantity
        What `scores` are in; SI base units without one.
    """

    group: str
    variable: str = "v"
    unit: Any = 1

    def __post_init__(self) -> None:
        positive(self.unit, f"{type(self).__name__}: unit", "quantity")

    def scores(self, out: Any) -> Any:
        """The potentials [neurons]."""
        key = f"{self.group}.{self.variable}"
        if key not in out.final:
            raise UnknownName(f"value for the decoder {type(self).__name__}", key, out.final)
        return out.final[key] / float(self.unit)

    def __call__(self, out: Any) -> Any:
        return self.scores(out).argmax()


@dataclass(frozen=True)
class Counts:
    """The action whose neuron spikes most in the step; the first one of several.

    Parameters
    ----------
    monitor : str
        A SpikeMonitor of one neuron for each action.
    """

    monitor: str

    def scores(self, out: Any) -> Any:
        """The counts [neurons]."""
        return out.raster(self.monitor).sum(axis=0)

    def __call__(self, out: Any) -> Any:
        return self.scores(out).argmax()


@dataclass(frozen=True)
class Continuous(Potential):
    """Numbers between `low` and `high`, one of each neuron: the hyperbolic tangent of its potential, scaled.

    Parameters
    ----------
    group, variable, unit
        As of `Potential`; the unit is the potential at which the tangent has 0.76 of its range.
    low, high : float
    """

    low: float = -1.0
    high: float = 1.0

    def __call__(self, out: Any) -> Any:
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return middle + half * jnp.tanh(self.scores(out))


@dataclass(frozen=True)
class Sampled:
    """An action drawn from the softmax of the scores of another decoder.

    Parameters
    ----------
    decoder : Potential or Counts
    temperature : float
        Divides the scores.
    """

    decoder: Any
    temperature: float = 1.0

    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not callable(getattr(self.decoder, "scores", None)):
            raise BioplastError(
                f"Sampled: {type(self.decoder).__name__} has no scores: Potential or Counts is accepted"
            )
        positive(self.temperature, "Sampled: temperature")

    def scores(self, out: Any) -> Any:
        """The logarithms of the chances, but for a constant, [neurons]."""
        return self.decoder.scores(out) / self.temperature

    def __call__(self, out: Any, key: Any) -> Any:
        return jax.random.categorical(key, jnp.asarray(self.scores(out), dtype=float))


def decided(decoder: Any, out: Any, key: Any) -> Any:
    """The action of a decoder, which gets a key if it is random."""
    return decoder(out, key) if getattr(decoder, "random", False) else decoder(out)
