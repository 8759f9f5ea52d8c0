"""What the protocols of several patterns share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.sweep import Sweep, Waveform
from .pattern import Knob

# Before the first event, and between events, the cell is left alone for so long.
REST = Knob(4, 60, unit="recovery")
# A step is long, a pulse short compared with the membrane.
STEP = Knob(2, 40, unit="recovery")
PULSE = Knob(0.05, 4, unit="tau")
# With the rheobase as the unit, for a cell whose rheobase differs from that of its model's default parameters.
STEP_CURRENT = Knob(0.2, 20, unit="rheobase")
# What has to be answered is stronger than its threshold, but by so little that step size does not decide.
ANSWERED = 1.02
STRONG = Knob(ANSWERED, 20, unit="threshold")
MODEST = Knob(ANSWERED, 2, unit="threshold")


def step_from_rest(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    """A step from rest, called "step", at whose end the answer ends."""
    waveform = Waveform(size).rest(knobs["rest"])
    return waveform.event("answer").piece("step", knobs["duration"], knobs["amplitude"]).end()


def pulse_from_rest(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    """A pulse from rest, called "pulse", and the time in which it is answered."""
    return _pulse(knobs, size, "answer").end(knobs["wait"])


def pulse_with_aftermath(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    """As `pulse_from_rest`, with the course of v watched after the pulse or the last spike."""
    return _pulse(knobs, size, "answer").aftermath().end(knobs["wait"])


def probing_pulse(knobs: Mapping[str, np.ndarray], size: int) -> Sweep:
    """The pulse that has to be answered, see `Pattern.probe`."""
    return _pulse(knobs, size, "probe").end(knobs["wait"])


def _pulse(knobs: Mapping[str, np.ndarray], size: int, event: str) -> Waveform:
    waveform = Waveform(size).rest(knobs["rest"]).event(event)
    return waveform.piece("pulse", knobs["width"], knobs["amplitude"])
