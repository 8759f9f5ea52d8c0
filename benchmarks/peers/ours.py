"""bioplast: the Brian2 network, differentiated, on target jax and on target native."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
from brian2 import ms

import bioplast

from .jax import JaxContestant, jax
from .network import LATER, network


class Bioplast(JaxContestant):
    time = 1
    target = "jax"

    def prepare(self) -> None:
        jax.config.update("jax_enable_x64", False)
        made = network(self.task)
        begin = time.perf_counter()
        self.program = bioplast.compile(
            made,
            (self.task.steps + LATER) * ms,
            target=self.target,
            surrogate=bioplast.SuperSpike(beta=1),
            dtype="float32",
            namespace={},
        )
        self.read = time.perf_counter() - begin

    def reset(self) -> None:
        super().reset()
        self.weights, self.state = self.program.replicated((self.weights, self.state))

    def compiling(self) -> float:
        """Compile time in seconds: of `bioplast.compile` and the first training step, less those of a later step.

        To be asked before anything else. What these import is in it; the definition of the network in Brian2 is not.
        """
        steps = []
        for _ in range(9):
            begin = time.perf_counter()
            self.train()
            steps.append(time.perf_counter() - begin)
        return self.read + steps[0] - statistics.median(steps[2:])

    def arranged(self, spikes: np.ndarray) -> np.ndarray:
        return np.pad(spikes, ((0, LATER), (0, 0), (0, 0))).swapaxes(0, 1)

    def run(self, weights: Any, spikes: Any) -> Any:
        first, second = weights
        out = self.program.batch({"first.w": first.ravel(), "second.w": second.ravel()}, {"input": spikes})
        return out.raster("spikes")[:, LATER:]


class BioplastNative(Bioplast):
    target = "native"
