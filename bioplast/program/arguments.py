"""What a program is called with, checked: times, seeds, quantities, spikes on their way."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS, Quantity, have_same_dimensions

from ..definition.quantities import NotAQuantity, as_quantity
from ..definition.units import value_text
from ..errors import BioplastError


def seconds(duration: Any, what: str) -> float:
    """A time as a number of seconds; a plain number is refused, since its unit would be a guess."""
    try:
        is_time = have_same_dimensions(duration, brian2.second) and not np.ndim(duration)
    except TypeError:
        is_time = False
    if not is_time:
        raise BioplastError(f"{what} is {duration!r}: one time with a unit is accepted, such as 100*ms")
    value = float(duration)
    if not np.isfinite(value) or value < 0:
        raise BioplastError(f"{what} is {duration!r}: it must be finite and not negative")
    return value


def in_short(given: Any) -> str:
    """What a user gave, for a message of one line: a quantity with its unit."""
    if isinstance(given, Quantity) and not given.ndim:
        return value_text(given)
    text = " ".join(repr(given).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def positive(given: Any, what: str, kind: str = "number") -> float:
    """A positive number, that of a quantity in SI base units."""
    try:
        number, _ = as_quantity(given)
    except NotAQuantity:
        number = np.zeros(0)
    if number.ndim or number.dtype.kind == "b" or not 0 < number < np.inf:
        raise BioplastError(f"{what} is {in_short(given)}: a positive {kind} is accepted")
    return float(number)


def named(given: Any, what: str) -> dict[str, Any]:
    """What is given by name, as a dict of its own; nothing for None."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BioplastError(f"{what} is of type {type(given).__name__}: a dict by name is accepted")
    return dict(given)


def checked_seed(given: Any) -> int:
    """A seed as a number from 0 to 2**32 - 1."""
    try:
        number = -1 if isinstance(given, bool | np.bool_) else operator.index(given)
    except TypeError:
        number = -1
    if not 0 <= number < 2**32:
        raise BioplastError(f"seed is {in_short(given)}: a whole number from 0 to 2**32 - 1 is accepted")
    return number


def checked_queue(given: Any, key: str, synapses: int) -> np.ndarray:
    """Spikes on their way in a pathway of so many synapses, as rows of (steps until delivery, synapse).

    Whether one arrives, [steps until delivery, synapses], is accepted as well: that is what `final` holds of a run that
    JAX traced, as truth values or, with a surrogate derivative, as numbers.
    """
    plain = si_array(given, DIMENSIONLESS, key, None)
    whether = plain.dtype.kind == "b" or (plain.dtype.kind == "f" and synapses != 2)
    if whether and plain.ndim == 2 and plain.shape[1] == synapses and ((plain == 0) | (plain == 1)).all():
        steps, targets = np.nonzero(plain)
        return np.stack([steps + 1, targets], axis=1).astype(np.int32)
    given_shape = plain.shape
    plain = plain.reshape(-1, 2) if plain.size == 0 else plain
    if plain.ndim != 2 or plain.shape[1] != 2:
        raise BioplastError(
            f"{key!r} has shape {given_shape}: rows of (steps until delivery >= 1, synapse) are accepted, [spikes, 2]"
        )
    if (plain != np.round(plain)).any() or not ((plain[:, 0] >= 1) & (plain[:, 0] < 2**31)).all():
        raise BioplastError(f"{key!r}: rows of (steps until delivery >= 1, synapse) are accepted, in whole numbers")
    if ((plain[:, 1] < 0) | (plain[:, 1] >= synapses)).any():
        raise BioplastError(f"{key!r}: synapses 0 to {synapses - 1} are accepted")
    return plain.astype(np.int32)


def is_batch_of_queues(given: Any) -> bool:
    """Whether spikes on their way are given for each run of a batch: rows (steps, synapse) of its own for each."""
    try:
        if isinstance(given, list | tuple):
            return len(given) > 0 and all(np.ndim(rows) == 2 for rows in given)
        return np.ndim(given) == 3
    except ValueError:  # rows of different lengths, which are refused by name
        return False


def is_batch_of_inputs(given: Any, rank: int) -> bool:
    """Whether an input is given for each run of a batch.

    Parameters
    ----------
    given : array, or (times, neurons), or a list of such pairs
        Only a list has a batch of event lists, which may differ in length.
    rank : int
        The number of axes that the input of one run has.
    """
    if isinstance(given, tuple):
        return False
    if isinstance(given, list) and given and all(isinstance(pair, tuple) and len(pair) == 2 for pair in given):
        return True
    try:
        return np.ndim(given) > rank
    except ValueError:  # lists of different lengths, which a call refuses by name
        return False


def si_array(given: Any, dimensions: Any, name: str, shape: tuple[int, ...] | None) -> np.ndarray:
    """A value as numbers in SI base units.

    Parameters
    ----------
    given : number, array, Quantity, variable of a group, or lists of these
        Without a unit it is in SI base units; with one it must be the right one, however deep in lists.
    dimensions : brian2 Dimension
        What is expected.
    name : str
        What the value is for, for messages.
    shape : tuple or None
        What it has to broadcast to; any when None.

    Raises
    ------
    BioplastError
        For a wrong unit, a wrong shape or what is no number.
    """
    try:
        plain, found = as_quantity(given)
    except NotAQuantity as reason:
        raise BioplastError(f"{name!r}: {reason}") from None
    if found is not dimensions and (found is not DIMENSIONLESS or isinstance(given, Quantity)):
        wrong, right = ("no unit" if d is DIMENSIONLESS else str(brian2.get_unit(d)) for d in (found, dimensions))
        raise BioplastError(f"{name!r} is given in {wrong}: {right} is expected")
    if shape is not None:
        try:
            np.broadcast_to(plain, shape)
        except ValueError:
            raise BioplastError(f"{name!r} has shape {plain.shape}: {shape} is expected") from None
    return plain
