"""MNIST and Fashion-MNIST in four time steps: evolved neurons with random weights against evolved weights.

Decided here: a sample lasts four steps of 1 ms. A hidden neuron sees a square of 14 x 14 pixels somewhere in the image,
through random weights (where weights evolve, to begin with). Where the neurons evolve, their currents are the
intensities times random weights, the same in all steps; where the weights do, an intensity p is round(4p) spikes,
spread over the steps.
The readout neurons do not spike; their mean potential is the score of a class. Arm "neurons" has a fourth as many
hidden neurons as searched numbers: 1024 for 4096. Arm "coevolved" has the same network; its neurons have a population
each, and mutants are judged one by one (`coevolution`). Arm "weights" has as many hidden neurons as 794 weights for
each give: 5 for 4096. Arm "width" evolves the neurons of a hidden layer that is as wide as that of arm "weights": few
numbers. Evolution is told the cross entropy of a batch of training samples, the same for all members.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, TimedArray, ms, mV, nA

import bioplast
from bioplast.definition import Receptor
from bioplast.models import delta_synapse, heterogeneous_lif

from .coevolution import coevolved
from .networks import DT, NEURONS

__all__ = ["PIXELS", "STEPS", "classified", "currents", "hidden_of", "network", "random_weights", "rate_code", "rates"]

STEPS, CLASSES, SIDE = 4, 10, 28
PIXELS = SIDE**2
# Pixels of a side of what a hidden neuron sees. At 4096 numbers coevolved neurons then have 79.1 % of the validation
# samples of MNIST (mean of seeds 0 to 2), and 77.5 %, in more generations, where each sees the whole image.
FIELD = 14
# Samples of the training set that choose the generation.
_VALIDATION = 5000
# Standard deviations: that of the potential that random weights give a hidden neuron in a step, and of those to the
# readout times the root of the hidden neurons.
_AFFERENT, _EFFERENT, _CURRENT = 10 * mV, 10 * mV, 1 * nA
# The mean potential of a readout neuron that is a score of 1.
_SCORE = 2 * mV
# How many of the pixels spike in a step, about.
_ACTIVE = 100


def rate_code(images: np.ndarray) -> np.ndarray:
    """Spikes of intensities, bool [samples, steps, pixels]: round(4p) of them, as evenly as can be.

    Parameters
    ----------
    images : ndarray of uint8 [samples, rows, columns]
    """
    total = (images.reshape(len(images), 1, -1).astype(np.float32) * (STEPS / 255) + 0.5).astype(np.uint8)
    step = np.arange(1, STEPS + 1, dtype=np.uint8)[:, None]
    return (total * step + 2) // STEPS > (total * (step - 1) + 2) // STEPS


def hidden_of(method: str, numbers: int) -> int:
    """How many hidden neurons an arm has for so many searched numbers."""
    return numbers // len(NEURONS) if method in ("neurons", "coevolved") else round(numbers / (PIXELS + CLASSES))


def random_weights(hidden: int, seed: int) -> np.ndarray:
    """Normal weights of the pixels in a neuron's field [pixels, hidden], their mean zero, so that few are silent."""
    rng = np.random.default_rng([seed, 6])
    weights = rng.normal(size=(SIDE, SIDE, hidden)).astype(np.float32)
    row, column = rng.integers(0, SIDE - FIELD + 1, (2, hidden))
    y, x = np.mgrid[:SIDE, :SIDE][..., None]
    seen = (y >= row) & (y < row + FIELD) & (x >= column) & (x < column + FIELD)
    weights = np.where(seen, weights - weights.mean(axis=(0, 1), where=seen), np.float32(0))
    # of fewer pixels, which are weighted the more
    return (weights * np.float32(SIDE / FIELD)).reshape(PIXELS, hidden)


