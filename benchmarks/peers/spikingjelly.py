"""SpikingJelly in its multi-step mode: a whole layer at a time."""

from __future__ import annotations

from typing import Any

from .task import BETA
from .torch import TorchContestant, torch


class SpikingJelly(TorchContestant):
    compiled = False

    def prepare(self) -> None:
        from spikingjelly.activation_based import functional, neuron, surrogate

        options = {"tau": 1 / (1 - BETA), "decay_input": False, "detach_reset": False, "step_mode": "m"}
        first, second = self.linear
        self.network = torch.nn.Sequential(
            first,
            neuron.LIFNode(**options, surrogate_function=surrogate.SuperSpike(alpha=1.0)),
            second,
            neuron.LIFNode(**options, surrogate_function=surrogate.SuperSpike(alpha=1.0)),
        ).to(self.device)
        self.fast = torch.compile(self.network) if self.compiled else self.network
        self.forget = functional.reset_net

    def run(self, spikes: Any) -> Any:
        self.forget(self.network)
        return self.fast(spikes)


class SpikingJellyCompiled(SpikingJelly):
    compiled = True
