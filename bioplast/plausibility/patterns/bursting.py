"""A step of current that is answered with bursts for as long as it lasts (C), or with a burst and then a train (E)."""

from __future__ import annotations

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep
from ._common import REST, STEP, STEP_CURRENT, step_from_rest
from .pattern import Pattern
from .requirements import BURST_SPIKES, Bursts, apart, goes_on, regular, settled
from .score import at_least, at_most, fires

# The fewest bursts of tonic bursting (C), and the fewest spikes after the burst of mixed mode (E).
TONIC_BURSTS = 3
TONIC_SPIKES = 3


def _bursting(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["step"]
    train = features.answers(step)
    found = Bursts(train)
    return {
        "at least nine spikes during the step": fires(train.count, TONIC_BURSTS * BURST_SPIKES, features.nearness),
        "at least three bursts": at_least(found.count, TONIC_BURSTS),
        "at least three spikes in each": at_least(found.smallest, BURST_SPIKES),
        "bursts apart by three times the longest interval within": apart(found.separation),
        "bursts alike in their distance": at_most(found.between.spread, 2.0),
        "bursting until the step ends": goes_on(train, step.end, found.between.longest),
    }


def _mixed(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["step"]
    train = features.answers(step)
    found = Bursts(train)
    late = settled(train, step)
    later = found.sizes[:, 1:].max(axis=1, initial=0)
    return {
        "at least six spikes during the step": fires(train.count, BURST_SPIKES + TONIC_SPIKES, features.nearness),
        "at least three spikes in the first burst": at_least(found.size(0), BURST_SPIKES),
        "at least three spikes after it": at_least(found.count - 1, TONIC_SPIKES),
        "no bursts after the first": at_most(later, 1),
        "the burst apart by three times the longest interval within": apart(found.separation),
        "regular in the second half of the step": regular(late),
        "firing until the step ends": goes_on(train, step.end, late.longest),
    }


tonic_bursting = Pattern(
    "C",
    "tonic bursting",
    "A step of current is answered with three or more bursts of three or more spikes, evenly, for as long as it lasts.",
    {"rest": REST, "duration": STEP, "amplitude": STEP_CURRENT},
    step_from_rest,
    _bursting,
    lasting="duration",
)

mixed_mode = Pattern(
    "E",
    "mixed mode",
    "A step of current is answered with a burst at its onset and then with a regular train for as long as it lasts.",
    {"rest": REST, "duration": STEP, "amplitude": STEP_CURRENT},
    step_from_rest,
    _mixed,
    lasting="duration",
)
