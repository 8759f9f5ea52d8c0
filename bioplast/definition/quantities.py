"""What a user gives as a value, as one array with its dimensions, however the quantities are nested."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Quantity
from brian2.core.variables import VariableView
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from .units import unit_name

__all__ = ["NotAQuantity", "as_quantity"]


class NotAQuantity(Exception):  # noqa: N818 - reads as what it says
    """What is given is no array of numbers of one unit; the message says why."""


def as_quantity(given: Any) -> tuple[np.ndarray, Any]:
    """Numbers in SI base units and their dimensions.

    Parameters
    ----------
    given : number, array, Quantity, variable of a group, or lists and tuples of these, nested
        Every element has the same unit, or none has one.

    Returns
    -------
    numbers : ndarray
        In SI base units; of whole numbers and truth values where those were given.
    dimensions : brian2 Dimension

    Raises
    ------
    NotAQuantity
        When units are mixed, a unit is of another package, or something is no number.
    """
    if isinstance(given, VariableView):
        given = given[:]
    if np.ma.is_masked(given):
        raise NotAQuantity("numbers are accepted, not an array with masked elements")
    if isinstance(given, list | tuple):
        if not {type(part) for part in given} <= _BARE:
            return _joined([as_quantity(part) for part in given])
        array = np.asarray(given) if len(given) else np.zeros(0)
        if array.dtype == object:
            raise NotAQuantity("whole numbers of 64 bits are accepted")
        return array, DIMENSIONLESS
    if isinstance(given, Quantity) and given.dtype.kind in "biuf":
        return np.asarray(given), get_dimensions(given)
    if hasattr(given, "units") or hasattr(given, "unit"):
        package = type(given).__module__.partition(".")[0]
        raise NotAQuantity(f"a {type(given).__name__} of the package {package} is not accepted: give one of Brian2")
    try:
        array = np.asarray(given)
    except (TypeError, ValueError):
        raise NotAQuantity(f"numbers are accepted, not {type(given).__name__}") from None
    if array.dtype == object and array.ndim:
        return as_quantity(array.tolist())
    if array.dtype.kind not in "biuf":
        kind = f"an array of {array.dtype}" if isinstance(given, np.ndarray) else type(given).__name__
        raise NotAQuantity(f"numbers are accepted, not {kind}")
    return array, DIMENSIONLESS


_BARE = {int, float, bool, np.float64, np.float32, np.int64, np.int32, np.bool_}


def _joined(parts: list[tuple[np.ndarray, Any]]) -> tuple[np.ndarray, Any]:
    dimensions = {dim for _, dim in parts}
    if len(dimensions) > 1:
        names = sorted(map(unit_name, dimensions), key=lambda name: (name == "no unit", name))
        raise NotAQuantity(f"one unit is accepted, not {' and '.join(names)}")
    if len({numbers.shape for numbers, _ in parts}) > 1:
        raise NotAQuantity("rows of one length are accepted")
    return np.array([numbers for numbers, _ in parts]), dimensions.pop()
