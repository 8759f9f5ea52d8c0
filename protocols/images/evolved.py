"""Learning without derivatives: the hybrid on a spiking network, and an evolution strategy on a small CNN."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from bioplast.learning.strategies import strategy_of

from . import architectures

__all__ = ["evolve_small"]


def evolve_small(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    shape: tuple[int, int],
    classes: int,
    population: int,
    generations: int,
    batch: int,
    every: int,
    seed: int,
) -> tuple[dict[str, Any], list[int], list[float]]:
    """The small convolutional network, evolved by OpenAI-ES on the cross entropy of a batch of samples.

    Parameters
    ----------
    train, validation : tuple (images [samples, rows, columns] from 0 to 1, labels)
    population, generations, batch : int
        All members of a generation see the same samples.
    every : int
        After so many generations the mean of the strategy is validated.

    Returns
    -------
    values : dict
        The parameters with the best validation.
    generations : list of int
        When it was validated.
    accuracy : list of float
    """
    start, split = ravel_pytree(architectures.new_small(np.random.default_rng([seed, 3]), shape, classes))
    strategy = strategy_of("OpenAI-ES", population, np.asarray(start))
    key = jax.random.key(seed)
    state = strategy.init(key, start, strategy.default_params)

    @jax.jit
    def losses(points: Any, images: Any, labels: Any) -> Any:
        def one(point: Any) -> Any:
            scores = architectures.small(split(point), images)
            return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()

        return jax.lax.map(one, points, batch_size=16)

    def accuracy(point: Any) -> float:
        found = answer(split(point), validation[0])
        return float(np.mean(np.asarray(found) == validation[1]))

    answer = jax.jit(lambda values, images: jnp.argmax(architectures.small(values, images), axis=-1))
    rng = np.random.default_rng([seed, 4])
    best, when, course = start, list[int](), list[float]()
    for generation in range(generations):
        key, asking, telling = jax.random.split(key, 3)
        chosen = rng.choice(len(train[0]), min(batch, len(train[0])), replace=False)
        points, state = strategy.ask(asking, state, strategy.default_params)
        state, _ = strategy.tell(
            telling, points, losses(points, train[0][chosen], train[1][chosen]), state, strategy.default_params
        )
        if (generation + 1) % every == 0 or generation + 1 == generations:
            mean = strategy.get_mean(state)
            when.append(generation + 1)
            course.append(accuracy(mean))
            if course[-1] > max(course[:-1], default=-1.0):
                best = mean
    return split(best), when, course
