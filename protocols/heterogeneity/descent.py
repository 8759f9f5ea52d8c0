"""Backpropagation through time in the closed loop: through all steps of the network, not through the environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["descended", "reinforce"]


def descended(
    rollout: Any,
    train: Any,
    loss: Callable[[Any, Any, Any], Any],
    *,
    updates: int,
    episodes: int,
    rate: float,
    validation: int,
    enough: float,
    seed: int,
    judge: Any = None,
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Descend with Adam along a loss of episodes.

    Parameters
    ----------
    rollout : Rollout
        Of a program with surrogate derivatives.
    train : dict of Trainable
    loss : callable
        ``loss(rollout, values, keys)`` of values and the keys of `episodes` episodes.
    updates, episodes : int
    rate : float
        Of Adam, in typical sizes.
    validation : int
        The episodes that each update is measured with.
    enough : float
        Stop at this mean return.
    judge : Rollout, optional
        What the validation runs in, such as one without random actions; `rollout` by default.

    Returns
    -------
    values : dict of ndarray
        Those with the best validation.
    history : ndarray [updates]
        The mean return of each validation.
    """
    import jax
    import jax.numpy as jnp
    import optax

    from bioplast.learning.trainable import scaled

    program = rollout.program
    searched = scaled(program, train, program.values)
    numbers = {name: jnp.asarray(how.start) for name, how in searched.items()}
    optimiser = optax.chain(optax.zero_nans(), optax.clip_by_global_norm(1.0), optax.adam(rate))

    def values_of(numbers: Any) -> dict[str, Any]:
        return {name: how.elements(numbers[name]) for name, how in searched.items()}

    @jax.jit
    def update(numbers: Any, state: Any, key: Any) -> Any:
        keys = jax.random.split(key, episodes)
        slope = jax.grad(lambda numbers: loss(rollout, values_of(numbers), keys))(numbers)
        changes, state = optimiser.update(slope, state)
        moved = optax.apply_updates(numbers, changes)
        return {name: jnp.clip(moved[name], how.low, how.high) for name, how in searched.items()}, state

    judge = judge or rollout
    held_out = np.random.SeedSequence([seed, 0]).generate_state(validation)
    state, key = optimiser.init(numbers), jax.random.key(seed)
    history: list[float] = []
    best: dict[str, np.ndarray] = {}
    for k in range(updates):
        numbers, state = update(numbers, state, jax.random.fold_in(key, k))
        values = {name: np.asarray(value) for name, value in values_of(jax.device_get(numbers)).items()}
        history.append(float(judge.returns({name: value[None] for name, value in values.items()}, held_out).mean()))
        if history[-1] >= max(history):
            best = values
        if history[-1] >= enough:
            break
    return best, np.array(history)


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
