"""A pulse of inhibition that is answered after its end, with a spike (M) or a burst (N)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform
from ._common import REST, STRONG
from .blocking import unblocked
from .pattern import Knob, Pattern
from .requirements import BURST, BURST_SPIKES
from .score import at_least, exactly, fires


def _inhibition(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size).rest(knobs["rest"])
    return waveform.event("answer").piece("inhibition", knobs["width"], -knobs["amplitude"]).end(knobs["wait"])


def _probe(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size).rest(knobs["rest"]).event("probe")
    return waveform.piece("inhibition", knobs["width"], -knobs["amplitude"]).end(knobs["wait"])


def _common(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    answer = sweep.windows["answer"]
    return {
        "no spike during the inhibition": features.silent(sweep.windows["inhibition"]),
        "no spike in the last quarter": features.silent(answer.part(0.75, 1)),
        **unblocked(features, "in the end", features.final),
    }


def _spike(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    train = features.answers(sweep.windows["answer"])
    return {"one spike": exactly(train.count, 1, features.nearness), **_common(features, sweep)}


def _burst(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    answer = sweep.windows["answer"]
    train = features.answers(answer)
    return {
        "at least three spikes": fires(train.count, BURST_SPIKES, features.nearness),
        "the silence after them three times their longest interval": at_least(
            (answer.end - train.last) / train.intervals.longest, BURST
        ),
        **_common(features, sweep),
    }


_KNOBS = {"rest": REST, "width": Knob(0.2, 30, unit="tau"), "amplitude": STRONG, "wait": Knob(10, 100, unit="tau")}

rebound_spike = Pattern(
    "M",
    "rebound spike",
    "A cell at rest answers to a pulse of inhibition with one spike after its end.",
    _KNOBS,
    _inhibition,
    _spike,
    probe=_probe,
)

rebound_burst = Pattern(
    "N",
    "rebound burst",
    "A cell at rest answers to a pulse of inhibition with one burst after its end.",
    _KNOBS,
    _inhibition,
    _burst,
    probe=_probe,
)
