"""What stimuli are asked for with: times, rates, numbers and a source of randomness, checked."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from brian2 import Hz, TimedArray, get_unit, second
from brian2.units.fundamentalunits import DIMENSIONLESS, DimensionMismatchError, get_dimensions

from ..errors import BioplastError

# What a stimulus may take while it is drawn, in bytes: more is a slip, and would bring a machine down.
MEMORY = 32e9
# Of a spike: its time and neuron, drawn, joined and sorted.
SPIKE = 64

# A time that lies so little before the border of two bins, in bins, belongs to the later one: it was rounded.
ROUNDING = 1e-6


def time(name: str, given: Any, zero: bool = False) -> float:
    """A time in seconds; BioplastError unless it is one positive time with a unit, or 0 where that is accepted."""
    plain = np.asarray(given, dtype=float) if getattr(given, "dim", None) is second.dim else np.asarray(np.nan)
    if plain.ndim or not (0 < plain < np.inf or (zero and plain == 0)):
        kind = "a time that is not negative" if zero else "a positive time"
        raise BioplastError(f"{name} is {in_short(given)}: {kind} with a unit is accepted, such as 1*ms")
    return float(plain)


def bins(times: np.ndarray, width: float) -> np.ndarray:
    """The bin that each time lies in, counted from 0; both in seconds."""
    return np.floor(times / width + ROUNDING).astype(np.int64)


def rates(given: Any, shape: tuple[int, ...], axes: str) -> np.ndarray:
    """Rates in Hz, of a shape that they are brought to; `axes` says what it means."""
    # a TimedArray has a unit, too, but is no array
    if getattr(given, "dim", None) is not Hz.dim or isinstance(given, TimedArray):
        raise BioplastError(f"rate is {in_short(given)}: a rate with a unit is accepted, such as 10*Hz or [10, 20]*Hz")
    plain = np.asarray(given, dtype=float)
    try:
        plain = np.broadcast_to(plain, shape)
    except ValueError:
        raise BioplastError(f"rate has shape {plain.shape}: one, or {axes} {shape}, is accepted") from None
    if not ((plain >= 0) & (plain < np.inf)).all():
        raise BioplastError("rate is negative or not finite")
    return plain


def in_short(given: Any) -> str:
    """What was given, in one line."""
    text = " ".join(repr(given).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def bare(name: str, given: Any, unit: Any = None) -> np.ndarray:
    """Plain numbers from plain ones, or from quantities of a unit, in a list, too.

    Parameters
    ----------
    name : str
        What is given; in the plural if it ends in s.
    given : array, quantity, or list of quantities
    unit : quantity, optional
        That which they may have.
    """
    found, dimensions = with_dimensions(name, given)
    expected = DIMENSIONLESS if unit is None else get_dimensions(unit)
    if dimensions is not DIMENSIONLESS and dimensions is not expected:
        accepted = "no unit" if expected is DIMENSIONLESS else str(get_unit(expected))
        verb = "are" if name.endswith("s") else "is"
        raise BioplastError(f"{name} {verb} given in {get_unit(dimensions)}: {accepted} is expected")
    return found


def with_dimensions(name: str, given: Any) -> tuple[np.ndarray, Any]:
    """An array of numbers in SI base units, and their dimensions."""
    parts = given if isinstance(given, list | tuple) else [given]
    if any(hasattr(part, "rescale") for part in parts):
        raise BioplastError(f"{name}: units of the package quantities are not accepted: give those of Brian2")
    try:
        dimensions = get_dimensions(given)
    except DimensionMismatchError:
        raise BioplastError(f"{name}: one unit is accepted") from None
    except TypeError as error:
        if "Mixing" in f"{error} {error.__context__}":
            raise BioplastError(f"{name}: a unit for all or for none is accepted") from None
        dimensions = DIMENSIONLESS
    except ValueError:
        dimensions = DIMENSIONLESS
    array = np.asarray(given)
    if array.dtype.kind not in "biuf":
        raise BioplastError(f"{name}: numbers are accepted")
    return array, dimensions


def affordable(what: str, number: float, each: int) -> None:
    """Refuse what would not fit into memory: so many numbers that take `each` bytes."""
    if number * each > MEMORY:
        raise BioplastError(f"{what}: {number:.3g} would take {number * each / 1e9:.3g} GB: up to 32 GB are accepted")


def is_real(given: Any) -> bool:
    """Whether it is one real number, and no truth value."""
    return isinstance(given, numbers.Real) and not isinstance(given, bool)


def whole(name: str, given: Any, low: int = 1) -> int:
    """A whole number from `low`."""
    if isinstance(given, bool | np.bool_) or not hasattr(given, "__index__") or int(given) < low:
        raise BioplastError(f"{name} is {given!r}: a whole number from {low} is accepted")
    return int(given)


def generator(given: Any) -> np.random.Generator:
    """A source of randomness."""
    if not isinstance(given, np.random.Generator):
        raise BioplastError(f"rng is {given!r}: a generator is accepted, such as numpy.random.default_rng(1)")
    return given


def fractions(intensity: Any, maximum: Any = None) -> np.ndarray:
    """Intensities as parts of the largest that there can be, from 0 to 1.

    Without a maximum it is 255 for bytes (``uint8``), as images have them, and 1 for all other numbers.
    """
    given = np.asarray(intensity)
    if given.dtype.kind not in "uif":
        raise BioplastError(f"intensities are of type {given.dtype.name}: numbers are accepted")
    given = bare("intensities", intensity)
    largest = (255 if given.dtype == np.uint8 else 1) if maximum is None else maximum
    if not is_real(largest) or not 0 < largest < np.inf:
        raise BioplastError(f"maximum is {maximum!r}: a positive number is accepted")
    if given.size and not (given.min() >= 0 and given.max() <= largest):
        raise BioplastError(f"intensities lie from {given.min():g} to {given.max():g}: 0 to {largest:g} are accepted")
    return given / largest