def currents(images: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The currents of the hidden neurons in A, one row of the TimedArray for each sample, [samples, 1, hidden]."""
    pixels = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    return {"drive": (pixels @ weights * np.float32(_CURRENT / nA * 1e-9 / np.sqrt(_ACTIVE)))[:, None]}


def network(hidden: int, seed: int, weights: bool) -> Network:
    """Hidden neurons and a readout neuron for each class, with random weights.

    Parameters
    ----------
    weights : bool
        Whether spikes of pixels come in over synapses, whose weights are searched; else currents do.
    """
    rng = np.random.default_rng([seed, 8])
    objects: list[Any] = []
    if weights:
        pixels = SpikeGeneratorGroup(PIXELS, [], [] * ms, dt=DT, name="pixels")
        layer = heterogeneous_lif.group(hidden, dt=DT, name="hidden")
        first = delta_synapse.connect(pixels, layer, name="afferents", dt=DT)
        first.w = random_weights(hidden, seed).ravel() * _AFFERENT / np.sqrt(_ACTIVE)
        objects += [pixels, first]
    else:
        layer = (heterogeneous_lif + _driven(hidden)).group(hidden, dt=DT, name="hidden")
    readout = heterogeneous_lif.group(CLASSES, dt=DT, name="readout", v_th=1e9 * mV)
    second = delta_synapse.connect(layer, readout, name="efferents", dt=DT)
    second.w = rng.normal(size=len(second)) * _EFFERENT / np.sqrt(hidden)
    trace = StateMonitor(readout, "v", record=True, dt=DT, name="potential", when="end")
    return Network(layer, readout, second, SpikeMonitor(layer, name="spikes"), trace, *objects)


def _driven(hidden: int) -> Receptor:
    return Receptor(
        "I_driven = drive(t, i) : amp",
        current="I_driven",
        namespace={"drive": TimedArray(np.zeros((1, hidden)) * nA, dt=DT, name="drive")},
        meaning="currents of an image",
    )


def scores(out: Any) -> Any:
    """The mean potential of each readout neuron in units of 2 mV, [classes]."""
    from bioplast import learning

    return learning.Mean("potential", "v", unit=_SCORE)(out)


def trained(method: str, only: tuple[str, ...] = ("tau_m", "v_th", "v_rest", "R")) -> dict[str, Any]:
    """What is searched in an arm."""
    from bioplast.learning import Trainable

    if method == "weights":
        return {"afferents.w": Trainable(_AFFERENT / np.sqrt(_ACTIVE)), "efferents.w": Trainable(5 * mV)}
    return {f"hidden.{key}": Trainable(**NEURONS[key]) for key in only}


def parts(task: str, seed: int, samples: int | None) -> dict[str, Any]:
    """Training, validation and test samples; `samples` bounds the first and the last."""
    from bioplast.dataset import fashion_mnist, mnist

    load = {"mnist": mnist, "fashion": fashion_mnist}[task].load
    train, test = load("train", progress=False), load("test", progress=False)
    order = np.random.default_rng([seed, 7]).permutation(len(train[1]))
    chosen = {"train": order[_VALIDATION:][:samples], "validation": order[:_VALIDATION][:samples]}
    found = {name: (train[0][rows], train[1][rows]) for name, rows in chosen.items()}
    return {**found, "test": (test[0][:samples], test[1][:samples])}


def strategy(rate: float, noise: float) -> Any:
    """OpenAI's evolution strategy: mirrored Gaussian noise, ranks of the losses, Adam along the estimated gradient."""
    import functools

    import optax
    from evosax.algorithms import Open_ES
    from evosax.core.fitness_shaping import centered_rank_fitness_shaping_fn

    return functools.partial(
        Open_ES,
        optimizer=optax.adam(rate),
        std_schedule=optax.constant_schedule(noise),
        fitness_shaping_fn=centered_rank_fitness_shaping_fn,
    )


def classified(settings: dict[str, Any], seed: int, scratch: Any = None) -> dict[str, Any]:
    """Evolve an arm, choose the generation on validation samples, and look at the test samples once.

    Parameters
    ----------
    settings : dict
        ``task``, ``method`` ("neurons", "coevolved", "weights" or "width"), ``numbers``, ``samples``, ``population``,
        ``generations``, ``batch``, ``rate``, ``noise``; those of arm "coevolved" are in ``coevolution``, with
        ``every``.
    seed : int
    scratch : Path, optional
        Where a killed run is taken up.
    """
    from bioplast import learning

    method = settings["method"]
    hidden = hidden_of(method, settings["numbers"])
    program = bioplast.compile(
        network(hidden, seed, method == "weights"), STEPS * DT, "jax", namespace={}, dtype="float32"
    )
    data = parts(settings["task"], seed, settings["samples"])
    weights = random_weights(hidden, seed)

    def encode(images: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"pixels": rate_code(images)} if method == "weights" else currents(images, weights)

    inputs: dict[str, Any] = {name: learning.Encoded(images, encode) for name, (images, _) in data.items()}
    labels = {name: each for name, (_, each) in data.items()}
    if method == "coevolved":
        found = coevolved(
            program, inputs, labels, scores=scores, unit=float(_SCORE), seed=seed, **settings["coevolution"]
        )
    else:
        found = _evolved(program, inputs, labels, settings, seed, scratch)
    before, after = (_predicted(program, inputs["test"], values) for values in (None, found["values"]))
    return {
        "accuracy": float((after == labels["test"]).mean()),
        "untrained": float((before == labels["test"]).mean()),
        "history": found["history"],
        "best": found["best"],
        "hidden": hidden,
    }


def _evolved(
    program: Any, inputs: dict[str, Any], labels: dict[str, Any], settings: dict[str, Any], seed: int, scratch: Any
) -> dict[str, Any]:
    """What an evolution of all numbers at once finds, as of `coevolved`."""
    from bioplast import learning

    found = learning.evolve(
        program,
        inputs["train"],
        labels["train"],
        train=trained(settings["method"]),
        loss=lambda out, label: learning.cross_entropy(scores(out), label),
        score=lambda out, label: scores(out).argmax() == label,
        strategy=strategy(settings["rate"], settings["noise"]),
        population=settings["population"],
        generations=settings["generations"],
        batch=settings["batch"],
        validation=(inputs["validation"], labels["validation"]),
        seed=seed,
        checkpoint=scratch and scratch / "evolution.npz",
    )
    return {"values": found.values, "history": found.history["validation_score"], "best": found.best}


def _predicted(program: Any, inputs: Any, values: Any) -> np.ndarray:
    from bioplast import learning

    return learning.predict(program, inputs, scores, values).argmax(axis=1)


def rates(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Mean spike counts of few hidden neurons for each class, [generations, neurons, classes], while they evolve.

    Parameters
    ----------
    settings : dict
        ``task``, ``hidden``, ``samples``, ``population``, ``batch``, ``rate``, ``noise``, and ``generations``, the ones
        that are looked at.
    seed : int
    """
    import tempfile
    from pathlib import Path

    from bioplast import learning

    hidden = settings["hidden"]
    program = bioplast.compile(network(hidden, seed, False), STEPS * DT, "jax", namespace={}, dtype="float32")
    data, weights = parts(settings["task"], seed, settings["samples"]), random_weights(hidden, seed)
    inputs = {
        name: learning.Encoded(images, lambda images, rng: currents(images, weights))
        for name, (images, _) in data.items()
    }
    labels, found = data["validation"][1], []
    with tempfile.TemporaryDirectory() as folder:
        for generations in settings["generations"]:
            evolved = learning.evolve(
                program,
                inputs["train"],
                data["train"][1],
                train=trained("neurons"),
                loss=lambda out, label: learning.cross_entropy(scores(out), label),
                strategy=strategy(settings["rate"], settings["noise"]),
                population=settings["population"],
                generations=generations,
                batch=settings["batch"],
                seed=seed,
                checkpoint=Path(folder) / "evolution.npz",  # goes on from the generation before
            )
            counts = learning.predict(program, inputs["validation"], learning.Count("spikes"), evolved.last)
            found.append(np.stack([counts[labels == k].mean(axis=0) for k in range(CLASSES)], axis=1))
    return {"rates": np.array(found), "generations": settings["generations"]}
