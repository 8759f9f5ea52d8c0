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

    scale = 1.0
    compiled = False

    def build(self) -> None:
        torch.set_num_threads(cores())
        shapes = [w.shape for w in self.task.weights()]
        self.linear = [torch.nn.Linear(*shape, bias=False).to(self.device) for shape in shapes]
        self.parameters = [layer.weight for layer in self.linear]
        self.reset()
        # "fused" is the fastest of torch's three forms
        self.adam = torch.optim.Adam(self.parameters, lr=LEARNING_RATE * self.scale, fused=True)
        self.prepare()

    def reset(self) -> None:
        with torch.no_grad():
            for parameter, w in zip(self.parameters, self.task.weights(), strict=True):
                parameter.copy_(torch.tensor(w.T * self.scale))

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

    def gradient(self) -> tuple[np.ndarray, np.ndarray]:
        self.loss()
        first, second = (w.grad.cpu().numpy().T * self.scale for w in self.parameters)
        return first, second
