"""A pulse that is answered long after it is over (I)."""

from __future__ import annotations

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep
from ._common import PULSE, REST, STRONG, probing_pulse, pulse_from_rest
from .blocking import higher, unblocked
from .pattern import Knob, Pattern
from .score import at_least, exactly

# The time from the end of the pulse to the spike, in pulses and in relaxation times.
DELAY = 2.0


def _late_spike(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    pulse = sweep.windows["pulse"]
    train = features.answers(sweep.windows["answer"])
    delay = train.first - pulse.end
    return {
        "one spike": exactly(train.count, 1, features.nearness),
        "twice the duration of the pulse after its end": at_least(delay / pulse.length, DELAY),
        "two relaxation times after its end": at_least(delay / features.tau, DELAY),
        **_beyond(features, delay),
        **unblocked(features, "in the end", features.final),
    }


def _beyond(features: Features, delay: np.ndarray) -> dict[str, np.ndarray]:
    """Without a reset the rise of a spike takes time, which is no latency; nor is a hump that barely gets there one."""
    if features.levels is None or features.width is None:
        return {}
    return {
        "the duration of a spike after its end": at_least(delay / features.width, 1.0),
        "the spike clearly above the level that it crosses": higher(features, features.levels.spike),
    }


spike_latency = Pattern(
    "I",
    "spike latency",
    "A pulse is answered with one spike, long after the pulse is over.",
    {"rest": REST, "width": PULSE, "amplitude": STRONG, "wait": Knob(8, 60, unit="tau")},
    pulse_from_rest,
    _late_spike,
    timed=True,
    probe=probing_pulse,
)
