"""Which values are trained, and how the optimiser or the strategy sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..definition.quantities import NotAQuantity, as_quantity
from ..definition.units import unit_name, value_text
from ..errors import BioplastError, UnknownName
from ..program import Program
from ..program.arguments import in_short, si_array
from ..search.space import SCALES

__all__ = ["Scaled", "Trainable", "in_units", "precision_of", "scaled"]


@dataclass(frozen=True, eq=False)
class Trainable:
    """How a state variable or parameter is trained.

    The optimiser sees the value divided by `unit`, so that a learning rate means the same for a weight of 1e-10 A and
    a time constant of 0.02 s. After each step the value is put back to the bound that it has passed.

    Parameters
    ----------
    unit : quantity
        A typical size of the value, such as ``0.1*nA``.
    low, high : quantity, optional
        Bounds.
    scale : {"linear", "log"}
        With "log" the optimiser sees the logarithm of the value divided by `unit`: a step is a factor. For values that
        are positive, such as a time constant; each one to begin with must be, and `low`, where it is given.
    index : array of int [elements], optional
        For synapses, or neurons, that share a number, as the weights of a convolution do: which of the numbers 0 to
        K - 1 each element of the value has. Those K numbers are trained, each along the sum of the gradients of its
        elements, which begin with the same value. Each of the K numbers belongs to an element at least.

    Notes
    -----
    Of sparse connections, as ``synapses.connect(p=0.2)`` or ``synapses.connect(i=pre, j=post)`` make them, only the
    synapses that exist have a weight: that is what a mask does to a dense matrix, without its cost.
    """

    unit: Any = 1
    low: Any = None
    high: Any = None
    index: Any = None
    scale: str = "linear"

    def scaled(self, name: str, start: np.ndarray, dimensions: Any, dtype: Any) -> Scaled:
        """The numbers that are trained, after a check that all fits together.

        Parameters
        ----------
        name : str
            The key of the value.
        start : ndarray
            The value to begin with, in SI base units.
        dimensions : brian2 Dimension
            Of the value.
        dtype : numpy.dtype
            What it is computed with.

        Raises
        ------
        BioplastError
            For a unit that is not positive, a unit or bounds of other dimensions, a start outside of the bounds, an
            index that does not fit, a scale that is not known, or what is not positive on the scale "log".
        """
        right = unit_name(dimensions)
        if self.scale not in SCALES:
            raise BioplastError(f"{name!r}: the scale {in_short(self.scale)} is not known; accepted: 'linear', 'log'")
        log = self.scale == "log"
        unit = _number(self.unit, dimensions, f"{name!r}: the unit", right)
        if not 0 < unit < np.inf:
            raise BioplastError(
                f"{name!r}: the unit {in_short(self.unit)} must be positive and finite, a typical size in {right}"
            )
        bounds = [
            none if bound is None else _number(bound, dimensions, f"{name!r}: the bound {which}", right)
            for which, bound, none in (("low", self.low, -np.inf), ("high", self.high, np.inf))
        ]
        low, high = bounds
        if not low < high:
            raise BioplastError(f"{name!r}: the bound {in_short(self.low)} must be below {in_short(self.high)}")
        if not start.size:
            raise BioplastError(f"{name!r} has no elements to train")
        outside = np.flatnonzero(~((start >= low) & (start <= high) & np.isfinite(start)))
        if len(outside):
            found = in_units(start.flat[outside[0]], dimensions)
            which = f"element {outside[0]} of {name!r}" if start.ndim else f"{name!r}"
            if not np.isfinite(start.flat[outside[0]]):
                raise BioplastError(f"{which} begins with {found}: a finite number is accepted")
            raise BioplastError(
                f"{which} begins outside of its bounds {in_short(self.low)} and {in_short(self.high)}: with {found}"
            )
        if log and low <= 0 and self.low is not None:
            raise BioplastError(f"{name!r}: the bound {in_short(self.low)} on the scale 'log' must be positive")
        if log and not (start > 0).all():
            wrong = in_units(start.flat[np.argmin(start > 0)], dimensions)
            raise BioplastError(f"{name!r} begins with {wrong}: on the scale 'log' positive values are accepted")
        index = None if self.index is None else _checked_index(name, self.index, start)
        if index is not None:
            start = start[np.unique(index, return_index=True)[1]]
        inside = _inside_log if log else _inside
        lowest, highest = inside(low, unit, dtype, np.inf), inside(high, unit, dtype, -np.inf)
        if not lowest < highest:
            raise BioplastError(
                f"{name!r}: no two numbers of {dtype} lie between {in_short(self.low)} and {in_short(self.high)}"
            )
        numbers = np.log(start / unit) if log else start / unit
        begin = np.clip(np.asarray(numbers, dtype=dtype), lowest, highest)
        return Scaled(unit, lowest, highest, begin, index, dimensions, log)


def _number(given: Any, dimensions: Any, what: str, right: str) -> float:
    """One number of the right unit, in SI base units."""
    try:
        plain, found = as_quantity(given)
    except NotAQuantity:
        raise BioplastError(f"{what} is {in_short(given)}: one number in {right} is accepted") from None
    if plain.ndim or plain.dtype.kind == "b" or np.isnan(plain):
        raise BioplastError(f"{what} is {in_short(given)}: one number in {right} is accepted")
    if found is not dimensions:
        given = f"{in_short(given)}, without a unit" if found is DIMENSIONLESS else in_short(given)
        raise BioplastError(f"{what} is {given}: one number in {right} is accepted")
    return float(plain)


def in_units(number: Any, dimensions: Any) -> str:
    """A number in SI base units as text with its unit."""
    return value_text(Quantity(float(number), dim=dimensions))


def _inside(bound: float, unit: float, dtype: Any, inward: float) -> Any:
    """The outermost number of a precision whose product with the unit does not pass the bound by rounding."""
    kind = np.dtype(dtype).type
    number = kind(bound / unit)
    if not number or not np.isfinite(number):
        return number

    def passes(number: Any) -> bool:
        value = float(number * kind(unit))
        return value < bound if inward > 0 else value > bound

    while passes(number):
        number = np.nextafter(number, kind(inward))
    further = np.nextafter(number, kind(-inward))
    return number if passes(further) else further


def _inside_log(bound: float, unit: float, dtype: Any, inward: float) -> Any:
    """The outermost logarithm of which no exponential, however it is rounded, passes the bound."""
    kind = np.dtype(dtype).type
    if not 0 < bound < np.inf:
        return kind(-inward)
    number = kind(np.log(bound / unit))
    # exponentials of NumPy and of XLA differ by some last digits
    room = 4 * np.finfo(dtype).eps * max(1, abs(number))
    return kind(number + np.copysign(room, inward))


def _checked_index(name: str, given: Any, start: np.ndarray) -> np.ndarray:
    """Which number each element has, as an array."""
    index = si_array(given, DIMENSIONLESS, f"index of {name}", None)
    if index.shape != start.shape or not start.ndim:
        raise BioplastError(f"{name!r}: the index has shape {index.shape}: one number for each element, {start.shape}")
    if index.dtype.kind not in "iu" or (index < 0).any():
        wrong = index[index < 0][0] if index.dtype.kind == "i" else index.dtype
        raise BioplastError(f"{name!r}: the index holds {wrong}: whole numbers from 0 are accepted")
    numbers, first = np.unique(index, return_index=True)
    missing = np.flatnonzero(numbers != np.arange(len(numbers)))
    if len(missing):
        raise BioplastError(f"{name!r}: no element has the number {missing[0]}: the index counts from 0 without a gap")
    apart = np.flatnonzero(start != start[first][index])
    if len(apart):
        one, other = first[index[apart[0]]], apart[0]
        raise BioplastError(
            f"{name!r}: elements {one} and {other} share the number {index[other]} but begin with {start[one]:g} and "
            f"{start[other]:g}: begin with the same, as in values={{{name!r}: w[index]}}"
        )
    return index


@dataclass(frozen=True)
class Scaled:
    """A trained value in its unit.

    Attributes
    ----------
    unit : float
        What a number times it is in SI base units.
    low, high : float
        Bounds in that unit, of which the products with it are within those that were given.
    start : ndarray
        The numbers to begin with, in the precision of the program.
    index : ndarray or None
        Which of the numbers each element has.
    dimensions : brian2 Dimension
    log : bool
        Whether the numbers are logarithms.
    """

    unit: float
    low: Any
    high: Any
    start: np.ndarray
    index: np.ndarray | None
    dimensions: Any
    log: bool = False

    def values(self, numbers: Any) -> Any:
        """The values that numbers stand for, in SI base units and of their own array type: what a program is given."""
        if not self.log:
            return numbers * self.unit
        exponential = np.exp(numbers) if isinstance(numbers, np.ndarray | np.generic | float) else _exp(numbers)
        return exponential * self.unit

    def limit(self, times: float) -> float:
        """The number that stands for so many times the typical size, or the largest value to begin with."""
        if self.log:
            return float(np.log(times) + np.abs(self.start).max())
        return times * max(1.0, float(np.abs(self.start).max()))

    def elements(self, numbers: Any) -> Any:
        """As `values`, for each element."""
        return self.values(numbers) if self.index is None else self.values(numbers)[self.index]


def precision_of(program: Program) -> np.dtype[Any]:
    """What a program computes with: float64 on all targets but jax, which may have been told otherwise."""
    return np.dtype(getattr(program, "dtype", np.float64))


def _exp(numbers: Any) -> Any:
    import jax.numpy as jnp

    return jnp.exp(numbers)


def scaled(program: Program, train: Any, values: Mapping[str, Any]) -> dict[str, Scaled]:
    """What is trained of a program, by the keys of its values.

    Parameters
    ----------
    program : Program
    train : mapping of str to quantity or Trainable
    values : mapping
        The values to begin with, in SI base units; complete.
    """
    if not isinstance(train, Mapping) or not train:
        raise BioplastError(
            "train names the values to be trained with a typical size each, such as {'synapses.w': 0.1*nA}"
        )
    found = {}
    for name, given in train.items():
        variable = program._variables.get(name)
        if variable is None:
            real = [key for key, known in program._variables.items() if known.dtype.kind == "f" and not known.delay]
            raise UnknownName("value", str(name), real)
        start = np.asarray(values[name])
        if start.dtype.kind != "f" or variable.delay:
            kind = "a delay" if variable.delay else "True or False" if start.dtype.kind == "b" else "a whole number"
            raise BioplastError(f"{name!r} is {kind}, which has no derivative: real numbers are trained")
        how = given if isinstance(given, Trainable) else Trainable(given)
        found[name] = how.scaled(name, start, variable.dimensions, precision_of(program))
    return found
