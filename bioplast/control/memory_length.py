"""Memory length: a cue at the beginning that is asked for at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ..errors import BioplastError
from .environment import Environment
from .spaces import Discrete

__all__ = ["MemoryLength"]


@dataclass(frozen=True)
class MemoryLength(Environment):
    """Repeat one bit of a cue that was seen `length` - 1 steps before: reward 1 for the right answer, -1 for the other.

    Observed are 1 - t/length, which bit is asked for, shown at t = length - 1 alone, and the cue, each bit as -1 or 1,
    at t = 0 alone. An observation tells the state before the action: what `reset` shows is shown once more after the
    first action, so that the cue is seen twice. The last of length + 1 actions, on what is seen of t = length - 1, is
    the answer.

    Parameters
    ----------
    length : int
        From 1.
    bits : int
        Of the cue, from 1.

    References
    ----------
    Osband et al. (2020), Behaviour suite for reinforcement learning, arXiv:1908.03568, "memory length".
    """

    length: int
    bits: int = 1

    actions: ClassVar[Discrete] = Discrete(2)  # type: ignore[misc]

    def __post_init__(self) -> None:
        for name in ("length", "bits"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise BioplastError(
                    f"MemoryLength: {name} is {getattr(self, name)!r}: a whole number from 1 is accepted"
                )

    @property
    def observation_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return (self.bits + 2,)

    @property
    def max_steps(self) -> int:  # type: ignore[override]
        return self.length + 1

    def reset(self, key: Any) -> tuple[Any, Any]:
        """A random cue, and which bit of it will be asked for."""
        of_cue, of_query = jax.random.split(key)
        cue = jax.random.bernoulli(of_cue, shape=(self.bits,)).astype(jnp.int32)
        query = jax.random.randint(of_query, (), 0, self.bits, dtype=jnp.int32)
        state = (jnp.int32(0), cue, query)
        return self._seen(state), state

    def step(self, key: Any, state: Any, action: Any) -> tuple[Any, Any, Any, Any]:
        """The observation of the state before the step."""
        t, cue, query = state
        ended = t == self.length
        right = jnp.asarray(action) == cue[query]
        reward = jnp.where(ended, jnp.where(right, 1.0, -1.0), 0.0)
        return self._seen(state), (t + 1, cue, query), reward, ended

    def _seen(self, state: Any) -> Any:
        t, cue, query = state
        left = (self.length - t) / self.length
        asked = jnp.where(t == self.length - 1, query, 0)
        shown = jnp.where(t == 0, 2 * cue - 1, 0)
        return jnp.concatenate([jnp.stack([left, asked]), shown]).astype(jnp.float32)
