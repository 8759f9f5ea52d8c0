"""A landscape with valleys beside the deepest one, and the path that every strategy takes through it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["LOWEST", "START", "gradient_path", "height", "path"]

#: Where every search begins: beyond a valley that is not the deepest.
START = (2.6, 2.0)
#: The deepest point; its x is the root of ``2 x + 6 cos 3x`` next to -0.5.
LOWEST = (-0.4710431709, 0.0)
# So wide, at the beginning, that the neighbouring valley is seen.
_SPREAD = 1.0
_RATE = 0.1


def height(x: Any, y: Any) -> Any:
    """``z = x^2 + 0.5 y^2 + 2 sin 3x``; arrays of NumPy or JAX."""
    import jax.numpy as jnp

    return x**2 + 0.5 * y**2 + 2 * (np.sin(3 * x) if isinstance(x, np.ndarray | float) else jnp.sin(3 * x))


def path(strategy: str, members: int, generations: int, seed: int) -> np.ndarray:
    """The point that is deployed after each generation, [1 + generations, 2]; the first is the start.

    Parameters
    ----------
    strategy : str
        As of `bioplast.learning.evolve`; our own begin with a spread of 1.
    members, generations, seed : int
    """
    import jax
    import jax.numpy as jnp

    from bioplast.learning.strategies import OWN, strategy_of

    begin = np.array(START, dtype=np.float32)
    made: Any = strategy
    if strategy in OWN:

        def made(**given: Any) -> Any:
            return OWN[strategy](spread=_SPREAD, **given)  # type: ignore[call-arg]

    found = strategy_of(made, members, begin)
    params = found.default_params

    def generation(state: Any, along: Any) -> Any:
        key, count = along
        asking, telling = jax.random.split(key)
        points, state = found.ask(asking, state, params)
        losses = jnp.where(jnp.arange(members) < count, height(points[:, 0], points[:, 1]), jnp.nan)
        state, _ = found.tell(telling, points, losses, state, params)
        return state, found.get_mean(state)

    keys = jax.random.split(jax.random.key(seed), generations + 1)
    counts = np.array([found.samples(k) for k in range(generations)])
    _, course = jax.lax.scan(generation, found.init(keys[0], begin, params), (keys[1:], counts))
    return np.concatenate([begin[None], np.asarray(course)])


def gradient_path(generations: int) -> np.ndarray:
    """The same for gradient descent with Adam, [1 + generations, 2]."""
    import jax
    import jax.numpy as jnp
    import optax

    optimiser = optax.adam(_RATE)
    slope = jax.grad(lambda point: height(point[0], point[1]))

    def step(along: Any, _: Any) -> Any:
        point, state = along
        change, state = optimiser.update(slope(point), state)
        point = optax.apply_updates(point, change)
        return (point, state), point

    begin = jnp.array(START)
    _, course = jax.lax.scan(step, (begin, optimiser.init(begin)), None, generations)
    return np.concatenate([np.array(START)[None], np.asarray(course)])
