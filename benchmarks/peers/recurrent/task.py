"""What everyone computes: a hidden layer that also reaches itself, one step later, and an output layer.

In each step, with neurons and loss of the dense task::

    v <- beta*v + W x + R s';  s = v > 1;  v <- 0 where s = 1

where s' are the hidden spikes of the step before. 1 - beta is a power of two: no library's way to write the leak rounds
more than another's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Recurrent:
    """A size of the network and of a batch; the neurons keep 7/8 of their membrane in a step."""

    inputs: int = 700
    hidden: int = 1024
    outputs: int = 20
    steps: int = 1000
    batch: int = 64
    density: float = 0.01
    beta: float = 7 / 8

    def weights(self, seed: int = 1) -> tuple[np.ndarray, ...]:
        """float32 [inputs, hidden], [hidden, hidden] and [hidden, outputs].

        They are scaled for a neuron to spike in some percent of the steps, the recurrent ones for derivatives that do
        not grow from step to step.
        """
        rng = np.random.default_rng(seed)
        sizes = [(self.inputs, self.hidden), (self.hidden, self.hidden), (self.hidden, self.outputs)]
        into = [4 * self.inputs * self.density, 16 * self.hidden, 4 * self.hidden * 0.02]
        drawn = [rng.normal(0.0, 1.0 / math.sqrt(n), size) for n, size in zip(into, sizes, strict=True)]
        return tuple(w.astype(np.float32) for w in drawn)

    def data(self, seed: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Spikes [steps, samples, inputs] of independent neurons, and labels [samples]."""
        rng = np.random.default_rng(seed)
        spikes = np.array(
            [rng.random((self.steps, self.inputs), dtype=np.float32) < self.density for _ in range(samples)]
        )
        return spikes.swapaxes(0, 1), rng.integers(0, self.outputs, samples)

    def __str__(self) -> str:
        return (
            f"{self.inputs}-{self.hidden}-{self.outputs} with recurrence, {self.steps} steps, batch {self.batch}, "
            f"{100 * self.density:g} % input density"
        )
