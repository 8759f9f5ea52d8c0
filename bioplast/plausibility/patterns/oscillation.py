"""A membrane that rings after its spike (J)."""

from __future__ import annotations

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep
from ._common import PULSE, REST, STRONG, probing_pulse, pulse_with_aftermath
from .blocking import unblocked
from .pattern import Knob, Pattern
from .score import at_least, at_most, fires

# The second and third half-cycle after the spike, relative to how far v went above rest in the sweep.
AMPLITUDE = 0.005
# The third over the second: it dies out, or at least does not grow.
DECAY = 1.0
# A half-cycle in steps. What alternates from step to step is made by the integration method.
STEPS = 5


def _ringing(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    answer = sweep.windows["answer"]
    train = features.answers(answer)
    second, third = features.cycles[:, 1], features.cycles[:, 2]
    return {
        "a spike": fires(train.count, 1, features.nearness),
        "no spike in the second half of the time after the pulse": features.silent(answer.part(0.5, 1)),
        "v beyond rest on the second half-cycle": at_least(second / features.reach, AMPLITUDE),
        "v beyond rest on the third half-cycle": at_least(third / features.reach, AMPLITUDE),
        "the third half-cycle not larger than the second": at_most(third / second, DECAY),
        "a half-cycle of at least five steps": at_least(features.half_period / features.step, STEPS),
        **unblocked(features, "in the end", features.final),
    }


subthreshold_oscillations = Pattern(
    "J",
    "subthreshold oscillations",
    "A pulse is answered with a spike, after which v swings around its resting level, decaying, without firing.",
    {"rest": REST, "width": PULSE, "amplitude": STRONG, "wait": Knob(4, 60, unit="tau")},
    pulse_with_aftermath,
    _ringing,
    probe=probing_pulse,
)
