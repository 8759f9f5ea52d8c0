"""What bioplast and sparx have in common: a loss that JAX compiles, and Optax."""

from __future__ import annotations

import abc
import importlib
from typing import Any

import numpy as np

from .contestant import Contestant
from .task import LEARNING_RATE

jax: Any = importlib.import_module("jax")
optax: Any = importlib.import_module("optax")


class JaxContestant(Contestant):
    def build(self) -> None:
        self.prepare()
        self.adam = optax.adam(LEARNING_RATE)
        self.reset()
        self.raster = jax.jit(self.run)
        self.gradients = jax.jit(jax.grad(self.loss))

        @jax.jit
        def step(weights: Any, state: Any, spikes: Any, labels: Any) -> Any:
            loss, gradient = jax.value_and_grad(self.loss)(weights, spikes, labels)
            change, state = self.adam.update(gradient, state, weights)
            return optax.apply_updates(weights, change), state, loss

        self.step = step

    def reset(self) -> None:
        self.weights = tuple(map(jax.numpy.asarray, self.task.weights()))
        self.state = self.adam.init(self.weights)

    @abc.abstractmethod
    def prepare(self) -> None:
        """Make the network."""

    @abc.abstractmethod
    def run(self, weights: Any, spikes: Any) -> Any:
        """Spikes of the output layer; the axes of `spikes` as `arranged` has them."""

    #: the axis of time in the library's rasters; the batch has the other of the first two
    time = 0

    def arranged(self, spikes: np.ndarray) -> np.ndarray:
        return spikes.astype(np.float32)

    def take(self, spikes: np.ndarray, labels: np.ndarray) -> None:
        self.spikes, self.labels = jax.numpy.asarray(self.arranged(spikes)), jax.numpy.asarray(labels)

    def loss(self, weights: Any, spikes: Any, labels: Any) -> Any:
        counts = self.run(weights, spikes).sum(self.time)
        return optax.softmax_cross_entropy_with_integer_labels(counts, labels).mean()

    def forward(self) -> np.ndarray:
        return np.moveaxis(np.asarray(self.raster(self.weights, self.spikes)), self.time, 0)

    def train(self) -> float:
        self.weights, self.state, loss = self.step(self.weights, self.state, self.spikes, self.labels)
        return float(loss)

    def gradient(self) -> tuple[np.ndarray, ...]:
        return tuple(map(np.asarray, self.gradients(self.weights, self.spikes, self.labels)))
