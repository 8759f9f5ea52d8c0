"""What JAX traces, and keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...errors import BioplastError


def traced(*given: Any) -> bool:
    """Whether JAX traces any of these, or an array in them."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(given))


def known_as_numpy(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values or inputs, of which those that JAX does not trace are NumPy's.

    A JAX array that a compiled function captures has its numbers, but whatever is done to it would be traced.
    """
    return {
        name: np.asarray(value) if isinstance(value, jax.Array) and not traced(value) else value
        for name, value in given.items()
    }


def refuse_containers(given: Mapping[str, Any]) -> None:
    """Refuse values or inputs that are lists or tuples of what JAX traces."""
    for name, value in given.items():
        if isinstance(value, list | tuple | dict) and traced(value):
            raise BioplastError(
                f"{name!r} is a {type(value).__name__} of what JAX traces: one array is accepted then, such as "
                "jax.numpy.stack makes of numbers, and a raster of spike times; what is known beforehand is to be "
                "NumPy's"
            )


def is_key(seed: Any) -> bool:
    """Whether a seed is a key of JAX, of the new kind or the old, or an array of them."""
    if not isinstance(seed, jax.Array):
        return False
    return jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) or (seed.dtype == np.uint32 and seed.shape[-1:] == (2,))


def key_of(seed: Any) -> Any:
    """A key, or that of a seed; None without one."""
    return seed if seed is None or is_key(seed) else jax.random.key(seed)
