"""Simulated annealing with many proposals at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .base import Strategy, annealed, best_first
from .swarm import scattered

__all__ = ["Annealing"]


class Walk(NamedTuple):
    """Where the walk is, [numbers], the temperature that it began with, and how many generations there were."""

    mean: Any
    temperature: Any
    generation: Any


@dataclass(frozen=True)
class Annealing(Strategy):
    """A walk that takes the best of many steps, and a step uphill by chance.

    A population is the point itself and proposals ``x + sigma N(0, 1)`` around it. With the best proposal's loss f' the
    point moves there with probability ``min(1, exp(-(f' - f)/T))`` (Metropolis). The point is evaluated again in each
    generation, on the samples of the proposals. Both ``sigma = sigma_end + (sigma_0 - sigma_end) 0.97^generation`` and
    ``T = T_0 0.97^generation`` fall.

    Parameters
    ----------
    spread, spread_end : float
        sigma_0 and sigma_end.
    temperature : float
        T_0 in standard deviations of the losses of the first generation.

    References
    ----------
    Kirkpatrick, Gelatt and Vecchi (1983), Science 220:671, doi:10.1126/science.220.4598.671
    """

    spread: float = 0.5
    spread_end: float = 0.02
    temperature: float = 0.1

    def _init(self, key: Any, mean: Any) -> Walk:
        return Walk(mean, jnp.zeros((), dtype=mean.dtype), jnp.zeros((), dtype=jnp.int32))

    def _ask(self, key: Any, state: Walk) -> Any:
        spread = annealed(self.spread, self.spread_end, state.generation).astype(state.mean.dtype)
        return scattered(key, state.mean, spread, self.population_size)

    def _tell(self, key: Any, population: Any, losses: Any, state: Walk, params: Any) -> Walk:
        ties, chance = jax.random.split(key)
        finite = jnp.isfinite(losses)
        deviation = jnp.std(losses, where=finite)
        begin = jnp.where(
            (state.generation == 0) & finite.any(), self.temperature * deviation, state.temperature
        ).astype(state.temperature.dtype)
        temperature = annealed(1.0, 0.0, state.generation) * begin
        proposal = best_first(ties, losses[1:])[0] + 1
        uphill = losses[proposal] - losses[0]
        smallest = jnp.finfo(losses.dtype).tiny
        moves = jax.random.uniform(chance) < jnp.exp(-uphill / jnp.maximum(temperature, smallest))
        # of two infinite losses the difference is NaN, which is not smaller than anything
        moves = jnp.isfinite(losses[proposal]) & ((uphill <= 0) | moves)
        return Walk(jnp.where(moves, population[proposal], population[0]), begin, state.generation + 1)
