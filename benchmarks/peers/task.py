"""What everyone computes: a network of two layers, spikes to classify, and a loss.

Both layers are leaky integrate-and-fire neurons without synaptic time constant. In each step::

    v <- beta*v + W x;  s = v > 1;  v <- 0 where s = 1

with gradients through the reset too, and 1/(1 + abs(v - 1))**2 for the derivative of s. The loss is the cross entropy
of the output layer's spike counts. These choices are the common ground of all four peers: Norse ignores the steepness
of its SuperSpike and cannot cut the gradient of a reset, sparx and Norse do not return membrane potentials.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

BETA = math.exp(-0.1)  # a membrane time constant of ten steps
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class Task:
    """A size of the network and of a batch."""

    inputs: int = 100
    hidden: int = 256
    outputs: int = 10
    steps: int = 100
    batch: int = 256
    density: float = 0.02
    beta: float = BETA

    def weights(self, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """float32 [inputs, hidden] and [hidden, outputs], scaled for a neuron to spike in some percent of the steps."""
        rng = np.random.default_rng(seed)
        first = rng.normal(0.0, 1.0 / math.sqrt(5 * self.inputs * self.density), (self.inputs, self.hidden))
        second = rng.normal(0.0, 1.0 / math.sqrt(5 * self.hidden * 0.05), (self.hidden, self.outputs))
        return first.astype(np.float32), second.astype(np.float32)

    def data(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Spikes [steps, batch, inputs] of independent neurons, and labels [batch]."""
        rng = np.random.default_rng(seed)
        spikes = rng.random((self.steps, self.batch, self.inputs)) < self.density
        return spikes, rng.integers(0, self.outputs, self.batch)

    def __str__(self) -> str:
        return (
            f"{self.inputs}-{self.hidden}-{self.outputs}, {self.steps} steps, batch {self.batch}, "
            f"{100 * self.density:g} % input density"
        )


def swept(base: Task) -> dict[str, list[Task]]:
    """The base and its neighbours, by what is changed."""
    from dataclasses import replace

    return {
        "hidden": [replace(base, hidden=n) for n in (64, 256, 1024)],
        "steps": [replace(base, steps=n) for n in (25, 100, 200)],
        "batch": [replace(base, batch=n) for n in (32, 256, 1024)],
        "density": [replace(base, density=d) for d in (0.005, 0.02, 0.1, 0.5)],
    }
