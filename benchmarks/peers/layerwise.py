"""Libraries whose neurons are cells: from an input and a state to spikes and the next state."""

from __future__ import annotations

import abc
from typing import Any

from .torch import TorchContestant, torch


class Layerwise(TorchContestant):
    """Runs cells step by step, as both libraries' tutorials do.

    Compiled, it runs them layer by layer, which saves torch from compiling a product for each step.
    """

    cells: list[Any]

    @abc.abstractmethod
    def start(self, shape: tuple[int, ...]) -> Any:
        """The state of neurons of each sample before the first step."""

    def run(self, spikes: Any) -> Any:
        self.batch = spikes.shape[1]
        states = [self.start(shape) for shape in self.shapes()]
        if not self.compiled:
            return self.stepwise(spikes, *states)
        if not hasattr(self, "fast"):
            self.fast = torch.compile(self.layerwise)
        return self.fast(spikes, *states)

    def stepwise(self, spikes: Any, *states: Any) -> Any:
        now, told = list(states), []
        for x in spikes:
            for k, (linear, cell) in enumerate(zip(self.linear, self.cells, strict=True)):
                x, now[k] = cell(linear(x), now[k])
            told.append(x)
        return torch.stack(told)

    def layerwise(self, spikes: Any, *states: Any) -> Any:
        for linear, cell, state in zip(self.linear, self.cells, states, strict=True):
            told = []
            for x in self.over_time(linear, spikes).unbind(0):
                s, state = cell(x, state)
                told.append(s)
            spikes = torch.stack(told)
        return spikes
