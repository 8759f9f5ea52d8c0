"""The level that v falls to between two spikes, of a cell whose spikes no reset ends.

Without a reset a spike is an upward crossing, and so is each swing of a depolarized membrane. What tells them apart is
where v comes from: a cell that is at rest, or silent again, is below the level that it has to fall to before it can
spike once more. Otherwise it is blocked, and its silence none.
"""

from __future__ import annotations

import ast
import re

import numpy as np

from ..definition import Neuron
from .features import Features

# An excess over the level that is this part of the sweep's depolarization counts 1.
EXCESS = 0.05


def level_of(neuron: Neuron, voltage: str = "v") -> str | None:
    """The level as an expression, from a condition ``v > level``: of being refractory, or else of the threshold.

    None for a cell whose reset sets v, and for one with other conditions.
    """
    if neuron.reset and re.search(rf"(^|[\n;])\s*{voltage}\s*[-+*/]?=", neuron.reset):
        return None
    for condition in (neuron.refractory, neuron.threshold):
        if isinstance(condition, str):
            found = ast.parse(" ".join(condition.split()), mode="eval").body
            if (
                isinstance(found, ast.Compare)
                and len(found.ops) == 1
                and isinstance(found.ops[0], ast.Gt | ast.GtE)
                and ast.unparse(found.left) == voltage
            ):
                return ast.unparse(found.comparators[0])
    return None


def fallen(features: Features, when: str, v: np.ndarray) -> dict[str, np.ndarray]:
    """The requirement that v [N], the highest at that time, is below the level; none where there is no level."""
    if features.level is None:
        return {}
    excess = (v - features.level) / features.reach
    return {f"v {when} below the level that a spike starts from": np.log2(1 + np.maximum(excess, 0) / EXCESS)}
