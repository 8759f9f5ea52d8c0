"""Which actions an environment accepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..errors import BioplastError

__all__ = ["Box", "Discrete", "space_of"]


@dataclass(frozen=True)
class Discrete:
    """The actions 0 to `count` - 1.

    Parameters
    ----------
    count : int
    """

    count: int

    shape: tuple[int, ...] = ()

    def accepts(self, action: Any) -> Any:
        """Whether an action, of any array type, is one of them."""
        return (action >= 0) & (action < self.count) & (jnp.floor(action) == action)

    def __str__(self) -> str:
        return f"whole numbers from 0 to {self.count - 1}"


@dataclass(frozen=True)
class Box:
    """Actions of `shape` numbers from `low` to `high`.

    Parameters
    ----------
    low, high : float
    shape : tuple of int
    """

    low: float
    high: float
    shape: tuple[int, ...]

    def accepts(self, action: Any) -> Any:
        """Whether all numbers of an action lie within the bounds."""
        return ((action >= self.low) & (action <= self.high)).all()

    def __str__(self) -> str:
        return f"numbers from {self.low:g} to {self.high:g}"


def space_of(given: Any) -> Discrete | Box:
    """A space of gymnasium or gymnax as one of ours.

    Raises
    ------
    BioplastError
        For a space that is neither discrete nor a box.
    """
    if isinstance(given, Discrete | Box):
        return given
    if hasattr(given, "n"):
        start = int(getattr(given, "start", 0))
        if start:
            raise BioplastError(f"a space of actions that begins at {start}: one that begins at 0 is accepted")
        return Discrete(int(given.n))
    if hasattr(given, "low") and hasattr(given, "shape"):
        return Box(float(np.max(given.low)), float(np.min(given.high)), tuple(given.shape))
    raise BioplastError(f"actions of {type(given).__name__}: a discrete space or a box is accepted")
