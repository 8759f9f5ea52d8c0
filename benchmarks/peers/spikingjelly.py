"""SpikingJelly in its multi-step mode: a whole layer at a time."""

from __future__ import annotations

import importlib
from typing import Any

from .task import BETA
from .torch import TorchContestant, torch

functional: Any = importlib.import_module("spikingjelly.activation_based.functional")
neuron: Any = importlib.import_module("spikingjelly.activation_based.neuron")
surrogate: Any = importlib.import_module("spikingjelly.activation_based.surrogate")


class SpikingJelly(TorchContestant):
    def prepare(self) -> None:
        options = {"tau": 1 / (1 - BETA), "decay_input": False, "detach_reset": False, "step_mode": "m"}
        first, second = self.linear
        self.network = torch.nn.Sequential(
            first,
            neuron.LIFNode(**options, surrogate_function=surrogate.SuperSpike(alpha=1.0)),
            second,
            neuron.LIFNode(**options, surrogate_function=surrogate.SuperSpike(alpha=1.0)),
        ).to(self.device)
        self.fast = torch.compile(self.network) if self.compiled else self.network

    def run(self, spikes: Any) -> Any:
        functional.reset_net(self.network)
        return self.fast(spikes)


class SpikingJellyCompiled(SpikingJelly):
    compiled = True
