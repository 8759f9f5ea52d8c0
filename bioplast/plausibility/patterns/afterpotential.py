"""A spike that leaves the cell depolarized (Q)."""

from __future__ import annotations

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep
from ._common import PULSE, REST, STRONG, probing_pulse, pulse_with_aftermath
from .blocking import unblocked
from .pattern import Knob, Pattern
from .score import at_least, at_most, exactly

# The hump above rest, and the rise to it from the trough after the spike, relative to how far v went above rest at all.
# The rise tells a depolarizing after-potential from a mere decay after a reset above rest.
HUMP = 0.02
RISE = 0.01
# The trough is not farther below rest than the hump above it: no after-hyperpolarization takes its place.
TROUGH = 1.0
# The pulse is over when the spike is, but for this part of it: what is still on hides an after-hyperpolarization.
OVER = 0.1
# In the end v is back: at most this part of the hump is left.
LEFT = 0.5


def _depolarized(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    train = features.answers(sweep.windows["answer"])
    hump = features.hump - features.rest
    below = np.maximum(features.rest - features.trough, 0) / hump.clip(0)
    left = np.abs(features.final - features.rest) / hump.clip(0)
    # Without a reset a spike takes time.
    spike = train.last + (0.0 if features.width is None else features.width)
    pulse = sweep.windows["pulse"]
    return {
        "one spike": exactly(train.count, 1, features.nearness),
        "the pulse over when the spike is": at_most(np.maximum(pulse.end - spike, 0) / pulse.length, OVER),
        "a hump above rest after the spike": at_least(hump / features.reach, HUMP),
        "v rising to it": at_least((features.hump - features.trough) / features.reach, RISE),
        "no deeper trough before it": at_most(below, TROUGH),
        "v back towards rest in the end": at_most(left, LEFT),
        **unblocked(features, "in the end", features.final),
    }


depolarizing_after_potential = Pattern(
    "Q",
    "depolarizing after-potential",
    "A pulse is answered with one spike as it ends or later, after which v rises once more, above rest, before it "
    "returns.",
    {"rest": REST, "width": PULSE, "amplitude": STRONG, "wait": Knob(4, 60, unit="tau")},
    pulse_with_aftermath,
    _depolarized,
    probe=probing_pulse,
)
