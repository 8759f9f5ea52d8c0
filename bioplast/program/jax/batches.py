"""Drives of many runs, put together for one compiled call."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..steps.drive import Drive


def stacked(drives: Sequence[Drive]) -> tuple[list[Any], list[Any], tuple[bool, ...], Any]:
    """Drives of one batch as leaves that differ, stacked, leaves that all share, which are which, and their tree."""
    padded = [
        dataclasses.replace(drive, pending=pending, extra=extra)
        for drive, pending, extra in zip(
            drives,
            _padded([drive.pending for drive in drives]),
            _padded([drive.extra for drive in drives]),
            strict=True,
        )
    ]
    tree = jax.tree.structure(padded[0])
    batched, shared, which = [], [], []
    for leaves in zip(*map(jax.tree.leaves, padded), strict=True):
        is_key = isinstance(leaves[0], jax.Array)
        same = not is_key and all(leaf is leaves[0] or np.array_equal(leaf, leaves[0]) for leaf in leaves)
        which.append(not same)
        if same:
            shared.append(leaves[0])
        else:
            batched.append(jnp.stack(leaves) if is_key else np.stack(leaves))
    return batched, shared, tuple(which), tree


def _padded(each: Sequence[Mapping[str, np.ndarray]]) -> list[dict[str, np.ndarray]]:
    """Arrays by name, of which some runs may have shorter ones or none, with zeros to one shape."""
    shapes: dict[str, np.ndarray] = {}
    types: dict[str, Any] = {}
    for arrays in each:
        for name, array in arrays.items():
            shapes[name] = np.maximum(shapes.get(name, 0), array.shape)
            types[name] = array.dtype
    found = []
    for arrays in each:
        padded = {name: np.zeros(shape, dtype=types[name]) for name, shape in shapes.items()}
        for name, array in arrays.items():
            padded[name][tuple(slice(size) for size in array.shape)] = array
        found.append(padded)
    return found
