"""A training whose descent is known: potentials that are linear in the weights."""

from __future__ import annotations

import numpy as np
import optax
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, mV

from bioplast import learning

STEPS, SAMPLES, DT = 12, 22, 1 * ms
RNG = np.random.default_rng(7)
SPIKES = RNG.random((SAMPLES, STEPS, 3)) < 0.3
WANTED = RNG.normal(size=(SAMPLES, 2))


def integrators():
    """Potentials that are linear in the weights."""
    source = SpikeGeneratorGroup(3, [], [] * ms, dt=DT, name="source")
    cells = NeuronGroup(2, "dv/dt = -v/(5*ms) : volt", method="exact", dt=DT, name="cells")
    weights = Synapses(source, cells, "w : volt", on_pre="v_post += w", dt=DT, name="weights")
    weights.connect()
    weights.w = np.arange(6) * mV
    return Network(source, cells, weights)


def squares(out, wanted):
    return ((out.final["cells.v"] * 1e3 - wanted) ** 2).sum()


def train(program, **options):
    given = {
        "train": {"weights.w": 2 * mV},
        "loss": squares,
        "optimiser": optax.sgd(0.01, momentum=0.5),
        "batch": 5,
        "epochs": 4,
        "seed": 3,
        **options,
    }
    return learning.fit(program, {"source": SPIKES[:17]}, WANTED[:17], **given)
