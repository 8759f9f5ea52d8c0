"""Parameters of a definition, the text of units, and the checking of the values that users give for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Quantity, get_dimensions
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import DefinitionError
from .quantities import NotAQuantity, as_quantity
from .units import unit_name, unit_text, value_text
from .values import frozen


@dataclass(frozen=True, eq=False)
class Parameter:
    """A number of a model: its default, where to search for a better one, and what it means.

    Parameters
    ----------
    value : Quantity, float or bool
        The default, a scalar; its unit is the unit of the parameter.
    low, high : Quantity or float, optional
        The bounds of a search (both or neither; they do not limit what a user may set), in the unit of `value`.
    meaning : str
        In the field's words, for the tables that are printed.
    shared : bool
        One value for the whole group, instead of one for each neuron or synapse.
    scale : {"linear", "log"}, optional
        How a search walks between the bounds; "log" needs a positive `low`.

    Raises
    ------
    DefinitionError
        If the value is not one finite number, or the bounds have another unit or are not in order.

    Examples
    --------
    >>> from brian2 import ms
    >>> Parameter(10*ms, low=1*ms, high=100*ms, meaning="membrane time constant", scale="log")
    Parameter(10 ms, low=1 ms, high=100 ms, meaning='membrane time constant', scale='log')
    """

    value: Any
    low: Any = field(default=None, kw_only=True)
    high: Any = field(default=None, kw_only=True)
    meaning: str = field(default="", kw_only=True)
    shared: bool = field(default=False, kw_only=True)
    scale: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            given = getattr(self, name)
            if given is not None or name == "value":
                # A unit such as `ms` is itself a Quantity: 1*ms keeps the number and forgets which unit it was.
                object.__setattr__(self, name, self._number(name, given))
        if not isinstance(self.meaning, str):
            raise DefinitionError(f"{self}: meaning={self.meaning!r} must be text")
        if (self.low is None) != (self.high is None):
            raise DefinitionError(f"{self}: bounds come in pairs: give both low and high, or neither")
        if self.low is not None and not float(self.low) < float(self.high):
            raise DefinitionError(f"{self}: low must be below high")
        if self.scale not in (None, "linear", "log"):
            raise DefinitionError(f"{self}: scale {self.scale!r} is not known; accepted: 'linear', 'log'")
        if self.scale == "log" and (self.low is None or float(self.low) <= 0):
            raise DefinitionError(f"{self}: scale 'log' needs bounds above zero")

    def _number(self, name: str, given: Any) -> Any:
        try:
            numbers, dimensions = as_quantity(given)
        except NotAQuantity as reason:
            raise DefinitionError(f"Parameter: {name}={given!r} must be one number, with its unit: {reason}") from None
        if numbers.ndim:
            raise DefinitionError(f"Parameter: {name}={given!r} must be one number, with its unit")
        if numbers.dtype.kind == "b":
            return bool(numbers)
        if np.isnan(numbers):
            raise DefinitionError(f"Parameter: {name} is not a number (NaN)")
        if name != "value" and dimensions is not self.dimensions:
            raise DefinitionError(
                f"Parameter({value_text(self.value)}): {name} is in {unit_name(dimensions)}, "
                f"but the value is in {unit_name(self.dimensions)}"
            )
        return float(numbers) if dimensions is DIMENSIONLESS else Quantity(float(numbers), dim=dimensions)

    @property
    def dimensions(self) -> Any:
        """The physical dimensions, a brian2 Dimension."""
        return get_dimensions(self.value)

    @property
    def unit(self) -> str:
        """The unit as an equation line writes it; "boolean" for a truth value."""
        return "boolean" if isinstance(self.value, bool) else unit_text(self.dimensions)

    def line(self, name: str) -> str:
        """The line of the equations that declares this parameter under `name`."""
        return f"{name} : {self.unit} ({'shared, constant' if self.shared else 'constant'})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameter) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> Any:
        return frozen((self.value, self.low, self.high, self.meaning, self.shared, self.scale))

    def __repr__(self) -> str:
        parts = [value_text(self.value)]
        if self.low is not None and self.high is not None:
            parts += [f"low={value_text(self.low)}", f"high={value_text(self.high)}"]
        parts += [f"meaning={self.meaning!r}"] * bool(self.meaning) + ["shared=True"] * self.shared
        parts += [f"scale={self.scale!r}"] * (self.scale is not None)
        return f"Parameter({', '.join(parts)})"
