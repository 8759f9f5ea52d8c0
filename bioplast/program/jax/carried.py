"""The values of a run that JAX traces, in the form in which they can be carried from run to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

__all__ = ["Carried"]


class Carried(dict[str, Any]):
    """Values by the keys of `Program.values`, as a pytree that `jax.lax.scan` carries.

    Delays decide how many steps of spikes are kept, so they stay numbers that JAX does not trace: they are part of the
    tree's structure. All others are its leaves.

    Parameters
    ----------
    values : mapping
        Those that may be traced.
    fixed : mapping of str to ndarray
        Those that may not.
    """

    def __init__(self, values: Mapping[str, Any], fixed: Mapping[str, np.ndarray]):
        super().__init__({**values, **fixed})
        self.fixed = frozenset(fixed)


class _Structure:
    """The keys of the leaves, and the values that are none; equal by content."""

    def __init__(self, keys: tuple[str, ...], fixed: Mapping[str, np.ndarray]):
        self.keys = keys
        self.fixed = dict(fixed)
        self._hash = hash((keys, tuple((key, value.tobytes()) for key, value in sorted(self.fixed.items()))))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Structure):
            return NotImplemented
        same_keys = self.keys == other.keys and self.fixed.keys() == other.fixed.keys()
        return same_keys and all(np.array_equal(value, other.fixed[key]) for key, value in self.fixed.items())


def _flatten(values: Carried) -> tuple[tuple[Any, ...], _Structure]:
    keys = tuple(sorted(values.keys() - values.fixed))
    fixed = {key: np.asarray(values[key]) for key in values.fixed if key in values}
    return tuple(values[key] for key in keys), _Structure(keys, fixed)


def _unflatten(structure: _Structure, leaves: tuple[Any, ...]) -> Carried:
    return Carried(dict(zip(structure.keys, leaves, strict=True)), structure.fixed)


jax.tree_util.register_pytree_node(Carried, _flatten, _unflatten)
