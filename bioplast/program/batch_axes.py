"""The batch axis: which values and inputs have one, how long it is, and what is accepted of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definition.quantities import NotAQuantity, as_quantity
from ..errors import BioplastError, UnknownName
from .arguments import is_batch_of_inputs, is_batch_of_queues

#: How a queue is given for each run.
_QUEUES = "a list with rows of (steps until delivery, synapse) for each run is accepted"


@dataclass(frozen=True)
class Accepted:
    """What a value or an input looks like in one run.

    Attributes
    ----------
    shape : tuple of (int or str)
        Its axes, such as ``(3,)`` or ``("steps", 3)``; numbers are known lengths.
    each : str
        What a value has one number for: "neuron" or "synapse"; empty for inputs.
    pairs : bool
        Whether pairs (times, neurons) are accepted, too.
    """

    shape: tuple[int | str, ...]
    each: str = ""
    pairs: bool = False

    def text(self, runs: int | str = "runs") -> str:
        """What it looks like in a batch."""
        if self.each and self.shape:
            return f"one number for each run is [{runs}, 1], one for each {self.each} and run [{runs}, {self.shape[0]}]"
        if self.each:
            return f"one number for each run is [{runs}]"
        pairs = ", or a list of (times in seconds, neurons), one pair for each run," if self.pairs else ""
        return f"[{', '.join(map(str, (runs, *self.shape)))}]{pairs} is accepted"


@dataclass(frozen=True)
class BatchAxes:
    """What of a batch differs from run to run.

    Attributes
    ----------
    size : int
        The number of runs.
    values, inputs : set of str
        Those that have a batch axis.
    """

    size: int
    values: set[str]
    inputs: set[str]


def batch_axes(
    values: Mapping[str, Any],
    inputs: Mapping[str, Any],
    seed: Any,
    of_values: Mapping[str, Accepted | None],
    of_inputs: Mapping[str, Accepted],
) -> BatchAxes:
    """Find the batch axis.

    Parameters
    ----------
    values, inputs : mapping
        What is given.
    seed : int, sequence of int or JAX key
    of_values : mapping
        What is accepted of each value in one run; None for spikes on their way.
    of_inputs : mapping
        What is accepted of each input.

    Raises
    ------
    UnknownName
        For a name that is none of these.
    BioplastError
        Where no axis or several of different lengths are given, or a shape fits neither one run nor a batch.
    """
    sizes: dict[str, int] = {}
    for key, given in values.items():
        if key not in of_values:
            raise UnknownName("value", str(key), of_values)
        accepted = of_values[key]
        if accepted is None:
            if is_batch_of_queues(given):
                sizes[key] = len(given)
        elif _of_value(key, given, accepted):
            sizes[key] = len(given)
    for name, given in inputs.items():
        if name not in of_inputs:
            raise UnknownName("input", str(name), of_inputs)
        accepted = of_inputs[name]
        if is_batch_of_inputs(given, len(accepted.shape)):
            sizes[name] = len(given)
        elif isinstance(given, list) and _shape(given) is None:
            raise BioplastError(f"input {name!r} has rows of different lengths: {accepted.text()}")
    of_seed = {"seed": len(seed)} if seed is not None and np.ndim(seed) else {}
    lengths = set((sizes | of_seed).values())
    if not lengths:
        raise BioplastError(
            f"batch finds nothing that differs from run to run: {_hint(values, inputs, of_values, of_inputs)}"
        )
    if len(lengths) > 1:
        found = ", ".join(f"{name}: {size}" for name, size in (sizes | of_seed).items())
        raise BioplastError(
            f"the batch axes have different lengths ({found}): one length is accepted, the number of runs"
        )
    size = lengths.pop()
    if not size:
        raise BioplastError(
            f"the batch axis of {next(iter(sizes | of_seed))!r} has length 0: at least one run is accepted"
        )
    return BatchAxes(size, {key for key in values if key in sizes}, {name for name in inputs if name in sizes})


def _of_value(key: str, given: Any, accepted: Accepted) -> bool:
    """Whether a value has the batch axis; a shape that is neither that of one run nor of a batch is refused."""
    shape = _shape(given)
    if shape is None:
        raise BioplastError(f"{key!r} has rows of different lengths: {accepted.text()}")
    batched = len(shape) > len(accepted.shape)
    own = shape[1:] if batched else shape
    if len(own) > len(accepted.shape) or any(n not in (1, m) for n, m in zip(own, accepted.shape, strict=False)):
        _refuse_no_numbers(repr(key), given)
        runs = shape[0] if shape[0] else "runs"
        same = f"; {list(accepted.shape)} or one number is the same in every run" if accepted.shape else ""
        raise BioplastError(f"{key!r} has shape {shape}: in a batch, {accepted.text(runs)}{same}")
    return batched


def _hint(
    values: Mapping[str, Any],
    inputs: Mapping[str, Any],
    of_values: Mapping[str, Accepted | None],
    of_inputs: Mapping[str, Accepted],
) -> str:
    """What was given, and what a batch of it looks like."""
    told = []
    for key, given in values.items():
        accepted = of_values[key]
        _refuse_no_numbers(repr(key), given)
        told.append(f"{key!r} has {_shape_text(given)}; {_QUEUES if accepted is None else accepted.text()}")
    for name, given in inputs.items():
        if not isinstance(given, tuple):
            _refuse_no_numbers(f"input {name!r}", given)
        told.append(f"input {name!r} has {_shape_text(given)}; {of_inputs[name].text()}")
    return "; ".join(told) if told else "no value and no input is given, and no list of seeds"


def _refuse_no_numbers(what: str, given: Any) -> None:
    """Refuse what has no numbers before its shape is blamed; what JAX traces has some."""
    try:
        if not hasattr(given, "aval"):
            as_quantity(given)
    except NotAQuantity as reason:
        raise BioplastError(f"{what}: {reason}") from None


def _shape(given: Any) -> tuple[int, ...] | None:
    """The shape of what is given; None where rows differ in length."""
    try:
        return np.shape(given)
    except ValueError:
        return None


def _shape_text(given: Any) -> str:
    if isinstance(given, tuple):
        return f"{len(given)} parts"
    shape = _shape(given)
    return "rows of different lengths" if shape is None else f"shape {shape}"
