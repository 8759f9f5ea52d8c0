"""The task as an ordinary Brian2 network."""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import ms

from .task import Task

#: A spike arrives in the step after it was made: the output layer's are two steps later than in the other libraries.
LATER = 2
#: Spikes arrive before the threshold test; in Brian2's default order a reset would wipe out what arrives in its step.
SCHEDULE = ["start", "groups", "synapses", "thresholds", "resets", "end"]


def network(task: Task, restart: bool = False) -> brian2.Network:
    """Groups "input", "hidden" and "output", Synapses "first" and "second", a SpikeMonitor "spikes".

    `restart` puts the membranes back to 0 at the end of each sample, for a batch that is simulated one after the other.
    """
    brian2.defaultclock.dt = 1 * ms
    tau = {"tau": 10 * ms}
    given = brian2.SpikeGeneratorGroup(task.inputs, [], [] * ms, name="input")
    hidden, output = (
        brian2.NeuronGroup(
            size, "dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0", method="exact", namespace=tau, name=name
        )
        for size, name in ((task.hidden, "hidden"), (task.outputs, "output"))
    )
    objects: list[object] = [given, hidden, output]
    for name, before, after, weights in zip(
        ("first", "second"), (given, hidden), (hidden, output), task.weights(), strict=True
    ):
        synapses = brian2.Synapses(before, after, "w : 1", on_pre="v_post += w", name=name)
        synapses.connect()
        synapses.w = weights.ravel().astype(np.float64)
        objects.append(synapses)
    if restart:
        for group in (hidden, output):
            group.run_regularly("v = 0", dt=(task.steps + LATER) * ms, when="start")
    made = brian2.Network(*objects, brian2.SpikeMonitor(output, name="spikes"))
    made.schedule = SCHEDULE
    return made
