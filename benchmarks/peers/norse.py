"""Norse's LIFBoxCell."""

from __future__ import annotations

import importlib
from typing import Any

from .layerwise import Layerwise
from .torch import torch

norse: Any = importlib.import_module("norse.torch")
box: Any = importlib.import_module("norse.torch.functional.lif_box")


class Norse(Layerwise):
    @property
    def scale(self) -> float:  # v <- v + (1 - beta)*(x - v)
        return 1 / (1 - self.task.beta)

    def prepare(self) -> None:
        dt = 0.001
        parameters = box.LIFBoxParameters(
            tau_mem_inv=torch.tensor((1 - self.task.beta) / dt, device=self.device), method="super"
        )
        self.cells = [norse.LIFBoxCell(parameters, dt=dt).to(self.device) for _ in self.linear]

    def start(self, shape: tuple[int, ...]) -> Any:
        # a state of its own making would keep torch from compiling all steps in one
        return box.LIFBoxFeedForwardState(v=torch.zeros(self.batch, *shape, device=self.device))


class NorseCompiled(Norse):
    compiled = True
