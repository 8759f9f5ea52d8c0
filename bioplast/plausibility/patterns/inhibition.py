"""A step of inhibition that is answered while it lasts, with spikes (S) or bursts (T).

The paper asks for a cell that is quiescent without input and fires when it is hyperpolarized. A cell in a
depolarization block is one, and what inhibition does there is to release it; a result says so, see `blocking.blocked`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform, Window
from ._common import REST, STEP, STRONG
from .pattern import Knob, Pattern
from .requirements import ALIKE, BURST_SPIKES, Bursts, apart, goes_on
from .score import at_least, at_most, fires

# The fewest spikes (S) and bursts (T) during the inhibition.
SPIKES = 3
BURSTS = 2


def _inhibition(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size, knobs["base"]).rest(knobs["rest"])
    return waveform.event("answer").piece("inhibition", knobs["duration"], -knobs["amplitude"]).end(knobs["rest"])


def _probe(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size, knobs["base"]).rest(knobs["rest"]).event("probe")
    return waveform.piece("inhibition", knobs["duration"], -knobs["amplitude"]).end()


def _after(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    late = Window(sweep.windows["inhibition"].end, sweep.windows["answer"].end).part(0.5, 1)
    return {"silent again in the second half of the time after it": features.silent(late)}


def _spiking(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["inhibition"]
    train = features.answers(step)
    gaps = train.intervals
    return {
        "at least three spikes during the inhibition": fires(train.count, SPIKES, features.nearness),
        "regular": at_most(gaps.spread, ALIKE),
        "firing until the inhibition ends": goes_on(train, step.end, gaps.longest),
        **_after(features, sweep),
    }


def _bursting(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    step = sweep.windows["inhibition"]
    train = features.answers(step)
    found = Bursts(train)
    return {
        "at least six spikes during the inhibition": fires(train.count, BURSTS * BURST_SPIKES, features.nearness),
        "at least two bursts": at_least(found.count, BURSTS),
        "at least three spikes in each": at_least(found.smallest, BURST_SPIKES),
        "bursts apart by three times the longest interval within": apart(found.separation),
        "bursting until the inhibition ends": goes_on(train, step.end, found.between.longest),
        **_after(features, sweep),
    }


_KNOBS = {
    "rest": REST,
    "base": Knob(-30, 30, "linear", unit="rheobase"),
    "amplitude": STRONG,
    "duration": STEP,
}

inhibition_induced_spiking = Pattern(
    "S",
    "inhibition-induced spiking",
    "A cell at rest answers to a step of inhibition with a regular train for as long as it lasts.",
    _KNOBS,
    _inhibition,
    _spiking,
    blocked=True,
    lasting="duration",
    probe=_probe,
)

inhibition_induced_bursting = Pattern(
    "T",
    "inhibition-induced bursting",
    "A cell at rest answers to a step of inhibition with at least two bursts, for as long as it lasts.",
    _KNOBS,
    _inhibition,
    _bursting,
    blocked=True,
    lasting="duration",
    probe=_probe,
)
