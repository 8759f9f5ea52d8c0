"""What a strategy owes: a population when it is asked, something learnt when it is told the losses."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ...errors import BioplastError

__all__ = ["DECAY", "Strategy", "annealed", "best_first", "mean_weights"]

#: What an annealed quantity keeps of its distance to the end in each generation.
DECAY = 0.97


@dataclass(frozen=True)
class Strategy(abc.ABC):
    """A search for the point [numbers] with the smallest loss, whose methods are those of evosax's algorithms.

    Two of the same settings are equal, so that JAX compiles them once. A loss that is not finite counts as infinite:
    its member never wins, and nothing is learnt from a generation in which no loss is finite.

    Parameters
    ----------
    population_size : int
        Members of a generation.
    solution : array, optional
        As evosax is given; the point to begin with says the same.
    """

    population_size: int
    solution: Any = field(default=None, compare=False, repr=False)

    #: Which point is deployed: "mean" or "global best".
    deploys: ClassVar[str] = "mean"
    #: The fewest members that it can work with.
    fewest: ClassVar[int] = 2

    def __post_init__(self) -> None:
        if self.population_size < self.fewest:
            raise BioplastError(
                f"{type(self).__name__}: a population of {self.population_size}: at least {self.fewest} are needed"
            )

    @property
    def default_params(self) -> Any:
        """What may change from generation to generation; nothing for most."""
        return ()

    def params_at(self, accuracy: float) -> Any:
        """The parameters once an accuracy is reached; NaN where none is known."""
        return self.default_params

    def samples(self, generation: int) -> int:
        """How many members of a generation, counted from 0, are evaluated: the first ones; the others' loss is NaN."""
        return self.population_size

    @partial(jax.jit, static_argnames=("self",))
    def init(self, key: Any, mean: Any, params: Any = ()) -> Any:
        """The state to begin with, around a point [numbers]."""
        return self._init(key, jnp.asarray(mean))

    @partial(jax.jit, static_argnames=("self",))
    def ask(self, key: Any, state: Any, params: Any = ()) -> tuple[Any, Any]:
        """The next population [members, numbers], and the state."""
        return self._ask(key, state), state

    @partial(jax.jit, static_argnames=("self",))
    def tell(self, key: Any, population: Any, fitness: Any, state: Any, params: Any = ()) -> tuple[Any, dict[str, Any]]:
        """The state after a generation, and what is worth knowing of it.

        Parameters
        ----------
        key : JAX key
        population : array [members, numbers]
            As `ask` gave it, or moved into bounds.
        fitness : array [members]
            The losses.
        state, params : as of `ask`
        """
        losses = jnp.where(jnp.isfinite(fitness), fitness, jnp.inf)
        return self._tell(key, population, losses, state, params), {"best_fitness_in_generation": losses.min()}

    def get_mean(self, state: Any) -> Any:
        """The point that is deployed, [numbers]; see `deploys`."""
        return state.mean

    @abc.abstractmethod
    def _init(self, key: Any, mean: Any) -> Any:
        """The state to begin with."""

    @abc.abstractmethod
    def _ask(self, key: Any, state: Any) -> Any:
        """The next population."""

    @abc.abstractmethod
    def _tell(self, key: Any, population: Any, losses: Any, state: Any, params: Any) -> Any:
        """The state after a generation, whose losses are finite or infinitely large."""


def annealed(begin: float, end: float, generation: Any, decay: float = DECAY) -> Any:
    """``end + (begin - end) decay^generation``."""
    return end + (begin - end) * decay**generation


def best_first(key: Any, losses: Any) -> Any:
    """The members [members] from the best to the worst; chance decides between equals."""
    return jnp.lexsort((jax.random.uniform(key, losses.shape), losses))


def mean_weights(order: Any, losses: Any, count: Any) -> tuple[Any, Any]:
    """What each member counts in the mean over the best ones, [members], and whether there is any.

    Parameters
    ----------
    order : array [members]
        Of `best_first`.
    losses : array [members]
        Members with an infinite one are left out.
    count : int
        How many are the best.
    """
    ranks = jnp.argsort(order)
    chosen = (ranks < count) & jnp.isfinite(losses)
    return chosen / jnp.maximum(chosen.sum(), 1).astype(losses.dtype), chosen.any()
