"""Random numbers of a simulation: drawn from a JAX key, or given beforehand."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import jax
import jax.numpy as jnp

from ...errors import BioplastError
from ..steps import steps
from .functions import Value


class Source:
    """The random numbers of one operation in one step.

    Parameters
    ----------
    operation : str
        Its name. Its first draw is called ``"operation.0"``, its second ``"operation.1"``.
    key : array or None
        The JAX key of the step; None where the user gave no seed.
    given : mapping
        Numbers for this step by the name of the draw; the others come from the key.
    sites : dict
        Takes down each draw and the shape of its numbers, by its name.
    """

    def __init__(
        self,
        operation: str,
        key: Value | None,
        given: Mapping[str, Value],
        sites: dict[str, tuple[steps.Draw, tuple[int, ...]]],
    ):
        self.operation = operation
        self.key = key
        self.given = given
        self.sites = sites
        self.count = 0

    def __call__(self, draw: steps.Draw, shape: tuple[int, ...], arguments: list[Value]) -> Value:
        name = f"{self.operation}.{self.count}"
        self.count += 1
        self.sites[name] = (draw, shape)
        if name in self.given:
            return self.given[name]
        if self.key is None:
            raise BioplastError(
                f"{self.operation!r} draws random numbers: while JAX traces a run it needs a seed or a key of its own, "
                "such as one of jax.random.split, since without one all runs would have the same noise"
            )
        key = jax.random.fold_in(self.key, zlib.crc32(name.encode()))
        match draw:
            case steps.Draw(kind="rand"):
                return jax.random.uniform(key, shape)
            case steps.Draw(kind="randn"):
                return jax.random.normal(key, shape)
            case steps.Draw(kind="normal", parameters=(loc, scale)):
                return loc + scale * jax.random.normal(key, shape)
            case steps.Draw(kind="binomial", parameters=(n, p)):
                return jax.random.binomial(key, n, p, shape)
            case _:
                return jax.random.poisson(key, jnp.asarray(arguments[0]), shape)
