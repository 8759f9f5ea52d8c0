"""What is asked of silence, where no reset ends a spike."""

from __future__ import annotations

import numpy as np

from .features import Features

# An excess over the level that is this part of the sweep's depolarization counts 1.
EXCESS = 0.05


def fallen(features: Features, when: str, v: np.ndarray) -> dict[str, np.ndarray]:
    """The requirement that v [N], the highest at that time, is below the level of rest, see `Levels`; none without."""
    if features.levels is None:
        return {}
    excess = (v - features.levels.back) / features.reach
    return {f"v {when} below the level that a spike starts from": np.log2(1 + np.maximum(excess, 0) / EXCESS)}
