"""Products of the factors that each element gets, with a derivative, which JAX has for distinct elements alone."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .functions import Value


def product_of(factors: Value, index: np.ndarray, size: int) -> Value:
    """The product of the factors of each element, 1 for one that has none.

    Parameters
    ----------
    factors : array [factors]
    index : array of int [factors]
        The element that each is of.
    size : int
        How many elements there are.

    Returns
    -------
    array [size]
    """

    @jax.custom_jvp
    def product(factors: Value) -> Value:
        return jax.ops.segment_prod(factors, index, size)

    @product.defjvp
    def change(primals: tuple[Value], tangents: tuple[Any]) -> tuple[Value, Value]:
        factors, changes = primals[0], tangents[0]
        zero = factors == 0
        zeros = jax.ops.segment_sum(zero.astype(np.int32), index, size)[index]
        # of the other factors; nothing is left of it where one of them is 0
        others = product(jnp.where(zero, 1, factors))[index] / jnp.where(zero, 1, factors)
        others = jnp.where(zeros == zero, others, 0)
        return product(factors), jax.ops.segment_sum(others * changes, index, size)

    return product(factors)
