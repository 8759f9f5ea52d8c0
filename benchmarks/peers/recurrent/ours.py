"""bioplast: an ordinary Brian2 network, on targets jax and native."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
from brian2 import ms

import bioplast

from .. import ours
from ..jax import jax
from ..network import LATER, SCHEDULE
from .task import Recurrent


def network(task: Recurrent) -> brian2.Network:
    """Groups "input", "hidden" and "output", Synapses "first", "recurrent" and "second", a SpikeMonitor "spikes"."""
    dt = 1 * ms
    given = brian2.SpikeGeneratorGroup(task.inputs, [], [] * ms, dt=dt, name="input")
    hidden, output = (
        brian2.NeuronGroup(
            size,
            "dv/dt = -v/tau : 1",
            threshold="v > 1",
            reset="v = 0",
            method="euler",
            dt=dt,
            namespace={"tau": dt / (1 - task.beta)},
            name=name,
        )
        for size, name in ((task.hidden, "hidden"), (task.outputs, "output"))
    )
    made: list[Any] = [given, hidden, output]
    ways = {"first": (given, hidden), "recurrent": (hidden, hidden), "second": (hidden, output)}
    for (name, ends), weights in zip(ways.items(), task.weights(), strict=True):
        synapses = brian2.Synapses(*ends, "w : 1", on_pre="v_post += w", dt=dt, name=name)
        synapses.connect()
        synapses.w = weights.ravel().astype(np.float64)
        made.append(synapses)
    found = brian2.Network(*made, brian2.SpikeMonitor(output, name="spikes"))
    found.schedule = SCHEDULE
    return found


class Bioplast(ours.Bioplast):
    def prepare(self) -> None:
        jax.config.update("jax_enable_x64", False)
        self.program = bioplast.compile(
            network(self.task),
            (self.task.steps + LATER) * ms,
            target=self.target,
            surrogate=bioplast.SuperSpike(beta=1),
            dtype="float32",
            namespace={},
        )

    def run(self, weights: Any, spikes: Any) -> Any:
        values = {f"{name}.w": w.ravel() for name, w in zip(("first", "recurrent", "second"), weights, strict=True)}
        return self.program.batch(values, {"input": spikes}).raster("spikes")[:, LATER:]


class BioplastNative(Bioplast):
    target = "native"
