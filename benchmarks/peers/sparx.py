"""sparx: layers over time, the neurons' recurrence scanned."""

from __future__ import annotations

import importlib
from typing import Any

from .jax import JaxContestant

nn: Any = importlib.import_module("flax.linen")
sparx: Any = importlib.import_module("sparx")


class Sparx(JaxContestant):
    def prepare(self) -> None:
        hidden, outputs = self.task.hidden, self.task.outputs

        class Classifier(nn.Module):
            @nn.compact
            def __call__(self, x: Any) -> Any:
                options = {"tau": 10.0, "reset": "zero", "surrogate": sparx.surrogate.FastSigmoid(1.0)}
                s = sparx.nn.LIF(**options)(nn.Dense(hidden, use_bias=False)(x))
                return sparx.nn.LIF(**options)(nn.Dense(outputs, use_bias=False)(s))

        self.network = Classifier()

    def run(self, weights: Any, spikes: Any) -> Any:
        first, second = weights
        parameters = {"Dense_0": {"kernel": first}, "Dense_1": {"kernel": second}}
        return self.network.apply({"params": parameters}, spikes)
