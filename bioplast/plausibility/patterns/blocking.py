"""What is asked of silence, and of spikes, where no reset ends them."""

from __future__ import annotations

import numpy as np

from ..response.features import Features, Recording
from ..response.sweep import Sweep

# An excess over the level that is this part of the sweep's depolarization counts 1.
EXCESS = 0.05


def unblocked(features: Features, when: str, v: np.ndarray) -> dict[str, np.ndarray]:
    """The requirement that v [N], the highest at that time, is below the level of rest, see `Levels`; none without."""
    if features.levels is None:
        return {}
    excess = (v - features.levels.back) / features.reach
    return {f"v {when} below the level that a spike starts from": np.log2(1 + np.maximum(excess, 0) / EXCESS)}


def blocked(recording: Recording, sweep: Sweep) -> bool:
    """Whether a single cell was silent above that level, in a depolarization block, before the first event."""
    if recording.levels is None:
        return False
    rest = sweep.rests[0]
    v = recording.voltage[(recording.times >= rest.start[0]) & (recording.times < rest.end[0]), 0]
    return bool(v.max(initial=-np.inf) > recording.levels.back[0])


def all_or_none(features: Features) -> dict[str, np.ndarray]:
    """The requirement that spikes are clearly higher than other swings, see `levels`; none without levels."""
    if features.highest_swing is None:
        return {}
    return {"spikes clearly higher than any other swing": higher(features, features.highest_swing)}


def higher(features: Features, v: np.ndarray) -> np.ndarray:
    """The violation by spikes that are not clearly higher than v [N], see `Levels.gap`; for cells with levels."""
    assert features.levels is not None and features.lowest_spike is not None
    gap = features.levels.gap
    lacking = np.clip(gap - (features.lowest_spike - v), 0, gap)
    return np.log2(1 + lacking / np.where(gap > 0, gap, 1.0))
