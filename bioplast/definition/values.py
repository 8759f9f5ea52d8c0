"""Values that a definition holds: immutable, comparable, checked for unit and shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brian2 import DimensionMismatchError, Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import DefinitionError
from .units import unit_name


def frozen(value: Any) -> Any:
    """A hashable stand-in for a value: equal numbers with equal units have equal stand-ins."""
    if isinstance(value, Quantity):
        return np.asarray(value).tobytes(), np.shape(value), frozen(value.dim)
    if isinstance(value, np.ndarray):
        return value.tobytes(), value.shape
    if isinstance(value, Mapping):
        return tuple((key, frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(frozen, value))
    return value


class Table(Mapping[str, Any]):
    """An ordered mapping that cannot change, so that the definition that holds it can be hashed and shared."""

    __slots__ = ("_items",)

    def __init__(self, items: Any = ()):
        self._items = dict(items)

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)

    def __hash__(self) -> int:
        return hash(frozen(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and frozen(self) == frozen(other)


def checked_value(label: str, name: str, value: Any, dimensions: Any, size: int | None, shared: bool = False) -> Any:
    """Check the number, array or Quantity that a user gives for a variable.

    Parameters
    ----------
    label, name : str
        The definition and the variable, for the message.
    value : number, array or Quantity
        A scalar, or an array of shape ``(size,)``.
    dimensions : Dimension
        What the variable is measured in.
    size : int or None
        The number of neurons or synapses, None if it is not known yet.
    shared : bool
        Whether the variable has one value for all of them, so that only a scalar is accepted.

    Returns
    -------
    value : number, array or Quantity
        The same, with a list of quantities made into one Quantity.

    Raises
    ------
    DefinitionError
        If the unit, the shape or the kind is wrong.
    """
    expected = unit_name(dimensions)
    try:
        number = value if isinstance(value, Quantity) else Quantity(value)
        magnitude = np.asarray(number)
        if magnitude.dtype.kind not in "biuf":
            raise TypeError
    except DimensionMismatchError:
        raise DefinitionError(f"{label}: {name} mixes units; expected {expected} throughout") from None
    except (TypeError, ValueError):
        raise DefinitionError(
            f"{label}: {name}={value!r} is not accepted; give a number, an array, a Quantity or a string expression"
        ) from None
    if number.dim is not dimensions:
        if number.dim is DIMENSIONLESS:
            raise DefinitionError(f"{label}: {name} was given without a unit; expected {expected}")
        raise DefinitionError(f"{label}: {name} is in {unit_name(number.dim)}; expected {expected}")
    accepted = [()] if shared else [(), magnitude.shape[:1] if size is None else (size,)]
    if magnitude.shape not in accepted:
        raise DefinitionError(
            f"{label}: {name} has shape {magnitude.shape}; accepted: "
            + ("a scalar, since it is shared" if shared else f"a scalar or shape ({size},)")
        )
    if np.isnan(magnitude).any():
        raise DefinitionError(f"{label}: {name} contains NaN")
    return number if number.dim is not DIMENSIONLESS else magnitude


def unchangeable(value: Any) -> Any:
    """A copy of an array that cannot be written to; anything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.copy()
        value.flags.writeable = False
    return value
