"""Which values are trained, and how the optimiser sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions

from ..errors import BioplastError
from ..program import Program

__all__ = ["Trainable"]


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
    index : array of int [elements], optional
        For synapses, or neurons, that share a number, as the weights of a convolution do: which of the numbers 0 to
        K - 1 each element of the value has. Those K numbers are trained, each along the sum of the gradients of its
        elements, which begin with the same value. Each of the K numbers belongs to an element at least.
    """

    unit: Any = 1
    low: Any = None
    high: Any = None
    index: Any = None

    def scaled(self, name: str, start: np.ndarray) -> Scaled:
        """The numbers that are trained, after a check that all fits together.

        Parameters
        ----------
        name : str
            The key of the value.
        start : ndarray
            The value to begin with, in SI base units.

        Raises
        ------
        BioplastError
            For a unit that is not positive, bounds of another unit, a start outside of them, or an index that does not
            fit.
        """
        unit = float(self.unit)
        if not 0 < unit < np.inf:
            raise BioplastError(f"{name!r}: the unit {self.unit!r} must be positive")
        bounds = []
        for bound, none in ((self.low, -np.inf), (self.high, np.inf)):
            if bound is not None and get_dimensions(bound) is not get_dimensions(self.unit):
                raise BioplastError(f"{name!r}: the bound {bound!r} must have the unit of {self.unit!r}")
            bounds.append(none if bound is None else float(bound))
        low, high = bounds
        if not low < high:
            raise BioplastError(f"{name!r}: the bound {self.low!r} must be below {self.high!r}")
        if not ((start >= low) & (start <= high)).all():
            raise BioplastError(f"{name!r} begins outside of its bounds {self.low!r} and {self.high!r}")
        index = None if self.index is None else _checked_index(name, self.index, start)
        if index is not None:
            start = start[np.unique(index, return_index=True)[1]]
        return Scaled(unit, low / unit, high / unit, np.asarray(start / unit), index)


def _checked_index(name: str, given: Any, start: np.ndarray) -> np.ndarray:
    """Which number each element has, as an array."""
    index = np.asarray(given)
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
    """A trained value in its unit: factor to SI base units, bounds, where it starts, and who shares a number."""

    unit: float
    low: float
    high: float
    start: np.ndarray
    index: np.ndarray | None = None


def scaled(program: Program, train: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Scaled]:
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
        how = given if isinstance(given, Trainable) else Trainable(given)
        if not isinstance(how.unit, Quantity | int | float):
            raise BioplastError(f"{name!r}: a quantity or a Trainable is accepted, not {given!r}")
        # refuses what does not exist or has another unit
        program._checked({name: how.unit if isinstance(how.unit, Quantity) else Quantity(how.unit)})
        start = np.asarray(values[name])
        if start.dtype.kind != "f":
            raise BioplastError(f"{name!r} is not a real number and has no derivative")
        found[name] = how.scaled(name, start)
    return found
