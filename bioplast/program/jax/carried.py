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
    sent_with : mapping of str to ndarray, optional
        The delays of the spikes on their way, by default those of `fixed`.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        fixed: Mapping[str, np.ndarray],
        sent_with: Mapping[str, np.ndarray] | None = None,
    ):
        super().__init__({**values, **fixed})
        self.fixed = frozenset(fixed)
        self.sent_with = {key: np.array(value) for key, value in (fixed if sent_with is None else sent_with).items()}


class _Structure:
    """The keys of the leaves, the values that are none, and the delays of spikes on their way; equal by content."""

    def __init__(self, keys: tuple[str, ...], fixed: Mapping[str, np.ndarray], sent_with: Mapping[str, np.ndarray]):
        self.keys = keys
        self.fixed = dict(fixed)
        self.sent_with = dict(sent_with)
        self._content = (keys, _content(self.fixed), _content(self.sent_with))

    def __hash__(self) -> int:
        return hash(self._content)

    def __eq__(self, other: object) -> bool:
        return self._content == other._content if isinstance(other, _Structure) else NotImplemented


def _content(arrays: Mapping[str, np.ndarray]) -> tuple[Any, ...]:
    return tuple((key, value.shape, value.tobytes()) for key, value in sorted(arrays.items()))


def _flatten(values: Carried) -> tuple[tuple[Any, ...], _Structure]:
    keys = tuple(sorted(values.keys() - values.fixed))
    fixed = {key: np.asarray(values[key]) for key in values.fixed if key in values}
    return tuple(values[key] for key in keys), _Structure(keys, fixed, values.sent_with)


def _unflatten(structure: _Structure, leaves: tuple[Any, ...]) -> Carried:
    return Carried(dict(zip(structure.keys, leaves, strict=True)), structure.fixed, structure.sent_with)


jax.tree_util.register_pytree_node(Carried, _flatten, _unflatten)
