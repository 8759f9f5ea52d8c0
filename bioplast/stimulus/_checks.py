"""What stimuli are asked for with: times, rates, numbers and a source of randomness, checked."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from brian2 import Hz, second

from ..errors import BioplastError


def time(name: str, given: Any, zero: bool = False) -> float:
    """A time in seconds; BioplastError unless it is one positive time with a unit, or 0 where that is accepted."""
    plain = np.asarray(given, dtype=float) if getattr(given, "dim", None) is second.dim else np.asarray(np.nan)
    if plain.ndim or not (0 < plain < np.inf or (zero and plain == 0)):
        kind = "a time that is not negative" if zero else "a positive time"
        raise BioplastError(f"{name} is {given!r}: {kind} with a unit is accepted, such as 1*ms")
    return float(plain)


def rates(given: Any, shape: tuple[int, ...], axes: str) -> np.ndarray:
    """Rates in Hz, of a shape that they are brought to; `axes` says what it means."""
    if getattr(given, "dim", None) is not Hz.dim:
        raise BioplastError(f"rate is {given!r}: a rate with a unit is accepted, such as 10*Hz or [10, 20]*Hz")
    plain = np.asarray(given, dtype=float)
    try:
        plain = np.broadcast_to(plain, shape)
    except ValueError:
        raise BioplastError(f"rate has shape {plain.shape}: one, or {axes} {shape}, is accepted") from None
    if not ((plain >= 0) & (plain < np.inf)).all():
        raise BioplastError("rate is negative or not finite")
    return plain


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
    largest = (255 if given.dtype == np.uint8 else 1) if maximum is None else maximum
    if not is_real(largest) or not 0 < largest < np.inf:
        raise BioplastError(f"maximum is {maximum!r}: a positive number is accepted")
    if given.size and not (given.min() >= 0 and given.max() <= largest):
        raise BioplastError(f"intensities lie from {given.min():g} to {given.max():g}: 0 to {largest:g} are accepted")
    return given / largest
