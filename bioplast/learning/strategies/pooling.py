"""Pooling with offspring: the best stay, and the next ones are born around their mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .base import Strategy, annealed, best_first, mean_weights

__all__ = ["Pooling"]


class Pool(NamedTuple):
    """The mean of the pool [numbers], its members [pool, numbers], and how many generations there were."""

    mean: Any
    members: Any
    generation: Any


@dataclass(frozen=True)
class Pooling(Strategy):
    """An evolution strategy in which the best quarter of a population is pooled.

    A population is the pool of the last generation, evaluated again, and offspring ``m + sigma N(0, 1)`` around its
    mean m, with ``sigma = sigma_end + (sigma_0 - sigma_end) 0.97^generation``. What is deployed is m.

    Parameters
    ----------
    pool : float
        Which part of the population is pooled.
    spread, spread_end : float
        sigma_0 and sigma_end.

    References
    ----------
    Intermediate recombination, (mu/mu + lambda): Beyer and Schwefel (2002), Nat. Comput. 1:3,
    doi:10.1023/A:1015059928466
    """

    pool: float = 0.25
    spread: float = 0.5
    spread_end: float = 0.02

    @property
    def pooled(self) -> int:
        """How many members are pooled."""
        return max(1, int(self.pool * self.population_size))

    def _init(self, key: Any, mean: Any) -> Pool:
        return Pool(mean, jnp.tile(mean, (self.pooled, 1)), jnp.zeros((), dtype=jnp.int32))

    def _ask(self, key: Any, state: Pool) -> Any:
        spread = annealed(self.spread, self.spread_end, state.generation).astype(state.mean.dtype)
        shape = (self.population_size - self.pooled, *state.mean.shape)
        offspring = state.mean + spread * jax.random.normal(key, shape, dtype=state.mean.dtype)
        return jnp.concatenate([state.members, offspring])

    def _tell(self, key: Any, population: Any, losses: Any, state: Pool, params: Any) -> Pool:
        order = best_first(key, losses)
        weights, any_finite = mean_weights(order, losses, self.pooled)
        best = order[: self.pooled]
        # one that failed is not taken over: its place is its parents' mean
        mean = jnp.where(any_finite, weights @ population, state.mean)
        members = jnp.where(jnp.isfinite(losses[best])[:, None], population[best], mean)
        return Pool(mean, members, state.generation + 1)
