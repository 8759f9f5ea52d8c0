"""A slowly rising current: firing that starts at a low rate and covers many (G), or starts at a high rate (H).

The rise is a ramp from the base. Class 1: the intervals shrink along the ramp by a wide range, from one that is long
compared with the membrane. Class 2: already the first interval is short compared with the membrane, and the rate hardly
grows although the current does. For the second the ramp has to be slow, since a current that rises during an interval
hides a low rate; the time from the start of the ramp is the current, so both conditions are on times. Together they
leave out the leaky integrator at any reset, whose rate starts at zero and grows at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.features import Features
from ..response.sweep import Sweep, Waveform
from ._common import REST
from .pattern import Knob, Pattern
from .requirements import goes_on
from .score import at_least, at_most, fires

# The fewest spikes during the ramp.
SPIKES = 6
# Class 1: the longest interval over the shortest, and the longest over the relaxation time. A leaky integrator reset to
# rest fires with an interval of 4.6 relaxation times at a current 1 % above its rheobase.
WIDE = 2.5
LOW = 4.5
# Class 2: the first interval over the shortest, and over the relaxation time.
NARROW = 2.0
HIGH = 3.75
# Class 2: the current grows by at most this part during the first interval, and in all by this factor.
SLOW = 0.3
FAR = 3.3
# An interval may be longer than the one before by this factor.
LONGER = 1.05


def _ramp(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    waveform = Waveform(size).rest(knobs["rest"])
    slope = knobs["amplitude"] / knobs["duration"]
    return waveform.event("answer").piece("ramp", knobs["duration"], 0, slope).end()


def _quickening(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    ramp = sweep.windows["ramp"]
    train = features.answers(ramp)
    gaps = train.intervals
    growth = np.where(np.isfinite(gaps.values[:, 1:]), gaps.values[:, 1:] / gaps.values[:, :-1], -np.inf)
    largest = growth.max(axis=1, initial=-np.inf)
    return {
        "at least six spikes during the ramp": fires(train.count, SPIKES, features.nearness),
        "no interval longer than the one before": at_most(np.where(np.isfinite(largest), largest, np.nan), LONGER),
        "firing until the ramp ends": goes_on(train, ramp.end, gaps.at(-1)),
    }


def _class_1(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    gaps = features.answers(sweep.windows["ramp"]).intervals
    return {
        **_quickening(features, sweep),
        "a range of rates of 2.5": at_least(gaps.at(0) / gaps.at(-1), WIDE),
        "a first interval of 4.5 relaxation times": at_least(gaps.at(0) / features.tau, LOW),
    }


def _class_2(features: Features, sweep: Sweep) -> dict[str, np.ndarray]:
    ramp = sweep.windows["ramp"]
    train = features.answers(ramp)
    gaps = train.intervals
    onset = train.first - ramp.start
    return {
        **_quickening(features, sweep),
        "a range of rates of at most 2": at_most(gaps.at(0) / gaps.at(-1), NARROW),
        # No interval is shorter than a spike, which lasts longer than the membrane relaxes in some models.
        "a first interval of at most 3.75 relaxation times": at_most(gaps.at(0) / features.longer, HIGH),
        "a ramp that adds at most 0.3 of the current during the first interval": at_most(gaps.at(0) / onset, SLOW),
        "a current that grows 3.3-fold after the first spike": at_least((train.last - ramp.start) / onset, FAR),
    }


_KNOBS = {"rest": REST, "duration": Knob(30, 300, unit="tau"), "amplitude": Knob(1, 50, unit="rheobase")}

class_1 = Pattern(
    "G",
    "class 1 excitable",
    "A rising current is answered with a train that starts at a low rate and grows over a wide range.",
    _KNOBS,
    _ramp,
    _class_1,
    timed=True,
)

class_2 = Pattern(
    "H",
    "class 2 excitable",
    "A slowly rising current is answered with a train that starts at a high rate, which then hardly grows.",
    _KNOBS,
    _ramp,
    _class_2,
    timed=True,
)
