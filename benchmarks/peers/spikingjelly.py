"""SpikingJelly in its multi-step mode: a whole layer at a time."""

from __future__ import annotations

import importlib
from typing import Any

from .torch import TorchContestant, torch

functional: Any = importlib.import_module("spikingjelly.activation_based.functional")
neuron: Any = importlib.import_module("spikingjelly.activation_based.neuron")
surrogate: Any = importlib.import_module("spikingjelly.activation_based.surrogate")


class SpikingJelly(TorchContestant):
    threshold = 1.0

    def prepare(self) -> None:
        options = {
            "v_threshold": self.threshold,
            "tau": 1 / (1 - self.task.beta),
            "decay_input": False,
            "detach_reset": False,
            "step_mode": "m",
        }
        layers = []
        for linear in self.linear:
            layers.append(self.in_time(linear))
            layers.append(neuron.LIFNode(**options, surrogate_function=surrogate.SuperSpike(alpha=1.0)))
        self.network = torch.nn.Sequential(*layers).to(self.device)
        self.fast = torch.compile(self.network) if self.compiled else self.network

    def in_time(self, linear: Any) -> Any:
        """A layer that takes all steps at once."""
        return linear

    def run(self, spikes: Any) -> Any:
        functional.reset_net(self.network)
        return self.fast(spikes)


class SpikingJellyCompiled(SpikingJelly):
    compiled = True
