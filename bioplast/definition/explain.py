"""What Brian2 says of a group that it cannot make, as one line of ours; and what no group can be made with."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brian2.core import clocks
from brian2.core.base import BrianObjectException
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..errors import BioplastError, DefinitionError
from .check import one_line
from .quantities import NotAQuantity, as_quantity
from .units import unit_name, with_unit_names

# defaultclock stands for a clock; Brian2 2.11 has other clocks than those with a dt.
_CLOCKS = (getattr(clocks, "BaseClock", clocks.Clock), type(clocks.defaultclock))


@contextlib.contextmanager
def explained(label: str) -> Iterator[None]:
    """Let an exception of Brian2 or NumPy leave the block as one line that names the definition."""
    try:
        yield
    except BioplastError:
        raise
    except Exception as error:
        cause: BaseException = error
        while isinstance(cause, BrianObjectException) and cause.__cause__ is not None:
            cause = cause.__cause__
        text = str(cause.args[0]) if isinstance(cause, KeyError) and cause.args else one_line(cause)
        raise DefinitionError(f"{label}: {with_unit_names(text) or type(cause).__name__}") from error


#: What the fields of a definition are, and how a message calls it.
_FIELDS: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("equations", "source", "name"), (str, "text")),
    **dict.fromkeys(("threshold", "reset", "input", "current"), (str | None, "text")),
    **dict.fromkeys(
        ("parameters", "initial", "namespace", "events", "method_options", "requires", "requires_pre", "requires_post"),
        (Mapping, "a dict by name"),
    ),
    **dict.fromkeys(("on_pre", "on_post", "on_event"), (str | Mapping | None, "text, or a dict of text by pathway")),
    "currents": (list | tuple, "a list of names"),
}


def check_fields(definition: Any) -> None:
    """Refuse a field of a definition that is of another kind than it has to be, and names in it that are no text."""
    for each in dataclasses.fields(definition):
        given = getattr(definition, each.name)
        kind, words = _FIELDS.get(each.name, (object, ""))
        if not isinstance(given, kind):
            label = definition.label if isinstance(definition.name, str) else definition.kind
            raise DefinitionError(f"{label}: {each.name}={given!r} is not accepted; give {words}")
        for name in given if isinstance(given, Mapping) else ():
            if not isinstance(name, str):
                raise DefinitionError(f"{definition.label}: {each.name} has the name {name!r}; give text")


def check_options(label: str, options: Mapping[str, Any]) -> None:
    """Refuse an argument of a group that Brian2 would only stumble over.

    Parameters
    ----------
    label : str
        The definition, for the message.
    options : mapping
        By the names of the arguments of NeuronGroup and Synapses; None is always accepted.
    """
    kinds: dict[str, tuple[Any, str]] = {
        "name": (str, "text"),
        "clock": (_CLOCKS, "a brian2.Clock"),
        "order": (int | np.integer, "a whole number"),
        "namespace": (Mapping, "a dict"),
        "method_options": (Mapping, "a dict"),
    }
    for name, (kind, words) in kinds.items():
        given = options.get(name)
        if given is not None and not isinstance(given, kind):
            raise DefinitionError(f"{label}: {name}={given!r} is not accepted; give {words}")


def check_neurons(label: str, name: str, given: Any, size: int) -> None:
    """Refuse neurons to connect, by their numbers, that a group of `size` does not have."""
    if given is None or isinstance(given, str):
        return
    numbers = _plain(label, name, given, "the numbers of neurons")
    if numbers.ndim > 1 or (numbers.dtype.kind not in "iu" and numbers.size):
        raise DefinitionError(
            f"{label}: {name} has shape {numbers.shape} and type {numbers.dtype}; accepted: whole numbers, one for "
            "each synapse"
        )
    wrong = numbers[(numbers < 0) | (numbers >= size)]
    if wrong.size:
        raise DefinitionError(f"{label}: {name} has neuron {wrong.flat[0]}; accepted: 0 to {size - 1}")


def check_chance(label: str, p: Any, n: Any) -> None:
    """Refuse what is no probability of a connection, or no number of synapses for each."""
    if not isinstance(p, str):
        numbers = _plain(label, "p", p, "a probability")
        if numbers.ndim or not 0 <= numbers <= 1:
            raise DefinitionError(f"{label}: p={p!r} must be a probability from 0 to 1, or an expression")
    if not isinstance(n, str):
        numbers = _plain(label, "n", n, "a number of synapses")
        if numbers.ndim or numbers.dtype.kind not in "iu" or numbers < 0:
            raise DefinitionError(f"{label}: n={n!r} must be a whole number of synapses, or an expression")


def _plain(label: str, name: str, given: Any, what: str) -> np.ndarray:
    """Numbers that have no unit."""
    try:
        numbers, found = as_quantity(given)
    except NotAQuantity as reason:
        raise DefinitionError(f"{label}: {name}: {reason}; expected {what}") from None
    if found is not DIMENSIONLESS:
        raise DefinitionError(f"{label}: {name} is in {unit_name(found)}; expected {what}")
    return numbers
