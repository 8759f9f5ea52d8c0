"""Numbers with the units of NeuroML, read into SI units and written."""

from __future__ import annotations

import math
import re

from ...errors import BioplastError, Unsupported

__all__ = ["read_quantity", "written_quantity"]

#: What each dimension is measured in: the powers of ten of NeuroML's units, the one we prefer to write first.
UNITS: dict[str, dict[str, int]] = {
    "voltage": {"mV": -3, "V": 0},
    "time": {"ms": -3, "s": 0},
    "per_time": {"per_ms": 3, "per_s": 0, "Hz": 0},
    "conductance": {"nS": -9, "pS": -12, "uS": -6, "mS": -3, "S": 0},
    "capacitance": {"pF": -12, "nF": -9, "uF": -6, "F": 0},
    "current": {"nA": -9, "pA": -12, "uA": -6, "A": 0},
    "conductance_per_voltage": {"nS_per_mV": -6, "S_per_V": 0},
    "none": {"": 0},
}
_QUANTITY = re.compile(
    r"\s*([-+]?(?:[0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][-+]?[0-9]{1,6})?)\s*([A-Za-z]\w{0,39}|)\s*"
)
_LONGEST = 60


def read_quantity(text: str, dimension: str) -> float:
    """A number in SI units.

    Parameters
    ----------
    text : str
        Such as "-65mV".
    dimension : str
        NeuroML's name of it, such as "voltage"; "none" is a number alone.

    Raises
    ------
    BioplastError
        If it is no number, not finite, or in a unit of another dimension.
    """
    units = UNITS[dimension]
    accepted = f"a {dimension} in {', '.join(units)}" if dimension != "none" else "a number without a unit"
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise BioplastError(f"{text[:_LONGEST]!r} is accepted only as {accepted}")
    if found[2] not in units:
        raise BioplastError(
            f"{text[:_LONGEST]!r} has {f'the unit {found[2]!r}' if found[2] else 'no unit'}; accepted: {accepted}"
        )
    value = _scaled(found[1], units[found[2]])
    if not math.isfinite(value):
        raise BioplastError(f"{text[:_LONGEST]!r} is not finite")
    return value


def _scaled(digits: str, power: int) -> float:
    """The number nearest to digits times a power of ten: 3.1 ms is 0.0031 s to the last bit."""
    mantissa, _, exponent = digits.lower().partition("e")
    return float(f"{mantissa}e{int(exponent or 0) + power}")


def written_quantity(value: float, dimension: str) -> str:
    """The text of a number in SI units, from which `read_quantity` gets the same number.

    Parameters
    ----------
    value : float
    dimension : str

    Raises
    ------
    Unsupported
        If it is not finite.
    """
    if not math.isfinite(value):
        raise Unsupported(f"NeuroML cannot express the number {value}")
    for unit, power in UNITS[dimension].items():
        digits = f"{value / 10.0**power:.15g}".replace("e+", "e")
        if _scaled(digits, power) == value and "e" not in digits:
            return f"{digits}{unit}"
    unit = next(unit for unit, power in UNITS[dimension].items() if power == 0)
    return f"{value!r}{unit}".replace("e+", "e")
