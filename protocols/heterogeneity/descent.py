"""Backpropagation through time in the closed loop: through all steps of the network, not through the environment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["Descent", "reinforce"]


class Descent:
    """Adam along the gradient of a loss of episodes; what JAX compiles for it is that of all networks of a program.

    Parameters
    ----------
    rollout : Rollout
        Of a program with surrogate derivatives.
    train : dict of Trainable
    loss : callable
        ``loss(rollout, values, keys)`` of values and the keys of `episodes` episodes.
    episodes : int
    rate : float
        Of Adam, in typical sizes.
    judge : Rollout, optional
        What the validation runs in, such as one without random actions; `rollout` by default.
    """

    def __init__(
        self,
        rollout: Any,
        train: Any,
        loss: Callable[[Any, Any, Any], Any],
        *,
        episodes: int,
        rate: float,
        judge: Any = None,
    ):
        import jax
        import jax.numpy as jnp
        import optax

        self.rollout, self.train, self.judge = rollout, train, judge or rollout
        self.optimiser = optax.chain(optax.zero_nans(), optax.clip_by_global_norm(1.0), optax.adam(rate))
        searched = self._searched({})

        def update(numbers: Any, state: Any, key: Any, values: Any) -> Any:
            keys = jax.random.split(key, episodes)
            slope = jax.grad(lambda n: loss(rollout, {**values, **_values_of(searched, n)}, keys))(numbers)
            changes, state = self.optimiser.update(slope, state)
            moved = optax.apply_updates(numbers, changes)
            return {name: jnp.clip(moved[name], how.low, how.high) for name, how in searched.items()}, state

        self._update = jax.jit(update)

    def _searched(self, values: Mapping[str, np.ndarray]) -> dict[str, Any]:
        from bioplast.learning.trainable import scaled

        program = self.rollout.program
        return scaled(program, self.train, {**program.values, **values})

    def __call__(
        self, values: Mapping[str, np.ndarray], *, updates: int, validation: int, enough: float, seed: int
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Descend.

        Parameters
        ----------
        values : dict of ndarray
            Replaces values of the program to begin with, those that are not searched for good.
        updates : int
        validation : int
            The episodes that each update is measured with.
        enough : float
            Stop at this mean return.
        seed : int

        Returns
        -------
        values : dict of ndarray
            Those with the best validation, and those of `values` that are not searched.
        history : ndarray [updates]
            The mean return of each validation.
        """
        import jax
        import jax.numpy as jnp

        from bioplast.program.jax import disk_cache

        searched = self._searched(values)
        given = {name: jnp.asarray(v, self.rollout.program.dtype) for name, v in values.items() if name not in searched}
        numbers = {name: jnp.asarray(how.start) for name, how in searched.items()}
        held_out = np.random.SeedSequence([seed, 0]).generate_state(validation)
        state, key = self.optimiser.init(numbers), jax.random.key(seed)
        history: list[float] = []
        best: dict[str, np.ndarray] = {}
        for k in range(updates):
            with contextlib.nullcontext() if k else disk_cache():
                numbers, state = self._update(numbers, state, jax.random.fold_in(key, k), given)
            found = _values_of(searched, jax.device_get(numbers))
            found = {**values, **{name: np.asarray(value) for name, value in found.items()}}
            returns = self.judge.returns({name: value[None] for name, value in found.items()}, held_out)
            history.append(float(returns.mean()))
            if history[-1] >= max(history):
                best = found
            if history[-1] >= enough:
                break
        return best, np.array(history)


def _values_of(searched: Mapping[str, Any], numbers: Any) -> dict[str, Any]:
    return {name: how.elements(numbers[name]) for name, how in searched.items()}


def reinforce(rollout: Any, values: Any, keys: Any) -> Any:
    """The policy gradient's loss: chances of the actions taken, times how much more was gained after them than usual.

    The rollout records the ``scores`` of the softmax that its actions are drawn from.

    References
    ----------
    Williams (1992), doi:10.1007/BF00992696
    """
    import jax
    import jax.numpy as jnp

    found = jax.vmap(rollout.episode, in_axes=(None, 0))(values, keys)
    alive = found["alive"].astype(float)
    gained = jnp.cumsum(found["rewards"][:, ::-1], axis=1)[:, ::-1]
    count = jnp.maximum(alive.sum(), 1)
    mean = (gained * alive).sum() / count
    spread = jnp.sqrt(((gained - mean) ** 2 * alive).sum() / count) + 1e-6
    chances = jax.nn.log_softmax(found["recorded"]["scores"], axis=-1)
    taken = jnp.take_along_axis(chances, found["actions"][..., None], axis=-1)[..., 0]
    advantage = jax.lax.stop_gradient((gained - mean) / spread)
    return -(taken * advantage * alive).sum() / count
