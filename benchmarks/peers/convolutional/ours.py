"""bioplast: declared connections in an ordinary Brian2 network, on target jax."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
from brian2 import ms

import bioplast
from bioplast import connection

from ..jax import JaxContestant, jax

delta = bioplast.Synapse("w : 1", on_pre="v_post += w", requires_post={"v": 1}, name="delta")


def network(task: Any) -> brian2.Network:
    """Each layer's spikes reach the next one in their step: its synapses come before its threshold."""
    one, two = task.channels
    first = connection.convolution((1, task.side, task.side), one, 3, padding=1)
    second = connection.average_pooling(first.shape, 2).then(connection.convolution, kernels=two, size=3, padding=1)
    third = connection.average_pooling(second.shape, 2).then(connection.dense, neurons=task.hidden)
    layers = [first, second, third, connection.dense(task.hidden, task.outputs)]
    dt = 1 * ms
    groups: list[Any] = [brian2.SpikeGeneratorGroup(first.inputs, [], [] * ms, dt=dt, name="input")]
    groups[0].when = "given"
    synapses, slots = [], ["start", "groups", "given"]
    for n, (layer, w) in enumerate(zip(layers, task.weights(), strict=True)):
        group = brian2.NeuronGroup(
            layer.neurons,
            "dv/dt = -v/tau : 1",
            threshold="v > 1",
            reset="v = 0",
            method="euler",
            dt=dt,
            namespace={"tau": dt / (1 - task.beta)},
            name=f"layer{n}",
        )
        group.thresholder["spike"].when = f"thresholds{n}"
        made = delta.connect(groups[-1], group, along=layer, w=layer.share * w.astype(float), name=f"w{n}", dt=dt)
        made.pre.when = f"synapses{n}"
        slots += [f"synapses{n}", f"thresholds{n}"]
        groups.append(group)
        synapses.append(made)
    found = brian2.Network(*groups, *synapses, brian2.SpikeMonitor(groups[-1], name="spikes"))
    found.schedule = [*slots, "synapses", "thresholds", "resets", "end"]
    return found


class Bioplast(JaxContestant):
    time = 1

    def prepare(self) -> None:
        jax.config.update("jax_enable_x64", False)
        self.program = bioplast.compile(
            network(self.task),
            self.task.steps * ms,
            "jax",
            surrogate=bioplast.SuperSpike(beta=1),
            dtype="float32",
            namespace={},
        )

    def reset(self) -> None:
        super().reset()
        self.weights, self.state = self.program.replicated((self.weights, self.state))

    def arranged(self, spikes: np.ndarray) -> np.ndarray:
        return spikes.swapaxes(0, 1).reshape(spikes.shape[1], spikes.shape[0], -1)

    def run(self, weights: Any, spikes: Any) -> Any:
        shares = (1, 0.25, 0.25, 1)
        values = {
            f"w{n}_kernels.w": (share * w).ravel() for n, (share, w) in enumerate(zip(shares, weights, strict=True))
        }
        return self.program.batch(values, {"input": spikes}).raster("spikes")
