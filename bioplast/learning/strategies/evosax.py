"""Strategies of the package evosax, with losses that they can be told: finite, and no two alike."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .base import best_first
from .swarm import scattered

__all__ = ["SPREAD", "Evosax", "without_ties"]

#: The standard deviation that a strategy begins with, in typical sizes of what is searched.
SPREAD = 0.5


def without_ties(key: Any, losses: Any) -> Any:
    """Losses of which no two are equal and all are finite, in the same order; chance decides between equals.

    evosax cuts the mean rank of tied members to a whole number, so that the weights of its recombination no longer sum
    to 1. Equal losses are moved apart by some last digits; one that is not finite becomes worse than all that are, by
    as much as these differ.

    Parameters
    ----------
    key : JAX key
    losses : array [members]
    """
    finite = jnp.isfinite(losses)
    best = jnp.min(losses, where=finite, initial=jnp.inf)
    worst = jnp.max(losses, where=finite, initial=-jnp.inf)
    best, worst = (jnp.where(finite.any(), bound, 0) for bound in (best, worst))
    losses = jnp.where(finite, losses, worst + jnp.maximum(worst - best, jnp.abs(worst) + 1))
    order = best_first(key, losses)
    # so large that the rounding of what follows does not bring two together again
    step = 4 * jnp.finfo(losses.dtype).eps * jnp.maximum(jnp.abs(losses).max(), 1e-30)
    away = step * jnp.arange(len(losses), dtype=losses.dtype)
    return jnp.zeros_like(losses).at[order].set(jax.lax.cummax(losses[order] - away) + away)


class State(NamedTuple):
    """The state of the algorithm, and whether it was told anything yet."""

    inner: Any
    begun: Any


class Evosax:
    """An algorithm of evosax, with the methods of a `Strategy`.

    Parameters
    ----------
    algorithm : evosax.algorithms.base.EvolutionaryAlgorithm
        Of a floating-point solution.
    """

    def __init__(self, algorithm: Any):
        self.algorithm = algorithm
        self.population_size = int(algorithm.population_size)
        self.of_distribution = hasattr(algorithm, "get_mean")
        self.deploys = "mean" if self.of_distribution else "best of the population"

    def __repr__(self) -> str:
        return f"evosax.{type(self.algorithm).__name__}"

    @property
    def default_params(self) -> Any:
        """Those of the algorithm, with a standard deviation to begin with of `SPREAD` where it has one."""
        params = self.algorithm.default_params
        if hasattr(params, "std_init"):
            params = params.replace(std_init=jnp.asarray(params.std_init) * SPREAD)
        return params

    def params_at(self, accuracy: float) -> Any:
        """`default_params`, whatever the accuracy."""
        return self.default_params

    def samples(self, generation: int) -> int:
        """The whole population."""
        return self.population_size

    @partial(jax.jit, static_argnames=("self",))
    def init(self, key: Any, mean: Any, params: Any) -> State:
        """The state to begin with, around a point [numbers]."""
        mean = jnp.asarray(mean)
        begun = jnp.asarray(self.of_distribution)
        if self.of_distribution:
            return State(self.algorithm.init(key, mean, params), begun)
        # begins with a population whose losses are known: its first generation is that population
        scatter, inner = jax.random.split(key)
        population = scattered(scatter, mean, SPREAD, self.population_size)
        zeros = jnp.zeros(self.population_size, dtype=mean.dtype)
        return State(self.algorithm.init(inner, population, zeros, params), begun)

    @partial(jax.jit, static_argnames=("self",))
    def ask(self, key: Any, state: State, params: Any) -> tuple[Any, State]:
        """The next population [members, numbers], and the state."""
        population, inner = self.algorithm.ask(key, state.inner, params)
        if self.of_distribution:
            return population, State(inner, state.begun)
        choose = jax.tree.map(lambda new, old: jnp.where(state.begun, new, old), inner, state.inner)
        return jnp.where(state.begun, population, state.inner.population), State(choose, state.begun)

    @partial(jax.jit, static_argnames=("self",))
    def tell(self, key: Any, population: Any, fitness: Any, state: State, params: Any) -> tuple[State, dict[str, Any]]:
        """The state after a generation; see `Strategy.tell`."""
        ties, key = jax.random.split(key)
        some = jnp.isfinite(fitness).any()
        fitness = without_ties(ties, fitness)
        inner, _ = self.algorithm.tell(key, population, fitness, state.inner, params)
        if not self.of_distribution:
            begin = self.algorithm.init(key, population, fitness, params)
            inner = jax.tree.map(lambda new, old: jnp.where(state.begun, new, old), inner, begin)
        # of a generation that failed as a whole nothing is learnt
        inner = jax.tree.map(lambda new, old: jnp.where(some, new, old).astype(old.dtype), inner, state.inner)
        return State(inner, state.begun | some), {"best_fitness_in_generation": fitness.min()}

    def get_mean(self, state: State) -> Any:
        """The point that is deployed, [numbers]; see `deploys`."""
        if self.of_distribution:
            return self.algorithm.get_mean(state.inner)
        return self.algorithm.get_best_solution(state.inner)
