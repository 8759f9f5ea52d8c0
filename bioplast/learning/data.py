"""The samples of a data set: inputs of a program and what is wanted of it, checked before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..definition.quantities import NotAQuantity, as_quantity
from ..errors import BioplastError
from ..program import Program
from . import checkpoint as stored
from .encoded import Encoded

__all__ = ["Data", "portions"]


@dataclass(frozen=True)
class Data:
    """Samples, along the first axis of each array.

    Attributes
    ----------
    inputs : dict of ndarray, or Encoded
        Spikes bool [samples, steps, neurons], values [samples, steps] or [samples, steps, columns] in SI base units; or
        what makes them of some of the samples.
    labels : pytree of ndarray
        What is wanted; without units, those of quantities in SI base units. None where there are none.
    size : int
        How many samples.
    what : str
        What they are for, for messages.
    check : callable
        Of inputs of some of the samples: themselves in SI base units, if they are what the program takes.
    shapes : dict or None
        Of what an encoder makes of one sample, by name.
    """

    inputs: dict[str, np.ndarray] | Encoded
    labels: Any
    size: int
    what: str = "inputs"
    check: Callable[[Mapping[str, Any]], dict[str, np.ndarray]] | None = field(default=None, repr=False)
    shapes: dict[str, tuple[int, ...]] | None = None

    @classmethod
    def checked(cls, program: Program, inputs: Any, labels: Any, start: float, what: str = "inputs") -> Data:
        """What a user gave, if it is what a program takes.

        Parameters
        ----------
        program : Program
        inputs : mapping, Encoded or None
            None, or none in it, where the network drives itself.
        labels : array, pytree of such, or None
        start : float
            When the runs begin, in seconds.
        what : str
            What the samples are for, for messages.
        """
        import jax

        if not isinstance(inputs, Mapping | Encoded | None):
            raise BioplastError(
                f"{what}: a mapping such as {{'input': spikes}} is accepted, not {type(inputs).__name__}"
            )

        def check(given: Mapping[str, Any]) -> dict[str, np.ndarray]:
            return program._checked_samples(given, start)

        try:
            arrays = {"samples": inputs.samples} if isinstance(inputs, Encoded) else check(inputs or {})
            labels = _checked_labels(labels)
        except BioplastError as error:
            if what == "inputs":
                raise
            raise BioplastError(f"{what}: {error}") from None
        leaves = jax.tree.leaves(labels)
        sizes = {len(array) if np.ndim(array) else 0 for array in (*arrays.values(), *leaves)}
        if len(sizes) != 1 or not max(sizes):
            shapes = ", ".join(f"{name}: {given.shape}" for name, given in arrays.items()) or "no inputs"
            shapes += "".join(f", labels: {np.shape(leaf)}" for leaf in leaves)
            raise BioplastError(
                f"{what}: the same number of samples, at least one, along the first axis of each ({shapes})"
            )
        if not isinstance(inputs, Encoded):
            return cls(arrays, labels, sizes.pop(), what)
        data = cls(inputs, labels, sizes.pop(), what, check)
        first, _ = data.part(np.arange(1))
        return dataclasses.replace(data, shapes={name: array.shape[1:] for name, array in first.items()})

    def part(self, chosen: np.ndarray, draw: tuple[int, ...] = ()) -> tuple[dict[str, np.ndarray], Any]:
        """Inputs and labels of some of the samples.

        Parameters
        ----------
        chosen : array of int
            Their numbers.
        draw : tuple of int
            What the random numbers of an encoder depend on.

        Raises
        ------
        BioplastError
            When what an encoder gives is not what the program takes.
        """
        import jax

        labels = jax.tree.map(lambda array: array[chosen], self.labels)
        if not isinstance(self.inputs, Encoded):
            return {name: array[chosen] for name, array in self.inputs.items()}, labels
        assert self.check is not None
        try:
            given = self.check(self.inputs(chosen, draw))
        except BioplastError as error:
            raise BioplastError(f"{self.what}: {error}") from error.__cause__
        sizes = {name: len(array) for name, array in given.items()}
        if set(sizes.values()) != {len(chosen)}:
            raise BioplastError(f"{self.what}: the encoder was given {len(chosen)} samples and gives {sizes}")
        shapes = {name: array.shape[1:] for name, array in given.items()}
        if self.shapes not in (None, shapes):
            raise BioplastError(
                f"{self.what}: the encoder gives samples of {shapes}, of {self.shapes} before: the same is accepted"
            )
        return given, labels

    def digest(self) -> str:
        """A fingerprint of the samples, and of what an encoder makes of the first one."""
        inputs = (self.inputs.samples, self.part(np.arange(1))[0]) if isinstance(self.inputs, Encoded) else self.inputs
        return stored.digest(inputs, self.labels)

    def refuse_labels(self, function: Callable[[Any, Any], Any], out: Any) -> None:
        """Refuse labels that a loss or a score does not take, which it cannot tell while JAX traces them.

        Of whole numbers, such as classes, the samples with the smallest and the largest are tried; nothing is computed.

        Parameters
        ----------
        function : callable
            Of the output of one sample and its label.
        out : pytree
            The outputs of a batch.
        """
        import jax

        whole = [leaf.reshape(self.size, -1) for leaf in jax.tree.leaves(self.labels) if leaf.dtype.kind in "iu"]
        extremes = {k for leaf in whole if leaf.size for k in (leaf.min(axis=1).argmin(), leaf.max(axis=1).argmax())}
        one = jax.tree.map(lambda array: jax.ShapeDtypeStruct(array.shape[1:], array.dtype), out)
        for sample in sorted(map(int, extremes)):
            label = jax.tree.map(lambda array, sample=sample: array[sample], self.labels)
            try:
                jax.eval_shape(lambda out, label=label: function(out, label), one)
            except BioplastError as error:
                if error.__cause__ is None:  # else it is of NumPy's array in the place of JAX's
                    where = "" if self.what == "inputs" else f"{self.what}, "
                    raise BioplastError(f"{where}sample {sample}: {error}") from None


def _checked_labels(given: Any) -> Any:
    """Labels as a pytree of arrays; a list is one array."""
    import jax

    def is_array(part: Any) -> bool:
        return isinstance(part, list) or (isinstance(part, tuple) and bool(part) and all(np.ndim(p) == 0 for p in part))

    def array(part: Any) -> np.ndarray:
        try:
            return as_quantity(part)[0]
        except NotAQuantity as reason:
            raise BioplastError(f"labels: {reason}") from None

    return jax.tree.map(array, given, is_leaf=is_array)


def portions(order: np.ndarray, batch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of one size: the samples of each, and the weight of each, 0 for those that only fill up the last one."""
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        weight = np.ones(batch)
        weight[len(chosen) :] = 0
        yield np.resize(chosen, batch), weight
