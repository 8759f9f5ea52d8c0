"""Units as text: Brian2's names of the field's units, their symbols, and values with them."""

from __future__ import annotations

import functools
import re
from typing import Any

import brian2.units.allunits as units
import numpy as np
from brian2 import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS

# The units that equation lines are written in, the more familiar first: a dimension is shown in the first that fits.
_FIELD = ("volt", "amp", "second", "hertz", "siemens", "ohm", "farad", "coulomb", "metre", "mmolar", "mole")


_OTHER = ("joule", "watt", "newton", "pascal", "kelvin", "kilogram")


_RAISED = str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹")


_SI = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")


@functools.cache
def _familiar_units() -> dict[Any, str]:
    dims = {name: getattr(units, name).dim for name in _FIELD}
    found: dict[Any, str] = {DIMENSIONLESS: "1"} | {dim: name for name, dim in dims.items()}
    for name in _OTHER:
        found.setdefault(getattr(units, name).dim, name)
    for a, dim in dims.items():
        found.setdefault(dim**2, f"{a}**2")
        found.setdefault(dim**-1, f"1/{a}")
    for power, suffix in ((1, ""), (2, "**2")):
        for a in dims:
            for b in dims:
                found.setdefault(dims[a] / dims[b] ** power, f"{a}/{b}{suffix}")
    for a in dims:
        for b in dims:
            found.setdefault(dims[a] * dims[b], f"{a}*{b}")
    return found


def unit_text(dimensions: Any) -> str:
    """The unit of a dimension as a Brian2 equation line writes it, such as "volt/second" or "1"."""
    familiar = _familiar_units().get(dimensions)
    if familiar is not None:
        return familiar
    powers = {name: dimensions.get_dimension("ampere" if name == "amp" else name) for name in _SI}
    return "*".join(name if power == 1 else f"{name}**{power:g}" for name, power in powers.items() if power != 0)


def unit_symbols(unit: str) -> str:
    """What `unit_text` gave, for a figure or a page: "amp/metre**2" as "A/m²", and nothing for "1"."""
    told = "" if unit == "1" else re.sub(r"[a-z]+", lambda name: getattr(units, name[0]).dispname, unit)
    return re.sub(r"\*\*([-\d.]+)", lambda power: power[1].translate(_RAISED), told).replace("*", " ")


def unit_name(dimensions: Any) -> str:
    """The unit of a dimension for a sentence."""
    return "no unit" if dimensions is DIMENSIONLESS else unit_text(dimensions)


def with_unit_names(message: str) -> str:
    """A message of Brian2 with its products of SI units, such as m^2 kg s^-3 A^-1, told as the field calls them."""
    told = {str(dim): name for dim, name in _familiar_units().items() if "^" in str(dim) or " " in str(dim)}
    for product in sorted(told, key=len, reverse=True):
        message = message.replace(product, told[product])
    return message


def value_text(value: Any) -> str:
    """A number with its unit, such as "20 Hz"; a dimensionless one alone."""
    if isinstance(value, str | bool | np.bool_):
        return str(value)
    if isinstance(value, Quantity) and value.dim is not DIMENSIONLESS:
        text = value.in_best_unit()
        if "kg" in text or "Wb" in text:  # Brian2 has no name that the field would use
            text = f"{np.asarray(value)} {unit_text(value.dim)}"
        return re.sub(r"(\d)\.0?(?=\s|$)", r"\1", text)
    return f"{float(value):g}" if np.ndim(value) == 0 else str(np.asarray(value))
