"""A pulse that is too weak alone, and strong enough after inhibition (O)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform, Window
from ._common import MODEST, PULSE, REST
from .blocking import unblocked
from .pattern import Knob, Pattern
from .score import fires


def _pulses(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    width, pulse = knobs["width"], knobs["amplitude"]
    inhibition = -pulse * knobs["inhibition"]
    waveform = Waveform(size).rest(knobs["rest"])
    waveform.event("alone").piece("pulse", width, pulse).rest(knobs["rest"])
    waveform.event("both").piece("inhibition", width, inhibition).pause(width * knobs["pause"])
    waveform.piece("second pulse", width, pulse).range_of("both").rest(knobs["rest"])
    return waveform.event("inhibition alone").piece("second inhibition", width, inhibition).end(knobs["rest"])


def _probe(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    width, pulse = knobs["width"], knobs["amplitude"]
    waveform = Waveform(size).rest(knobs["rest"]).event("probe")
    waveform.piece("inhibition", width, -pulse * knobs["inhibition"]).pause(width * knobs["pause"])
    return waveform.piece("second pulse", width, pulse).end(knobs["rest"])


def _lowered(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    both, pulse = sweep.windows["both"], sweep.windows["second pulse"]
    return {
        "a spike to the pulse after inhibition": fires(
            features.answers(Window(pulse.start, both.end)).count, 1, features.nearness_in("both")
        ),
        "no spike before that pulse": features.silent(Window(both.start, pulse.start)),
        "no spike to the pulse alone": features.silent(sweep.windows["alone"]),
        "no spike to the inhibition alone": features.silent(sweep.windows["inhibition alone"]),
        **unblocked(features, "in the end", features.final),
    }


threshold_variability = Pattern(
    "O",
    "threshold variability",
    "A pulse is answered with a spike if inhibition came before; neither the pulse alone nor the inhibition alone is.",
    {
        "rest": REST,
        "width": PULSE,
        "amplitude": MODEST,
        # Inhibition that is much weaker than the pulse could be a rounding error of the rest before.
        "inhibition": Knob(0.5, 20, unit="1"),
        "pause": Knob(0.1, 10, unit="1"),
    },
    _pulses,
    _lowered,
    probe=_probe,
)
