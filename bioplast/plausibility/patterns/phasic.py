"""A step of current that is answered at its onset only, with one spike (B) or a burst (D)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform
from ._common import MODEST, REST, STEP
from .blocking import unblocked
from .pattern import Pattern
from .requirements import BURST, BURST_SPIKES
from .score import at_least, at_most, exactly, fires

# The silence until the step ends, as a multiple of the time to the first spike. A leaky integrator that is reset far
# below rest is silent for long as well, but not for so long without visibly charging.
SILENCE = 5.0
# It is also long compared with the membrane, which a refractory period is not.
LASTING = 8.0
# In the last quarter of the step v has settled: its range is at most this part of the depolarization there.
DRIFT = 0.5
# Half the current is answered with no spike: the step is at most twice the rheobase. A blocked cell, which fires at its
# onset as well and then no more, needs a much stronger one.
WEAK = 0.5


def _two_steps(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size).rest(knobs["rest"])
    waveform.event("answer").piece("step", knobs["duration"], knobs["amplitude"]).range_of("step", 0.75, 1)
    waveform.rest(knobs["rest"])
    return waveform.event("weak answer").piece("weak step", knobs["duration"], WEAK * knobs["amplitude"]).end()


def _probe(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size).rest(knobs["rest"]).event("probe")
    return waveform.piece("step", knobs["duration"], knobs["amplitude"]).end()


def _quiescent(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["step"]
    train = features.answers(step)
    quiet = step.end - train.last
    drift = (features.high["step"] - features.low["step"]) / (features.high["step"] - features.rest).clip(0)
    return {
        "silent for at least half of the step": at_least(quiet / step.length, 0.5),
        "silent for five times as long as the first spike took": at_least(quiet / (train.first - step.start), SILENCE),
        "silent for eight relaxation times": at_least(quiet / features.tau, LASTING),
        "v settled at the end of the step": at_most(drift, DRIFT),
        **unblocked(features, "at the end of the step", features.high["step"]),
        "no spike during a step of half the current": features.silent(sweep.windows["weak step"]),
    }


def _one_spike(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    train = features.answers(sweep.windows["step"])
    return {
        "one spike during the step": exactly(train.count, 1, features.nearness),
        **_quiescent(features, sweep),
    }


def _one_burst(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["step"]
    train = features.answers(step)
    return {
        "at least three spikes during the step": fires(train.count, BURST_SPIKES, features.nearness),
        "the silence after them three times their longest interval": at_least(
            (step.end - train.last) / train.intervals.longest, BURST
        ),
        **_quiescent(features, sweep),
    }


_KNOBS = {"rest": REST, "duration": STEP, "amplitude": MODEST}

phasic_spiking = Pattern(
    "B",
    "phasic spiking",
    "A step of at most twice the rheobase is answered with one spike at its onset, and v then settles below threshold "
    "for as long as the step lasts.",
    _KNOBS,
    _two_steps,
    _one_spike,
    timed=True,
    lasting="duration",
    probe=_probe,
)

phasic_bursting = Pattern(
    "D",
    "phasic bursting",
    "A step of at most twice the rheobase is answered with one burst at its onset, and v then settles below threshold "
    "for as long as the step lasts.",
    _KNOBS,
    _two_steps,
    _one_burst,
    timed=True,
    lasting="duration",
    probe=_probe,
)
