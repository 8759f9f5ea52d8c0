"""Drives of many runs, put together for one compiled call."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..steps.drive import Drive


def stacked(drives: Sequence[Drive]) -> tuple[list[Any], list[Any], tuple[bool, ...], Any]:
    """Drives of one batch as leaves that differ, stacked, leaves that all share, which are which, and their tree."""
    longest: dict[str, np.ndarray] = {}
    for drive in drives:
        for name, arrivals in drive.pending.items():
            if name not in longest or len(arrivals) > len(longest[name]):
                longest[name] = np.zeros_like(arrivals)
    padded = []
    for drive in drives:
        pending = {name: zeros.copy() for name, zeros in longest.items()}
        for name, arrivals in drive.pending.items():
            pending[name][: len(arrivals)] = arrivals
        padded.append(dataclasses.replace(drive, pending=pending))
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
