"""Environments of gymnax and brax as ours."""

from __future__ import annotations

from typing import Any

import jax

from ..errors import BioplastError
from ..learning.arguments import whole
from .environment import Environment
from .spaces import Box, space_of

__all__ = ["Brax", "Gymnax", "environment_of"]

_WRAPPERS = ("AutoResetWrapper", "EpisodeWrapper", "EvalWrapper", "VmapWrapper")


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
        As ``brax.envs.get_environment(name, backend="spring")`` gives it. Wrappers of brax that count steps, reset by
        themselves or make a batch are taken off; others stay.
    max_steps : int, optional
        After so many steps an episode is cut off; without one after as many as brax's wrapper says, or 1000.

    Raises
    ------
    BioplastError
        For what is no such environment, one that shows more than one array, a batch, or actions that are repeated.
    """

    def __init__(self, environment: Any, max_steps: int | None = None):
        if not hasattr(environment, "action_size"):
            raise BioplastError(f"Brax: {type(environment).__name__} has no action_size: see brax.envs.get_environment")
        self.environment, limit = _bare(environment)
        self.max_steps = limit if max_steps is None else whole(max_steps, "Brax: max_steps")
        name = type(self.environment).__name__
        try:
            begin = jax.eval_shape(self.environment.reset, jax.random.key(0))
        except Exception as error:  # of somebody's environment
            reason = next(iter(str(error).strip().splitlines()), "")
            raise BioplastError(f"Brax: reset of {name} ended in {type(error).__name__}: {reason}") from error
        if not hasattr(begin.obs, "shape"):
            raise BioplastError(f"Brax: {name} shows {', '.join(map(str, begin.obs))}: one array is accepted")
        if begin.reward.shape:
            raise BioplastError(f"Brax: {name} is a batch of {begin.reward.shape[0]}: a single environment is accepted")
        self.observation_shape = tuple(begin.obs.shape)
        self.actions = Box(-1.0, 1.0, (int(environment.action_size),))

    def reset(self, key: Any) -> tuple[Any, Any]:
        """As its `reset`."""
        state = self.environment.reset(key)
        return state.obs, state

    def step(self, key: Any, state: Any, action: Any) -> tuple[Any, Any, Any, Any]:
        """As its `step`."""
        # brax writes into the dicts of the state that it is given: it gets a state with dicts of its own
        state = self.environment.step(jax.tree.map(lambda leaf: leaf, state), action)
        return state.obs, state, state.reward, state.done > 0


def _bare(environment: Any) -> tuple[Any, int]:
    """An environment of brax without the wrappers that its trainers need, and the number of steps that they say."""
    steps = 1000
    while type(environment).__name__ in _WRAPPERS and hasattr(environment, "env"):
        repeated = getattr(environment, "action_repeat", 1)
        if repeated != 1:
            raise BioplastError(
                f"Brax: {type(environment).__name__} repeats each action {repeated} times: give n_frames to "
                "brax.envs.get_environment instead"
            )
        steps = getattr(environment, "episode_length", steps)
        environment = environment.env
    return environment, steps


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
