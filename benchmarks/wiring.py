"""The connections of the benchmark networks of Brette et al. (2007): random, 80 % of the cells excitatory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np


def pairs(neurons: int, probability: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which neuron connects to which, each pair with this probability (beyond 4000 neurons not drawn for each)."""
    if neurons <= 4000:
        pre, post = np.nonzero(rng.random((neurons, neurons)) < probability)
        return pre, post
    count = rng.binomial(neurons * neurons, probability)
    return np.divmod(np.unique(rng.integers(0, neurons * neurons, count)), neurons)


def wired(
    cells: brian2.NeuronGroup, probability: float, rng: np.random.Generator, constants: Mapping[str, Any]
) -> brian2.Network:
    """The network of cells that excite each other by `we` and inhibit by `wi`, with a SpikeMonitor named "spikes"."""
    neurons = len(cells)
    excitatory = int(0.8 * neurons)
    pre, post = pairs(neurons, probability, rng)
    excites = pre < excitatory
    objects: list[Any] = [cells]
    for name, source, chosen, offset, code in (
        ("excitation", cells[:excitatory], excites, 0, "ge += we"),
        ("inhibition", cells[excitatory:], ~excites, excitatory, "gi += wi"),
    ):
        synapses = brian2.Synapses(source, cells, on_pre=code, namespace=dict(constants), name=name)
        synapses.connect(i=pre[chosen] - offset, j=post[chosen])
        objects.append(synapses)
    return brian2.Network([*objects, brian2.SpikeMonitor(cells, name="spikes")])
