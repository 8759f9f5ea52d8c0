"""snnTorch, step by step as in its tutorials."""

from __future__ import annotations

import importlib
from typing import Any

from .layerwise import Layerwise
from .torch import torch

snntorch: Any = importlib.import_module("snntorch")
surrogate: Any = importlib.import_module("snntorch.surrogate")


class SnnTorch(Layerwise):
    def prepare(self) -> None:
        # reset_delay=False: the reset in the step of the spike, with its gradient
        options = {"beta": self.task.beta, "reset_mechanism": "zero", "reset_delay": False}
        slope = surrogate.fast_sigmoid(slope=1)
        self.cells = [snntorch.Leaky(**options, spike_grad=slope).to(self.device) for _ in self.linear]

    def start(self, shape: tuple[int, ...]) -> Any:
        return torch.zeros(self.batch, *shape, device=self.device)


class SnnTorchCompiled(SnnTorch):
    compiled = True
