"""A slow strong ramp that is not answered, and a fast weaker one that is (R)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform
from ._common import MODEST, REST
from .blocking import unblocked
from .pattern import Knob, Pattern
from .score import fires


def _ramps(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    fast, slow, height = knobs["duration"], knobs["duration"] * knobs["slower"], knobs["amplitude"]
    waveform = Waveform(size).rest(knobs["rest"])
    waveform.event("slow").piece("slow ramp", slow, 0, height / slow).rest(knobs["rest"])
    waveform.event("fast").piece("fast ramp", fast, 0, height * knobs["weaker"] / fast).range_of("fast")
    return waveform.end(knobs["rest"])


def _probe(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    fast = knobs["duration"]
    waveform = Waveform(size).rest(knobs["rest"]).event("probe")
    return waveform.piece("fast ramp", fast, 0, knobs["amplitude"] * knobs["weaker"] / fast).end(knobs["rest"])


def _accommodating(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    return {
        "a spike to the fast ramp": fires(
            features.answers(sweep.windows["fast"]).count, 1, features.nearness_in("fast")
        ),
        "no spike to the slow ramp": features.silent(sweep.windows["slow"]),
        **unblocked(features, "in the end", features.final),
    }


accommodation = Pattern(
    "R",
    "accommodation",
    "A fast ramp is answered with a spike; a slow ramp to a higher current is not.",
    {
        "rest": REST,
        "amplitude": MODEST,
        "duration": Knob(0.2, 20, unit="tau"),
        "slower": Knob(4, 40, unit="1"),
        "weaker": Knob(0.2, 0.9, unit="1"),
    },
    _ramps,
    _accommodating,
    probe=_probe,
)
