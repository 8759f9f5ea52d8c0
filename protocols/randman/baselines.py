"""What stands beside the spiking networks: a multilayer perceptron, a recurrent network, and guessing."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from .tasks import Part

__all__ = ["majority", "mlp", "rnn"]

# Epochs of the perceptron; the one with the best validation accuracy is kept, the earlier of equals.
_EPOCHS = 100
_BATCH = 64
# Of Adam, for the recurrent network.
_RATE = 3e-3


def mlp(parts: dict[str, Part], classes: int, hidden: int, seed: int) -> np.ndarray:
    """Classes of the test samples by a multilayer perceptron on the spike times, one time for each unit."""
    from sklearn.neural_network import MLPClassifier

    train, validation = parts["train"], parts["validation"]
    best = machine = MLPClassifier((hidden,), batch_size=_BATCH, random_state=seed)
    highest = -1.0
    for _ in range(_EPOCHS):
        machine.partial_fit(train.times, train.labels, classes=np.arange(classes))
        score = machine.score(validation.times, validation.labels)
        if score > highest:
            highest, best = score, deepcopy(machine)
    return best.predict(parts["test"].times)


def rnn(parts: dict[str, Part], classes: int, hidden: int, epochs: int, seed: int) -> np.ndarray:
    """Classes of the test samples by a gated recurrent unit that reads the raster, step by step.

    Its last state is read out linearly.

    References
    ----------
    Cho et al. (2014), EMNLP, 1724, doi:10.3115/v1/D14-1179
    """
    import jax
    import jax.numpy as jnp
    import optax

    train, validation = parts["train"], parts["validation"]
    units = train.raster.shape[2]
    keys = jax.random.split(jax.random.key(seed), 3)
    weights = {
        "input": jax.random.normal(keys[0], (units, 3 * hidden)) / np.sqrt(units),
        "state": jax.random.normal(keys[1], (hidden, 3 * hidden)) / np.sqrt(hidden),
        "bias": jnp.zeros(3 * hidden),
        "output": jax.random.normal(keys[2], (hidden, classes)) / np.sqrt(hidden),
    }

    def scores(weights: Any, raster: Any) -> Any:
        def step(h: Any, spikes: Any) -> tuple[Any, None]:
            new, old = spikes @ weights["input"] + weights["bias"], h @ weights["state"]
            update, reset = jnp.split(jax.nn.sigmoid(new + old)[..., : 2 * hidden], 2, axis=-1)
            proposed = jnp.tanh(new[..., 2 * hidden :] + reset * old[..., 2 * hidden :])
            return update * h + (1 - update) * proposed, None

        begin = jnp.zeros((len(raster), hidden))
        last, _ = jax.lax.scan(step, begin, jnp.swapaxes(raster, 0, 1).astype(float))
        return last @ weights["output"]

    def loss(weights: Any, raster: Any, labels: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(scores(weights, raster), labels).mean()

    optimiser = optax.adam(_RATE)

    @jax.jit
    def update(weights: Any, state: Any, raster: Any, labels: Any) -> tuple[Any, Any]:
        change, state = optimiser.update(jax.grad(loss)(weights, raster, labels), state)
        return optax.apply_updates(weights, change), state

    predicted: Callable[..., Any] = jax.jit(lambda weights, raster: scores(weights, raster).argmax(axis=-1))
    state, best, highest = optimiser.init(weights), weights, -1.0
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(train.labels))
        for chosen in np.array_split(order, -(-len(order) // _BATCH)):
            weights, state = update(weights, state, train.raster[chosen], train.labels[chosen])
        score = float(np.mean(predicted(weights, validation.raster) == validation.labels))
        if score > highest:
            highest, best = score, weights
    return np.asarray(predicted(best, parts["test"].raster))


def majority(parts: dict[str, Part]) -> np.ndarray:
    """The most frequent class of the training part for every test sample."""
    return np.full(len(parts["test"].labels), np.bincount(parts["train"].labels).argmax())
