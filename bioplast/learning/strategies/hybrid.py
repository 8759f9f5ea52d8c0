"""The hybrid evolutionary algorithm: a swarm that pools its best while it is far from the aim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .base import Strategy, annealed, best_first, mean_weights
from .swarm import next_velocity, scattered

__all__ = ["Hybrid"]


class Params(NamedTuple):
    """The accuracy that is reached; NaN where none is known."""

    accuracy: Any


class Particles(NamedTuple):
    """Particles, where they go, the best around each [particles, numbers], and the best of all [numbers]."""

    theta: Any
    velocity: Any
    best: Any
    mean: Any
    generation: Any


@dataclass(frozen=True)
class Hybrid(Strategy):
    """A swarm of a quarter as many particles as the population has members, each the mean of a Gaussian.

    A population is the best point p of each particle, evaluated again; the particles theta; and samples
    ``theta + sigma N(0, 1)`` around them. So all that is compared is evaluated on the same samples. Then

    - the best of a particle, of its samples and of the p before is its p, the best of all is g, and particles move as
      in `Swarm`: ``v = 0.5 v + 1.5 r1 (p - theta) + 1.5 r2 (g - theta)``;
    - while the accuracy is below the threshold, the best quarter of all members is pooled: their mean m takes the place
      of the last particle, and ``m + sigma N(0, 1)`` that of the others which are not among the best quarter.

    Both ``sigma = sigma_end + (sigma_0 - sigma_end) 0.97^generation`` and the number of members that are evaluated
    fall, the latter from the population to two for each particle. What is deployed is g.

    Parameters
    ----------
    inertia, own, social : float
        The factors 0.5, 1.5 and 1.5.
    pool : float
        Which part is pooled, and which part of the particles stays.
    threshold : float
        Above this accuracy nothing is pooled. Without a score it is not known, and all generations pool.
    spread, spread_end : float
        sigma_0 and sigma_end.
    """

    inertia: float = 0.5
    own: float = 1.5
    social: float = 1.5
    pool: float = 0.25
    threshold: float = 0.9
    spread: float = 0.5
    spread_end: float = 0.02

    deploys = "global best"
    fewest = 8

    @property
    def particles(self) -> int:
        """How many particles there are."""
        return self.population_size // 4

    @property
    def default_params(self) -> Params:
        return Params(jnp.asarray(jnp.nan))

    def params_at(self, accuracy: float) -> Params:
        return Params(jnp.asarray(accuracy, dtype=jnp.asarray(jnp.nan).dtype))

    def samples(self, generation: int) -> int:
        return round(annealed(self.population_size, 2 * self.particles, generation))

    def _init(self, key: Any, mean: Any) -> Particles:
        theta = scattered(key, mean, self.spread, self.particles)
        return Particles(theta, jnp.zeros_like(theta), theta, mean, jnp.zeros((), dtype=jnp.int32))

    def _spread(self, state: Particles) -> Any:
        return annealed(self.spread, self.spread_end, state.generation).astype(state.theta.dtype)

    def _ask(self, key: Any, state: Particles) -> Any:
        others = self.population_size - 2 * self.particles
        around = state.theta[jnp.arange(others) % self.particles]
        noise = jax.random.normal(key, around.shape, dtype=around.dtype)
        return jnp.concatenate([state.best, state.theta, around + self._spread(state) * noise])

    def _tell(self, key: Any, population: Any, losses: Any, state: Particles, params: Any) -> Particles:
        ties, pull, born, again, between = jax.random.split(key, 5)
        order = best_first(ties, losses)
        count = self.particles
        # the members of each particle, in columns
        members = jnp.arange(-(-self.population_size // count) * count).reshape(-1, count)
        there = members < self.population_size
        ranks = jnp.where(there, jnp.argsort(order)[jnp.where(there, members, 0)], self.population_size)
        chosen = members[jnp.argmin(ranks, axis=0), jnp.arange(count)]
        known = jnp.isfinite(losses[chosen])
        best = jnp.where(known[:, None], population[chosen], population[:count])
        mean = jnp.where(jnp.isfinite(losses[order[0]]), population[order[0]], state.mean)

        theta = population[count : 2 * count]
        towards = jnp.where(known.any(), mean, theta)
        factors = (self.inertia, self.own, self.social)
        velocity = next_velocity(pull, state.velocity, theta, best, towards, factors)
        moved = theta + velocity

        evaluated = jnp.isfinite(losses).sum()
        pooled = jnp.maximum(1, (self.pool * evaluated).astype(int))
        weights, any_finite = mean_weights(order, losses, pooled)
        middle = weights @ population
        place = jnp.argsort(best_first(between, losses[chosen]))  # of each particle, from 0
        stays = (place < max(1, int(self.pool * count)))[:, None]
        spread = self._spread(state)
        offspring = middle + spread * jax.random.normal(born, theta.shape, dtype=theta.dtype)
        offspring = jnp.where((place == count - 1)[:, None], middle, offspring)
        other = middle + spread * jax.random.normal(again, theta.shape, dtype=theta.dtype)

        replaced = ~stays & any_finite & ~(params.accuracy >= self.threshold)
        return Particles(
            jnp.where(replaced, offspring, moved),
            jnp.where(replaced, 0, velocity),
            jnp.where(replaced, other, best),
            mean,
            state.generation + 1,
        )
