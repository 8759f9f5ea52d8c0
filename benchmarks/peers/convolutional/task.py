"""What everyone computes: two convolutions, each pooled by averages, and two dense layers of spiking neurons.

Each layer sees the spikes of the one before in the same step. Neurons and loss are those of the dense task. All numbers
are multiples of powers of two, so that no order of a sum moves a spike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GRAIN = 32  # weights are multiples of 1/32


@dataclass(frozen=True)
class Convolutional:
    """A size of the network and of a batch; the neurons keep 3/4 of their membrane in a step."""

    channels: tuple[int, int] = (16, 32)
    hidden: int = 128
    outputs: int = 10
    steps: int = 8
    batch: int = 64
    density: float = 0.13
    side: int = 28
    beta: float = 0.75

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The neurons of each layer."""
        one, two = self.channels
        return [(one, self.side, self.side), (two, self.side // 2, self.side // 2), (self.hidden,), (self.outputs,)]

    def weights(self, seed: int = 1) -> tuple[np.ndarray, ...]:
        """float32 [kernels, channels, 3, 3] and [before, after], for neurons to spike in some percent of the steps."""
        rng = np.random.default_rng(seed)
        one, two = self.channels
        dense = two * (self.side // 4) ** 2
        shapes = [(one, 1, 3, 3), (two, one, 3, 3), (dense, self.hidden), (self.hidden, self.outputs)]
        into = [9, 9 * one, dense, self.hidden]
        means = (0.4, 0.2, 0.0, 0.05)
        drawn = [
            rng.normal(mean / n**0.5, 2.5 / n**0.5, shape) for mean, n, shape in zip(means, into, shapes, strict=True)
        ]
        return tuple((np.round(GRAIN * w) / GRAIN).astype(np.float32) for w in drawn)

    def data(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Spikes [steps, batch, 1, side, side] of independent neurons, and labels [batch]."""
        rng = np.random.default_rng(seed)
        spikes = rng.random((self.steps, self.batch, 1, self.side, self.side)) < self.density
        return spikes, rng.integers(0, self.outputs, self.batch)

    def __str__(self) -> str:
        one, two = self.channels
        return f"{one}C3-AP2-{two}C3-AP2-{self.hidden}-{self.outputs}, T = {self.steps}, batch {self.batch}"
