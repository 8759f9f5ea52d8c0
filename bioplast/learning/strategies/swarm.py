"""The swarm of means: particle swarm optimisation in which a particle is a point without a spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .base import Strategy

__all__ = ["Swarm", "next_velocity", "scattered"]


class Particles(NamedTuple):
    """Where particles are, where they go, and the best that each has met with its loss: [particles, numbers]."""

    theta: Any
    velocity: Any
    best: Any
    best_loss: Any


@dataclass(frozen=True)
class Swarm(Strategy):
    """Particles that are drawn to the best point of their own, p, and of all, g::

        v = 0.5 v + 1.5 r1 (p - theta) + 1.5 r2 (g - theta)
        theta = theta + v

    with r1, r2 ~ U(0, 1), anew for each particle and number. What is deployed is g. Losses of different generations are
    compared with each other: with minibatches a lucky one stays the best, which `Hybrid` avoids.

    Parameters
    ----------
    inertia, own, social : float
        The factors 0.5, 1.5 and 1.5.
    spread : float
        The standard deviation of the particles to begin with; the first is the start itself.

    References
    ----------
    Kennedy and Eberhart (1995), Proc. ICNN 4:1942, doi:10.1109/ICNN.1995.488968; with inertia: Shi and Eberhart (1998),
    Proc. IEEE ICEC, 69, doi:10.1109/ICEC.1998.699146
    """

    inertia: float = 0.5
    own: float = 1.5
    social: float = 1.5
    spread: float = 0.5

    deploys = "global best"

    def get_mean(self, state: Particles) -> Any:
        return state.best[jnp.argmin(state.best_loss)]

    def _init(self, key: Any, mean: Any) -> Particles:
        theta = scattered(key, mean, self.spread, self.population_size)
        return Particles(
            theta, jnp.zeros_like(theta), theta, jnp.full(self.population_size, jnp.inf, dtype=theta.dtype)
        )

    def _ask(self, key: Any, state: Particles) -> Any:
        return state.theta

    def _tell(self, key: Any, population: Any, losses: Any, state: Particles, params: Any) -> Particles:
        better = losses < state.best_loss
        best = jnp.where(better[:, None], population, state.best)
        best_loss = jnp.where(better, losses, state.best_loss).astype(state.best_loss.dtype)
        first = jnp.argmin(best_loss)
        towards = jnp.where(jnp.isfinite(best_loss[first]), best[first], population)
        factors = (self.inertia, self.own, self.social)
        velocity = next_velocity(key, state.velocity, population, best, towards, factors)
        return Particles(population + velocity, velocity, best, best_loss)


def scattered(key: Any, mean: Any, spread: Any, count: int) -> Any:
    """Points around a mean, the first of them the mean itself: [count, numbers]."""
    noise = jax.random.normal(key, (count, *mean.shape), dtype=mean.dtype)
    return mean + spread * noise.at[0].set(0)


def next_velocity(
    key: Any, velocity: Any, theta: Any, own_best: Any, best: Any, factors: tuple[float, float, float]
) -> Any:
    """``inertia v + own r1 (p - theta) + social r2 (g - theta)``, [particles, numbers]."""
    inertia, own, social = factors
    r1, r2 = jax.random.uniform(key, (2, *theta.shape), dtype=theta.dtype)
    return inertia * velocity + own * r1 * (own_best - theta) + social * r2 * (best - theta)
