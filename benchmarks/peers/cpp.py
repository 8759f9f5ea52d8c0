"""bioplast, target cpp: Brian2's C++ for the same network, the samples one after the other; forward only, float64."""

from __future__ import annotations

import numpy as np
from brian2 import ms

import bioplast

from .contestant import Contestant
from .network import LATER, network


class Cpp(Contestant):
    trains = False

    def build(self) -> None:
        self.programs: dict[int, bioplast.program.Program] = {}

    def reset(self) -> None:  # the weights are in the network
        pass

    def take(self, spikes: np.ndarray, labels: np.ndarray) -> None:
        self.batch = spikes.shape[1]
        padded = np.pad(spikes, ((0, LATER), (0, 0), (0, 0)))
        self.spikes = padded.swapaxes(0, 1).reshape(-1, spikes.shape[2])
        if self.batch not in self.programs:
            span = self.batch * (self.task.steps + LATER) * ms
            self.programs[self.batch] = bioplast.compile(network(self.task, restart=True), span, "cpp", namespace={})

    def forward(self) -> np.ndarray:
        raster = self.programs[self.batch](inputs={"input": self.spikes}).raster("spikes")
        return raster.reshape(self.batch, -1, self.task.outputs)[:, LATER:].swapaxes(0, 1)
