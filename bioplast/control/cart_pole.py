"""CartPole-v1: a pole on a cart that is pushed to the left or to the right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from .environment import Environment
from .spaces import Discrete

__all__ = ["CartPole"]

# SI units; HALF is half the pole's length, DT the time of a step.
_GRAVITY, _CART, _POLE, _HALF, _FORCE, _DT = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
_MASS = _CART + _POLE


@dataclass(frozen=True)
class CartPole(Environment):
    """Balance a pole by pushing its cart: reward 1 for each step, until the pole or the cart has gone too far.

    Observed are position, velocity, angle and angular velocity, in m, m/s, rad and rad/s, rounded to single precision.
    Action 1 pushes to the right, 0 to the left. An episode ends beyond 2.4 m or 12 degrees.

    Parameters
    ----------
    max_steps : int
        After so many steps an episode is cut off; 500 in CartPole-v1.

    References
    ----------
    Barto, Sutton and Anderson (1983), doi:10.1109/TSMC.1983.6313077; constants and Euler steps of CartPole-v1 in
    gymnasium.
    """

    max_steps: int = 500

    observation_shape: ClassVar[tuple[int, ...]] = (4,)  # type: ignore[misc]
    actions: ClassVar[Discrete] = Discrete(2)  # type: ignore[misc]
    farthest: ClassVar[float] = 2.4
    steepest: ClassVar[float] = 12 * 2 * math.pi / 360

    def reset(self, key: Any) -> tuple[Any, Any]:
        """All four numbers between -0.05 and 0.05."""
        state = jax.random.uniform(key, (4,), dtype=float, minval=-0.05, maxval=0.05)
        return state.astype(jnp.float32), state

    def step(self, key: Any, state: Any, action: Any) -> tuple[Any, Any, Any, Any]:
        """An Euler step of 20 ms."""
        x, x_dot, theta, theta_dot = state
        force = jnp.where(jnp.asarray(action) == 1, _FORCE, -_FORCE)
        cos, sin = jnp.cos(theta), jnp.sin(theta)
        push = (force + _POLE * _HALF * theta_dot**2 * sin) / _MASS
        theta_2 = (_GRAVITY * sin - cos * push) / (_HALF * (4 / 3 - _POLE * cos**2 / _MASS))
        x_2 = push - _POLE * _HALF * theta_2 * cos / _MASS
        state = jnp.stack([x + _DT * x_dot, x_dot + _DT * x_2, theta + _DT * theta_dot, theta_dot + _DT * theta_2])
        ended = (abs(state[0]) > self.farthest) | (abs(state[2]) > self.steepest)
        return state.astype(jnp.float32), state, jnp.ones((), dtype=state.dtype), ended
