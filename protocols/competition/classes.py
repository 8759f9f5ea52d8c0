"""Randman classes read out by the decision network: spikes of a hidden layer are its evidence.

The hidden layer and its units are those of the protocol randman, with two classes. A hidden spike adds to the currents
through the AMPA receptors of both populations, where the noise comes in, too; the stimulus is ambiguous, c = 0. The
class is that of the population whose gate is further open in the end. Beside it the same hidden layer is read out as in
that protocol, by the highest of two potentials, trained by the same strategy with as many network evaluations.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from brian2 import Hz, Network, StateMonitor, ms, nA, second

import bioplast
from bioplast.definition import Parameter, Synapse

from ..randman import layers, tasks
from .decisions import THRESHOLD
from .wong_wang import wong_wang

__all__ = ["READOUTS", "TASK", "TITLES", "evidence", "network", "of", "trained"]

TASK, CLASSES = "randman2", 2
# Of the hidden layer, and of the decision network, whose noise has a correlation time of 2 ms.
_DT, _FINE = 2 * ms, 0.5 * ms
# The decision goes on after the units' 50 ms; the potentials are read for as long as in randman.
_STEPS = {"competition": 250, "potential": 30}
READOUTS = tuple(_STEPS)
TITLES = {"competition": "two competing populations, reduced", "potential": "the highest of two potentials"}
_READ = ("S_1", "S_2", "r_1", "r_2")
# The standard deviation of the weights to the decision network before training, and what a gate's opening counts in the
# cross entropy: gates of a decision differ by about 0.5.
_START, _SHARPNESS = 0.02 * nA, 10.0

evidence = Synapse(
    "",
    on_pre="""
    I_noise_1_post += w_1
    I_noise_2_post += w_2
    """,
    parameters={
        "w_1": Parameter(0 * nA, low=-1 * nA, high=1 * nA, meaning="current into population 1"),
        "w_2": Parameter(0 * nA, low=-1 * nA, high=1 * nA, meaning="current into population 2"),
    },
    requires_post={"I_noise_1": nA, "I_noise_2": nA},
    meaning="evidence for two competing populations",
    name="evidence",
)


def network(hidden: int) -> Network:
    """The network of randman with the decision network in the place of its readout neurons."""
    made = layers.hidden_layer(hidden, _DT)
    decision = wong_wang.group(1, name="decision", dt=_FINE, t_on=0 * second)
    efferents = evidence.connect(made["hidden"], decision, name="evidence", dt=_DT)
    made.add(decision, efferents, StateMonitor(decision, list(_READ), record=True, dt=10 * _FINE, name="gates"))
    return made


def _gates(out: Any) -> Any:
    """S_1 and S_2 in the end, [2]."""
    import jax.numpy as jnp

    from bioplast import learning

    return _SHARPNESS * jnp.concatenate([learning.Last("gates", name)(out) for name in _READ[:2]], axis=-1)


def _decided(out: Any) -> Any:
    """Whether a population fires faster than the threshold in the end."""
    import jax.numpy as jnp

    from bioplast import learning

    return jnp.stack([learning.Last("gates", name, unit=1 * Hz)(out) for name in _READ[2:]]).max() > THRESHOLD


def of(results: dict[str, dict[str, Any]], readout: str) -> list[dict[str, Any]]:
    """The results of a readout, in the order of the seeds."""
    return [result for key, result in results.items() if key.startswith(f"{TASK}/{readout}/")]


def trained(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Evolve weights and time constants, choose the generation on validation samples, and look at the test part once.

    Parameters
    ----------
    settings : dict
        ``readout``, one of `READOUTS`; ``samples`` of each class, ``hidden``, ``population``, ``batch`` and
        ``generations``.
    seed : int
    """
    from bioplast import learning
    from bioplast.learning.strategies import Hybrid

    readout, hidden = settings["readout"], settings["hidden"]
    steps = _STEPS[readout]
    parts = tasks.draw(TASK, settings["samples"], steps, _DT, seed)
    values, train = layers.start(hidden, CLASSES, seed), layers.trainable("both", hidden)
    if readout == "potential":
        program, scores = layers.compiled(hidden, CLASSES, steps, _DT), layers.potential
    else:
        program = bioplast.compile(network(hidden), steps * _DT, "jax", namespace={}, dtype="float32")
        scores = _gates
        del values["efferents.w"], train["efferents.w"]
        rng = np.random.default_rng([seed, 5])
        for name in ("evidence.w_1", "evidence.w_2"):
            values[name] = rng.normal(0, float(_START), hidden)
            train[name] = _START
    train = {name: size for name, size in train.items() if not name.startswith("readout.")}
    validation = parts["validation"]
    found = learning.evolve(
        program,
        {"units": parts["train"].raster},
        parts["train"].labels,
        train=train,
        loss=lambda out, label: learning.cross_entropy(scores(out), label),
        score=lambda out, label: scores(out).argmax() == label,
        strategy=functools.partial(Hybrid, spread=0.4, spread_end=0.08, pool=0.15, threshold=0.99),
        population=settings["population"],
        generations=settings["generations"],
        batch=settings["batch"],
        validation=({"units": validation.raster}, validation.labels),
        values=values,
        seed=seed,
    )
    test = parts["test"]
    before, after = (learning.predict(program, {"units": test.raster}, scores, each) for each in (values, found.values))
    answer = {
        "accuracy": np.mean(after.argmax(axis=1) == test.labels),
        "untrained": np.mean(before.argmax(axis=1) == test.labels),
        "validation": found.history["validation_score"],
        "evaluations": found.history["evaluations"],
    }
    if readout == "competition":
        answer["decided"] = np.mean(learning.predict(program, {"units": test.raster}, _decided, found.values))
    return answer
