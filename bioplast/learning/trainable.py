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


@dataclass(frozen=True)
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
    """

    unit: Any = 1
    low: Any = None
    high: Any = None

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
            For a unit that is not positive, bounds of another unit, or a start outside of them.
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
        return Scaled(unit, low / unit, high / unit, np.asarray(start / unit))


@dataclass(frozen=True)
class Scaled:
    """A trained value in its unit: factor to SI base units, bounds, and where it starts."""

    unit: float
    low: float
    high: float
    start: np.ndarray


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
