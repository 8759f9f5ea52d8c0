"""One pulse switches lasting firing on, another switches it off (P)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform, Window
from ._common import PULSE, REST, STRONG
from .pattern import Knob, Pattern
from .requirements import goes_on, regular, settled
from .score import at_least, fires

# The fewest spikes between the two pulses.
SPIKES = 4
# The silence after the second pulse, and then the firing without it, in intervals.
SILENCE = 2.0


def _on_off(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    width, pulse, firing = knobs["width"], knobs["amplitude"], knobs["firing"]
    waveform = Waveform(size, knobs["base"]).rest(knobs["rest"])
    waveform.event("answer").piece("on", width, pulse).pause(firing)
    waveform.piece("off", width, pulse * knobs["off"]).pause(knobs["rest"] / 2).rest(knobs["rest"])
    # Without the second pulse the firing outlasts the time at which it was switched off before.
    return waveform.event("sustained").piece("on again", width, pulse).end(1.5 * firing)


def _probe(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size, knobs["base"]).rest(knobs["rest"]).event("probe")
    return waveform.piece("on", knobs["width"], knobs["amplitude"]).end(knobs["firing"])


def _switched(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    answer, on, off = sweep.windows["answer"], sweep.windows["on"], sweep.windows["off"]
    firing = Window(on.start, off.start)
    train, again = features.answers(firing), features.answers(sweep.windows["sustained"])
    late, late_again = settled(train, firing), settled(again, sweep.windows["sustained"])
    last = np.fmax(features.answers(Window(on.start, off.end)).last, off.start)
    return {
        "at least four spikes between the pulses": fires(train.count, SPIKES, features.nearness),
        "regular between the pulses": regular(late),
        "firing until the second pulse": goes_on(train, off.start, late.longest),
        "no spike after the second pulse": features.silent(Window(off.end, answer.end)),
        "silent for at least two intervals": at_least((answer.end - last) / late.longest, SILENCE),
        "firing until the end without the second pulse": goes_on(
            again, sweep.windows["sustained"].end, late_again.longest
        ),
    }


bistability = Pattern(
    "P",
    "bistability",
    "One pulse switches a cell at rest to lasting regular firing, which ends with a second pulse and not without it.",
    {
        "rest": REST,
        "base": Knob(-2, 2, "linear", unit="rheobase"),
        "width": PULSE,
        "amplitude": STRONG,
        "firing": Knob(2, 40, unit="recovery"),
        # The second pulse may be of either sign.
        "off": Knob(-4, 4, "linear", unit="1"),
    },
    _on_off,
    _switched,
    probe=_probe,
)
