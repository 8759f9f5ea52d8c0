"""What the protocols of several patterns share."""

from __future__ import annotations

from .pattern import Knob

# Before the first event, and between events, the cell is left alone for so long.
REST = Knob(4, 60, "recovery")
# A step is long, a pulse short compared with the membrane.
STEP = Knob(2, 40, "recovery")
PULSE = Knob(0.05, 4, "tau")
# With the rheobase as the unit, for a cell whose rheobase differs from that of its model's default parameters.
STEP_CURRENT = Knob(0.2, 20, "rheobase")
# What has to be answered is stronger than its threshold, but by so little that step size does not decide.
ANSWERED = 1.02
STRONG = Knob(ANSWERED, 20, "threshold")
MODEST = Knob(ANSWERED, 2, "threshold")
