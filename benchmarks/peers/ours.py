"""bioplast, target jax: the Brian2 network, differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import ms

import bioplast

from .jax import JaxContestant, jax
from .network import LATER, network


class Bioplast(JaxContestant):
    time = 1

    def prepare(self) -> None:
        jax.config.update("jax_enable_x64", False)
        self.program = bioplast.compile(
            network(self.task),
            (self.task.steps + LATER) * ms,
            target="jax",
            surrogate=bioplast.SuperSpike(beta=1),
            dtype="float32",
            namespace={},
        )

    def arranged(self, spikes: np.ndarray) -> np.ndarray:
        return np.pad(spikes, ((0, LATER), (0, 0), (0, 0))).swapaxes(0, 1)

    def run(self, weights: Any, spikes: Any) -> Any:
        first, second = weights
        out = self.program.batch({"first.w": first.ravel(), "second.w": second.ravel()}, {"input": spikes})
        return out.raster("spikes")[:, LATER:]
