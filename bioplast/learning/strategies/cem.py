"""The cross-entropy method: a Gaussian with a variance for each number, fitted to the elite of its own samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .base import Strategy, annealed, best_first, mean_weights

__all__ = ["CEM", "Gaussian"]


class Gaussian(NamedTuple):
    """Mean [numbers], variance [numbers], and how many generations there were."""

    mean: Any
    variance: Any
    generation: Any


@dataclass(frozen=True)
class CEM(Strategy):
    """The cross-entropy method.

    Of the elite E, the best part of a population drawn from ``N(mu, v)``, the next mean and variance are ::

        mu' = 1/|E| sum_(x in E) x
        v' = 1/|E| sum_(x in E) (x - mu)^2 + epsilon
        epsilon = noise_end^2 + (noise^2 - noise_end^2) 0.97^generation

    The deviations are those from the mean before, so that the variance along a slope does not collapse.

    Parameters
    ----------
    elite : float
        Which part of the population is the elite.
    spread : float
        The standard deviation to begin with.
    noise, noise_end : float
        The square roots of what is added to the variance, to begin with and in the end.

    References
    ----------
    Rubinstein (1999), Methodol. Comput. Appl. Probab. 1:127, doi:10.1023/A:1010091220143; added variance: Szita and
    Lorincz (2006), Neural Comput. 18:2936, doi:10.1162/neco.2006.18.12.2936
    """

    elite: float = 0.25
    spread: float = 0.5
    noise: float = 0.05
    noise_end: float = 1e-4

    @property
    def elites(self) -> int:
        """How many members are the elite."""
        return max(1, int(self.elite * self.population_size))

    def _init(self, key: Any, mean: Any) -> Gaussian:
        return Gaussian(mean, jnp.full_like(mean, self.spread**2), jnp.zeros((), dtype=jnp.int32))

    def _ask(self, key: Any, state: Gaussian) -> Any:
        noise = jax.random.normal(key, (self.population_size, *state.mean.shape), dtype=state.mean.dtype)
        return state.mean + jnp.sqrt(state.variance) * noise

    def _tell(self, key: Any, population: Any, losses: Any, state: Gaussian, params: Any) -> Gaussian:
        order = best_first(key, losses)
        weights, any_finite = mean_weights(order, losses, self.elites)
        added = annealed(self.noise**2, self.noise_end**2, state.generation)
        variance = weights @ (population - state.mean) ** 2 + added
        return Gaussian(
            jnp.where(any_finite, self._mean(population, losses, order, weights, state.mean), state.mean),
            jnp.where(any_finite, variance, state.variance).astype(state.variance.dtype),
            state.generation + 1,
        )

    def _mean(self, population: Any, losses: Any, order: Any, weights: Any, mean: Any) -> Any:
        """The next mean."""
        return weights @ population
