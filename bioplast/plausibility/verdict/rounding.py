"""Numbers for people: as Python code in familiar units, with no more digits than they need."""

from __future__ import annotations

import functools
from typing import Any

import brian2

# The fewest significant digits that are printed, and as many as make the very same number again.
FEWEST, FULL = 3, 17
# Of a stimulus no fewer digits are printed.
STIMULUS = 4
# What the field writes instead of a unit, the usual one first; another is taken where the number would be out of RANGE.
FAMILIAR = {
    "volt": ("mV", "volt", "uvolt"),
    "second": ("ms", "second", "us"),
    "hertz": ("Hz", "kHz"),
    "siemens": ("nS", "uS", "mS", "psiemens"),
    "amp": ("pA", "nA", "uA", "mA", "amp"),
    "farad": ("pF", "nF", "uF"),
    "ohm": ("Mohm", "Gohm", "kohm", "ohm"),
    "metre": ("um", "mm", "metre"),
    "volt/second": ("mV/ms",),
    "volt/second**2": ("mV/ms**2",),
    "amp/second": ("pA/ms",),
    "amp/metre**2": ("uA/cm**2",),
    "siemens/metre**2": ("mS/cm**2",),
    "farad/metre**2": ("uF/cm**2",),
    "hertz/volt": ("Hz/mV",),
}
RANGE = (0.01, 1000.0)


def code(value: float, unit: str, digits: int = FULL) -> str:
    """A number with its unit as Python code, with names as in ``from brian2 import *``.

    Parameters
    ----------
    value : float
        In SI base units.
    unit : str
        As `unit_text` gives it, such as "siemens"; "1" or "boolean" for a pure number.
    digits : int
        Significant ones. With `FULL`, the code is that of the very same number, in SI units.

    Examples
    --------
    >>> code(2.204759472887963e-08, "siemens", 4)
    '22.05*nS'
    >>> code(2.204759472887963e-08, "siemens")
    '2.204759472887963e-08*siemens'
    """
    if digits >= FULL:
        text = repr(value)
    else:
        familiar = FAMILIAR.get(unit, (unit,))
        scaled = {name: value / _size(name) for name in familiar}
        unit = next((name for name in familiar if RANGE[0] <= abs(scaled[name]) < RANGE[1]), familiar[0])
        text = repr(rounded(scaled[unit], digits)).removesuffix(".0")
    if unit in ("1", "boolean"):
        return text
    return f"{text}{unit[1:]}" if unit.startswith("1/") else f"{text}*{unit}"


def value_of(text: str) -> float:
    """The number in SI base units that `code` stands for."""
    return float(eval(text, {"__builtins__": {}}, _names()))


def rounded(value: float, digits: int) -> float:
    """A number with so many significant digits."""
    return float(f"{value:.{digits}g}")


@functools.cache
def _size(unit: str) -> float:
    """How large a unit is in SI base units."""
    return 1.0 if unit in ("1", "boolean") else value_of(unit)


@functools.cache
def _names() -> dict[str, Any]:
    return dict(vars(brian2))
