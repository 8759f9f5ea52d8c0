"""What the protocols of several patterns share."""

from __future__ import annotations

from ..pattern import Knob

# Before the first event, and between events, the cell is left alone for so long.
REST = Knob(8, 80, "tau")
# A step is long, a pulse short compared with the membrane.
STEP = Knob(10, 200, "tau")
PULSE = Knob(0.05, 4, "tau")
# With the rheobase as the unit, for a cell whose rheobase differs from that of its model's default parameters.
STEP_CURRENT = Knob(0.2, 20, "rheobase")
PULSE_CURRENT = Knob(0.2, 200, "rheobase")
