"""Baselines that learn by gradient descent: scikit-learn's perceptron, and networks of `architectures`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

__all__ = ["Learned", "predicted", "train", "train_perceptron"]

#: The share of hidden units that dropout silences.
DROPOUT = 0.3


@dataclass(frozen=True)
class Learned:
    """What the epoch with the best validation left: what predicts, and the accuracy after each epoch."""

    predict: Callable[[np.ndarray], np.ndarray]
    accuracy: list[float]


def train_perceptron(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    hidden: int,
    batch: int,
    epochs: int,
    seed: int,
) -> Learned:
    """A multilayer perceptron on features [samples, inputs]."""
    from sklearn.neural_network import MLPClassifier

    machine = MLPClassifier((hidden,), batch_size=min(batch, len(train[0])), random_state=seed)
    best, accuracy = machine, list[float]()
    for _ in range(epochs):
        machine.partial_fit(*train, classes=np.unique(train[1]))
        accuracy.append(float(machine.score(*validation)))
        if accuracy[-1] > max(accuracy[:-1], default=-1.0):
            best = deepcopy(machine)
    return Learned(best.predict, accuracy)


def train(
    apply: Callable[..., Any],
    values: dict[str, Any],
    sample: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    read: Callable[[np.ndarray], np.ndarray],
    rate: float,
    batch: int,
    epochs: int,
    seed: int,
) -> Learned:
    """Adam on the cross entropy, with a rate that falls as half a cosine.

    Parameters
    ----------
    apply : callable
        ``apply(values, inputs, keep)``, scores [samples, classes].
    values : dict
        To begin with.
    sample, read : callable
        What the network gets of samples, in training, where it may draw, and otherwise.
    train, validation : tuple (samples, labels)
    rate : float
        The learning rate to begin with.
    """
    samples, labels = train
    batch = min(batch, len(samples))
    steps = epochs * (len(samples) // batch)
    optimiser = optax.adam(optax.cosine_decay_schedule(rate, steps))
    width = values["output"].shape[0]

    @jax.jit
    def step(values: Any, state: Any, inputs: Any, labels: Any, keep: Any) -> tuple[Any, Any]:
        def mean(values: Any) -> Any:
            scores = apply(values, inputs, keep)
            return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()

        change, state = optimiser.update(jax.grad(mean)(values), state)
        return optax.apply_updates(values, change), state

    state = optimiser.init(values)
    best, accuracy = values, list[float]()
    for epoch in range(epochs):
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(samples))
        for k in range(len(samples) // batch):
            chosen = order[k * batch : (k + 1) * batch]
            keep = (rng.random((batch, width)) >= DROPOUT).astype(np.float32) / np.float32(1 - DROPOUT)
            values, state = step(values, state, sample(samples[chosen], rng), labels[chosen], keep)
        found = predicted(apply, values, validation[0], read)
        accuracy.append(float(np.mean(found == validation[1])))
        if accuracy[-1] > max(accuracy[:-1], default=-1.0):
            best = values
    return Learned(lambda samples: predicted(apply, best, samples, read), accuracy)


def predicted(
    apply: Callable[..., Any], values: Any, samples: np.ndarray, read: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Classes [samples]."""
    answer = jax.jit(lambda values, inputs: jnp.argmax(apply(values, inputs), axis=-1))
    parts = [samples[first : first + 1000] for first in range(0, len(samples), 1000)]
    return np.concatenate([np.asarray(answer(values, read(part))) for part in parts])
