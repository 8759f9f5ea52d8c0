"""Values that a definition holds: immutable, comparable, checked for unit and shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brian2 import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import DefinitionError
from .quantities import NotAQuantity, as_quantity
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
    value : number, array, Quantity, variable of a group, or lists of these
        A scalar, or an array of shape ``(size,)``.
    dimensions : Dimension
        What the variable is measured in.
    size : int or None
        The number of neurons or synapses, None if it is not known yet.
    shared : bool
        Whether the variable has one value for all of them, so that only a scalar is accepted.

    Returns
    -------
    value : ndarray or Quantity
        The same as one array.

    Raises
    ------
    DefinitionError
        If the unit, the shape or the kind is wrong.
    """
    expected = unit_name(dimensions)
    try:
        numbers, found = as_quantity(value)
    except NotAQuantity as reason:
        raise DefinitionError(f"{label}: {name}: {reason}; expected {expected}") from None
    if found is not dimensions:
        if found is DIMENSIONLESS:
            raise DefinitionError(f"{label}: {name} was given without a unit; expected {expected}")
        raise DefinitionError(f"{label}: {name} is in {unit_name(found)}; expected {expected}")
    accepted = [()] if shared else [(), numbers.shape[:1] if size is None else (size,)]
    if numbers.shape not in accepted:
        each = "one value for each" if size is None else f"shape ({size},)"
        raise DefinitionError(
            f"{label}: {name} has shape {numbers.shape}; accepted: "
            + ("a scalar, since it is shared" if shared else f"a scalar or {each}")
        )
    if np.isnan(numbers).any():
        raise DefinitionError(f"{label}: {name} contains NaN")
    return numbers if found is DIMENSIONLESS else Quantity(numbers, dim=found)


def unchangeable(value: Any) -> Any:
    """A copy of an array that cannot be written to; anything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.copy()
        value.flags.writeable = False
    return value
