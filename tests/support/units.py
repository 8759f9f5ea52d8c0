"""Quantities of many units, packed in every way that values come in."""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import NeuronGroup

#: Units, and how an equation writes the base unit of each.
UNITS = {
    "mV": "volt",
    "nA": "amp",
    "ms": "second",
    "Hz": "hertz",
    "nS": "siemens",
    "pF": "farad",
    "Mohm": "ohm",
    "um": "metre",
}
FORMS = ["quantity", "list", "tuple", "objects", "variable", "slice"]


def packed(unit, form):
    """Two numbers with a unit, packed in some way."""
    one = getattr(brian2, unit)
    group = NeuronGroup(2, f"x : {UNITS[unit]}", name="packing*")
    group.x = [0.5, 1] * one
    return {
        "quantity": [0.5, 1] * one,
        "list": [0.5 * one, 1 * one],
        "tuple": (0.5 * one, 1 * one),
        "objects": np.array([0.5 * one, 1 * one], dtype=object),
        "variable": group.x,
        "slice": group.x[:],
    }[form]
