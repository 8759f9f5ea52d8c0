"""An evolution whose populations are known to NumPy: potentials that are linear in the weights."""

from __future__ import annotations

from bioplast import learning
from support.training import SPIKES, WANTED, squares

MEMBERS, GENERATIONS = 9, 4


def evolve(program, inputs=None, labels=WANTED[:17], **options):
    from brian2 import mV

    given = {
        "train": {"weights.w": 2 * mV},
        "loss": squares,
        "strategy": "cem",
        "population": MEMBERS,
        "generations": GENERATIONS,
        "batch": 5,
        "seed": 3,
        **options,
    }
    return learning.evolve(program, {"source": SPIKES[:17]} if inputs is None else inputs, labels, **given)
