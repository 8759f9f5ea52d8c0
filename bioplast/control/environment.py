"""What an environment owes: a state to begin with, and the next one after an action."""

from __future__ import annotations

import abc
from functools import partial
from typing import Any, ClassVar

import jax
import numpy as np

from .spaces import Box, Discrete

__all__ = ["Environment", "Stepped"]


class Environment(abc.ABC):
    """An environment as pure functions, which JAX compiles, maps and scans.

    Two of the same settings are equal, so that JAX compiles them once: a frozen dataclass is.

    Attributes
    ----------
    observation_shape : tuple of int
    actions : Discrete or Box
    max_steps : int or None
        After so many steps an episode is cut off.
    """

    observation_shape: tuple[int, ...]
    actions: Discrete | Box
    max_steps: int | None = None

    @abc.abstractmethod
    def reset(self, key: Any) -> tuple[Any, Any]:
        """The observation and the state that an episode begins with."""

    @abc.abstractmethod
    def step(self, key: Any, state: Any, action: Any) -> tuple[Any, Any, Any, Any]:
        """Observation, state, reward and whether the episode has ended, after an action."""


class Stepped:
    """An `Environment` that is stepped from Python, with the methods of gymnasium's.

    Parameters
    ----------
    environment : Environment

    Attributes
    ----------
    observation : ndarray
        What was seen last.
    """

    metadata: ClassVar[dict[str, Any]] = {}

    def __init__(self, environment: Environment):
        self.environment = environment
        self.action_space = environment.actions
        self._key: Any = None
        self._state: Any = None
        self._done = 0

    def reset(self, *, seed: int | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode: the observation, and nothing else."""
        number = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
        self._key = jax.random.key(number)
        observation, self._state = _reset(self.environment, environment_key(self._key, 0))
        self._done = 0
        return np.asarray(observation), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act: observation, reward, whether the episode has ended, whether it was cut off, and nothing else."""
        self._done += 1
        observation, self._state, reward, ended = _step(
            self.environment, environment_key(self._key, self._done), self._state, action
        )
        cut = self.environment.max_steps is not None and self._done >= self.environment.max_steps
        return np.asarray(observation), float(reward), bool(ended), cut and not bool(ended), {}


def environment_key(key: Any, step: Any) -> Any:
    """The key of an environment's step, counted from 1, or of its reset, 0, in the episode of a key."""
    return jax.random.fold_in(jax.random.fold_in(key, 0), step)


@partial(jax.jit, static_argnums=0)
def _reset(environment: Environment, key: Any) -> Any:
    return environment.reset(key)


@partial(jax.jit, static_argnums=0)
def _step(environment: Environment, key: Any, state: Any, action: Any) -> Any:
    return environment.step(key, state, action)
