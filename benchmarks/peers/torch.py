"""What the three libraries on PyTorch have in common."""

from __future__ import annotations

import abc
import importlib
from typing import Any

import numpy as np

from .contestant import Contestant, cores
from .task import LEARNING_RATE

torch: Any = importlib.import_module("torch")


class TorchContestant(Contestant):
    """Two linear layers, trained by torch's own Adam.

    `scale` multiplies the weights of a library that divides its input; the learning rate goes with it, so that every
    step changes what the network computes as it does elsewhere.
    """

    compiled = False

    @property
    def scale(self) -> float:
        return 1.0

    def build(self) -> None:
        torch.set_num_threads(cores())
        self.linear = [layer.to(self.device) for layer in self.layers()]
        self.parameters = [p for layer in self.linear for p in layer.parameters()]
        self.reset()
        # "fused" is the fastest of torch's three forms
        self.adam = torch.optim.Adam(self.parameters, lr=LEARNING_RATE * self.scale, fused=True)
        self.prepare()

    def reset(self) -> None:
        with torch.no_grad():
            for parameter, w in zip(self.parameters, self.task.weights(), strict=True):
                parameter.copy_(torch.tensor(self.turned(w) * self.scale))

    def layers(self) -> list[Any]:
        return [torch.nn.Linear(*w.shape, bias=False) for w in self.task.weights()]

    def shapes(self) -> list[tuple[int, ...]]:
        """The neurons of each layer."""
        return [(self.task.hidden,), (self.task.outputs,)]

    def over_time(self, linear: Any, spikes: Any) -> Any:
        """A layer of connections for all steps at once."""
        return linear(spikes)

    def turned(self, weights: np.ndarray) -> np.ndarray:
        """Weights of the task as the library has them, or back."""
        return weights.T if weights.ndim == 2 else weights

    @abc.abstractmethod
    def prepare(self) -> None:
        """Make the neurons."""

    @abc.abstractmethod
    def run(self, spikes: Any) -> Any:
        """Spikes of the output layer from those of the input, [steps, batch, neurons]."""

    def take(self, spikes: np.ndarray, labels: np.ndarray) -> None:
        self.spikes = torch.tensor(spikes, dtype=torch.float32, device=self.device)
        self.labels = torch.tensor(labels, device=self.device)

    def forward(self) -> np.ndarray:
        # without gradients torch compiles another program, which it had not done after ten minutes
        with torch.set_grad_enabled(self.compiled):
            return self.run(self.spikes).detach().cpu().numpy()

    def loss(self) -> Any:
        self.adam.zero_grad()
        loss = torch.nn.functional.cross_entropy(self.run(self.spikes).sum(0), self.labels)
        loss.backward()
        return loss

    def train(self) -> float:
        loss = self.loss()
        self.adam.step()
        return float(loss.detach())

    def gradient(self) -> tuple[np.ndarray, ...]:
        self.loss()
        return tuple(self.turned(w.grad.cpu().numpy()) * self.scale for w in self.parameters)
