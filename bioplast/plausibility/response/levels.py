"""The levels of v that make the spikes of a cell without a reset, and what follows from them.

Without a reset a spike is an upward crossing, and so is each swing of a depolarized membrane. What tells them apart is
where v comes from: a cell that is at rest, or silent again, is below the level that v has to fall to before it can
spike once more. Otherwise it is blocked, and its silence none, unless the pattern allows it, see `Pattern.blocked`. And
spikes are all or none: of the swings that start from below that level and return there, those that are spikes are
clearly higher than the others.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

import numpy as np

from ...definition import Neuron

# How much higher the lowest spike is than the highest other swing, as a part of the distance between the two levels.
GAP = 0.5


@dataclass(frozen=True)
class Levels:
    """The two levels of N cells; both [N], in the unit of v.

    Attributes
    ----------
    spike : ndarray
        Its upward crossing is a spike.
    back : ndarray
        v falls below it between two spikes, and rests below it.
    """

    spike: np.ndarray
    back: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        """How much higher the lowest spike is than the highest other swing."""
        return GAP * (self.spike - self.back)


def levels_of(neuron: Neuron, voltage: str = "v") -> tuple[str, str] | None:
    """The two levels as expressions: of the conditions ``v > level`` for a spike and for being refractory.

    Where one of the conditions is another, or is missing, its level is that of the other. None for a cell whose reset
    sets v, and for one with other conditions only.
    """
    if neuron.reset and re.search(rf"(^|[\n;])\s*{voltage}\s*[-+*/]?=", neuron.reset):
        return None
    spike, back = _level(neuron.threshold, voltage), _level(neuron.refractory, voltage)
    if spike is None and back is None:
        return None
    return spike or str(back), back or str(spike)


def _level(condition: object, voltage: str) -> str | None:
    if not isinstance(condition, str):
        return None
    found = ast.parse(" ".join(condition.split()), mode="eval").body
    compared = isinstance(found, ast.Compare) and len(found.ops) == 1 and isinstance(found.ops[0], ast.Gt | ast.GtE)
    if not compared or ast.unparse(found.left) != voltage:  # type: ignore[attr-defined]
        return None
    return ast.unparse(found.comparators[0])  # type: ignore[attr-defined]
