"""A step of current that is answered with a lasting train: regular (A), or with intervals that grow (F)."""

from __future__ import annotations

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep
from ._common import REST, STEP, STEP_CURRENT, step_from_rest
from .pattern import Pattern
from .requirements import goes_on, regular, settled
from .score import at_least, fires

# An interval may be shorter than the one before by this factor and still count as no shorter.
SHORTER = 0.95
# How much the last interval of an adapting train is longer than the first.
ADAPTED = 2.0


def _tonic(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["step"]
    train = features.answers(step)
    late = settled(train, step)
    return {
        "at least four spikes during the step": fires(train.count, 4, features.nearness),
        "regular in the second half of the step": regular(late),
        "firing until the step ends": goes_on(train, step.end, late.longest),
    }


def _adapting(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["step"]
    train = features.answers(step)
    gaps = train.intervals
    growth = np.where(np.isfinite(gaps.values[:, 1:]), gaps.values[:, 1:] / gaps.values[:, :-1], np.inf)
    slowest = growth.min(axis=1, initial=np.inf)
    return {
        "at least five spikes during the step": fires(train.count, 5, features.nearness),
        "no interval shorter than the one before": at_least(np.where(np.isfinite(slowest), slowest, np.nan), SHORTER),
        "the last interval twice the first": at_least(gaps.at(-1) / gaps.at(0), ADAPTED),
        "firing until the step ends": goes_on(train, step.end, gaps.longest),
    }


tonic_spiking = Pattern(
    "A",
    "tonic spiking",
    "A step of current is answered with a regular train for as long as it lasts.",
    {"rest": REST, "duration": STEP, "amplitude": STEP_CURRENT},
    step_from_rest,
    _tonic,
    lasting="duration",
)

adaptation = Pattern(
    "F",
    "spike frequency adaptation",
    "A step of current is answered with a train for as long as it lasts, whose intervals grow, at least twofold.",
    {"rest": REST, "duration": STEP, "amplitude": STEP_CURRENT},
    step_from_rest,
    _adapting,
    lasting="duration",
)
