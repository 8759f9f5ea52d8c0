"""What happened in episodes, and the refusal of what cannot have been meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BioplastError, NonFiniteError
from .spaces import Box, Discrete

__all__ = ["FINE", "NAN_OBSERVATION", "NAN_REWARD", "NAN_STATE", "WRONG_ACTION", "Episodes", "refuse"]

#: What may be wrong with a step.
FINE, NAN_OBSERVATION, WRONG_ACTION, NAN_REWARD, NAN_STATE = range(5)


@dataclass(frozen=True)
class Episodes:
    """Episodes of a network, each of `steps` steps at most; what comes after its end is zero.

    Attributes
    ----------
    rewards : ndarray [episodes, steps]
    actions : ndarray [episodes, steps] or [episodes, steps, numbers]
    observations : ndarray [episodes, steps, ...]
        What each action was taken on.
    lengths : ndarray of int [episodes]
        The number of steps.
    recorded : dict of ndarray [episodes, steps, ...]
        What `Rollout` was asked to record of the network.
    """

    rewards: np.ndarray
    actions: np.ndarray
    observations: np.ndarray
    lengths: np.ndarray
    recorded: dict[str, np.ndarray]

    @property
    def returns(self) -> np.ndarray:
        """The sum of the rewards, [episodes]."""
        return self.rewards.sum(axis=-1)


def refuse(kind: int, where: str, step: int, seen: Any, action: Any, actions: Discrete | Box) -> None:
    """Refuse a step of an episode.

    Raises
    ------
    NonFiniteError
        When what the environment shows or pays, or the state of the network, is not finite.
    BioplastError
        For an action that is not accepted.
    """
    if kind == NAN_OBSERVATION:
        flat = np.ravel(seen)
        wrong = int(np.argmin(np.isfinite(flat)))
        raise NonFiniteError(f"{where}, step {step}: the environment's observation has {flat[wrong]} at place {wrong}")
    if kind == WRONG_ACTION:
        given = np.array2string(np.asarray(action), precision=4, threshold=8)
        raise BioplastError(f"{where}, step {step}: the decoder's action is {given}: {actions} are accepted")
    if kind == NAN_REWARD:
        raise NonFiniteError(f"{where}, step {step}: the environment's reward is not finite")
    if kind == NAN_STATE:
        raise NonFiniteError(f"{where}, step {step}: the state of the network is no longer finite")
