"""Trainings: one whose descent is known, potentials that are linear in the weights, and one through spikes."""

from __future__ import annotations

import numpy as np
import optax
from brian2 import (
    Mohm,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    mV,
    nA,
)

import bioplast
from bioplast import learning

STEPS, SAMPLES, DT = 12, 22, 1 * ms
RNG = np.random.default_rng(7)
SPIKES = RNG.random((SAMPLES, STEPS, 3)) < 0.3
WANTED = RNG.normal(size=(SAMPLES, 2))


def integrators(p=1):
    """Potentials that are linear in the weights, of which each is there with probability p."""
    source = SpikeGeneratorGroup(3, [], [] * ms, dt=DT, name="source")
    cells = NeuronGroup(2, "dv/dt = -v/(5*ms) : volt", method="exact", dt=DT, name="cells")
    weights = Synapses(source, cells, "w : volt", on_pre="v_post += w", dt=DT, name="weights")
    weights.connect(p=p)
    weights.w = np.arange(len(weights)) * mV
    return Network(source, cells, weights)


def squares(out, wanted):
    return ((out.final["cells.v"] * 1e3 - wanted) ** 2).sum()


def train(program, inputs=None, labels=WANTED[:17], **options):
    given = {
        "train": {"weights.w": 2 * mV},
        "loss": squares,
        "optimiser": optax.sgd(0.01, momentum=0.5),
        "batch": 5,
        "epochs": 4,
        "seed": 3,
        **options,
    }
    return learning.fit(program, {"source": SPIKES[:17]} if inputs is None else inputs, labels, **given)


# Spiking neurons that a TimedArray drives -----------------------------------------------------------------------------

CELLS, CLASS_STEPS = 3, 20
CURRENTS = np.random.default_rng(0).random((8, CLASS_STEPS, CELLS)) * 0.3e-9  # in ampere
CLASSES = np.array([0, 2, 1, 0, 1, 2, 0, 1])


def spiking():
    """A few integrate-and-fire neurons, each with its column of the TimedArray ``stim``."""
    stim = TimedArray(np.zeros((CLASS_STEPS, CELLS)) * nA, dt=DT, name="stim")
    cells = NeuronGroup(
        CELLS,
        "dv/dt = (R*stim(t, i) - v)/tau : volt\ntau : second (constant)\nth : volt (constant)",
        threshold="v > th",
        reset="v = 0*mV",
        method="euler",
        dt=DT,
        name="cells",
        namespace={"stim": stim, "R": 100 * Mohm},
    )
    cells.tau, cells.th = 5 * ms, 10 * mV
    trace = StateMonitor(cells, "v", record=True, name="trace", dt=DT)
    counts = SpikeMonitor(cells, record=False, name="counts")
    return Network(cells, SpikeMonitor(cells, name="spikes"), trace, counts)


def compiled_spiking(target="jax", **options):
    if target == "jax":
        options = {"surrogate": bioplast.SuperSpike(beta=1, unit=1 * mV), **options}
    return bioplast.compile(spiking(), CLASS_STEPS * DT, target, namespace={}, **options)


def counted(out, label):
    return learning.cross_entropy(learning.Count("spikes")(out), label)


def classify(program, inputs=None, labels=CLASSES, **options):
    given = {"train": {"cells.tau": 5 * ms}, "loss": counted, "batch": 8, "epochs": 1, **options}
    return learning.fit(program, {"stim": CURRENTS} if inputs is None else inputs, labels, **given)
