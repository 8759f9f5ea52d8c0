"""Environments of gymnax and brax as ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BioplastError
from .environment import Environment
from .spaces import Box, space_of

__all__ = ["Brax", "Gymnax", "environment_of"]


class Gymnax(Environment):
    """An environment of gymnax, without its own resets.

    Parameters
    ----------
    environment : gymnax environment
        As the first of what ``gymnax.make(name)`` gives.
    params : optional
        Its parameters, the default ones if they are missing; they stay what they are in what is compiled.
    """

    def __init__(self, environment: Any, params: Any = None):
        missing = [name for name in ("reset_env", "step_env") if not callable(getattr(environment, name, None))]
        if missing:
            raise BioplastError(f"Gymnax: {type(environment).__name__} has no {missing[0]}: see gymnax.make")
        self.environment = environment
        self.params = environment.default_params if params is None else params
        self.observation_shape = tuple(environment.observation_space(self.params).shape)
        self.actions = space_of(environment.action_space(self.params))
        limit = getattr(self.params, "max_steps_in_episode", None)
        self.max_steps = None if limit is None else int(limit)

    def reset(self, key: Any) -> tuple[Any, Any]:
        """As its `reset_env`."""
        observation, state = self.environment.reset_env(key, self.params)
        return observation, state

    def step(self, key: Any, state: Any, action: Any) -> tuple[Any, Any, Any, Any]:
        """As its `step_env`."""
        observation, state, reward, ended, *_ = self.environment.step_env(key, state, action, self.params)
        return observation, state, reward, ended


class Brax(Environment):
    """An environment of brax, whose actions are numbers from -1 to 1.

    Parameters
    ----------
    environment : brax environment
        As ``brax.envs.get_environment(name, backend="spring")`` gives it; wrappers that reset by themselves are taken
        off.
    max_steps : int
        After so many steps an episode is cut off.
    """

    def __init__(self, environment: Any, max_steps: int = 1000):
        if not hasattr(environment, "action_size"):
            raise BioplastError(f"Brax: {type(environment).__name__} has no action_size: see brax.envs.get_environment")
        self.environment = getattr(environment, "unwrapped", environment)
        self.observation_shape = (int(np.prod(environment.observation_size)),)
        self.actions = Box(-1.0, 1.0, (int(environment.action_size),))
        self.max_steps = max_steps

    def reset(self, key: Any) -> tuple[Any, Any]:
        """As its `reset`."""
        state = self.environment.reset(key)
        return state.obs, state

    def step(self, key: Any, state: Any, action: Any) -> tuple[Any, Any, Any, Any]:
        """As its `step`."""
        state = self.environment.step(state, action)
        return state.obs, state, state.reward, state.done > 0


def environment_of(given: Any) -> Any:
    """Something functional as an `Environment`; what is stepped from Python as it is.

    Raises
    ------
    BioplastError
        For what is neither.
    """
    if isinstance(given, Environment):
        return given
    if callable(getattr(given, "step_env", None)):
        return Gymnax(given)
    if hasattr(given, "action_size") and callable(getattr(given, "step", None)):
        return Brax(given)
    if callable(getattr(given, "reset", None)) and callable(getattr(given, "step", None)):
        return given
    raise BioplastError(
        f"environment is a {type(given).__name__}: an Environment, one of gymnax or brax, or one of gymnasium, with "
        "reset and step, is accepted"
    )
