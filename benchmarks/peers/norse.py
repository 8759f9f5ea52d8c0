"""Norse's LIFBoxCell."""

from __future__ import annotations

from typing import Any

from .layerwise import Layerwise
from .task import BETA
from .torch import torch


class Norse(Layerwise):
    scale = 1 / (1 - BETA)  # v <- v + (1 - beta)*(x - v)

    def prepare(self) -> None:
        from norse.torch import LIFBoxCell
        from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters

        dt = 0.001
        parameters = LIFBoxParameters(tau_mem_inv=torch.tensor((1 - BETA) / dt, device=self.device), method="super")
        self.cells = [LIFBoxCell(parameters, dt=dt).to(self.device) for _ in range(2)]
        self.state = LIFBoxFeedForwardState

    def start(self, size: int) -> Any:
        # a state of its own making would keep torch from compiling all steps in one
        return self.state(v=torch.zeros(self.batch, size, device=self.device))


class NorseCompiled(Norse):
    compiled = True
