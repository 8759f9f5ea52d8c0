"""Parameters of a definition, the text of units, and the checking of the values that users give for them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import brian2.units.allunits as units
import numpy as np
from brian2 import DimensionMismatchError, Quantity, get_dimensions
from brian2.units.fundamentalunits import DIMENSIONLESS

from .errors import DefinitionError

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
            if given is not None:
                # A unit such as `ms` is itself a Quantity: 1*ms keeps the number and forgets which unit it was.
                object.__setattr__(self, name, self._number(name, given))
        if (self.low is None) != (self.high is None):
            raise DefinitionError(f"{self}: bounds come in pairs: give both low and high, or neither")
        if self.low is not None and not float(self.low) < float(self.high):
            raise DefinitionError(f"{self}: low must be below high")
        if self.scale not in (None, "linear", "log"):
            raise DefinitionError(f"{self}: scale {self.scale!r} is not known; accepted: 'linear', 'log'")
        if self.scale == "log" and (self.low is None or float(self.low) <= 0):
            raise DefinitionError(f"{self}: scale 'log' needs bounds above zero")

    def _number(self, name: str, given: Any) -> Any:
        if isinstance(given, bool | np.bool_):
            return bool(given)
        if isinstance(given, str) or np.ndim(given) != 0:
            raise DefinitionError(f"Parameter: {name}={given!r} must be one number, with its unit")
        try:
            number = Quantity(given)
            finite = not np.isnan(float(given))
        except (TypeError, ValueError):
            raise DefinitionError(f"Parameter: {name}={given!r} must be one number, with its unit") from None
        if not finite:
            raise DefinitionError(f"Parameter: {name} is not a number (NaN)")
        if name != "value" and number.dim is not self.dimensions:
            raise DefinitionError(
                f"Parameter({value_text(self.value)}): {name} is in {unit_name(number.dim)}, "
                f"but the value is in {unit_name(self.dimensions)}"
            )
        return number if number.dim is not DIMENSIONLESS else float(number)

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
