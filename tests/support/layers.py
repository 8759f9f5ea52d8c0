"""Two layers that are trained through spikes, and what they are shown."""

from __future__ import annotations

import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms

import bioplast

DT = 1 * ms


def layers(steps=30, hidden=40, **options):
    """Spikes onto a spiking layer of more neurons than a dense product is taken for, and a readout."""
    rng = np.random.default_rng(2)
    source = SpikeGeneratorGroup(20, [], [] * ms, dt=DT, name="source")
    cells = NeuronGroup(
        hidden, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v -= 1", method="exact", dt=DT, name="cells"
    )
    readout = NeuronGroup(3, "du/dt = -u/(20*ms) : 1", method="exact", dt=DT, name="readout")
    first = Synapses(source, cells, "w : 1", on_pre="v_post += w", dt=DT, name="first")
    second = Synapses(cells, readout, "w : 1", on_pre="u_post += w", dt=DT, name="second")
    for synapses in (first, second):
        synapses.connect()
        synapses.w = rng.normal(0.2, 0.5, len(synapses))
    monitors = [SpikeMonitor(cells, name="spikes"), StateMonitor(readout, "u", record=True, name="trace", dt=DT)]
    network = Network(source, cells, readout, first, second, *monitors)
    surrogate = bioplast.SuperSpike(beta=5)
    return bioplast.compile(network, steps * ms, "jax", namespace={}, surrogate=surrogate, **options)


RASTERS = np.random.default_rng(3).random((5, 30, 20)) < 0.1
LABELS = np.random.default_rng(4).normal(size=(5, 30, 3))


def loss(out, labels):
    return ((out.states["trace"]["u"] - labels) ** 2).sum()
