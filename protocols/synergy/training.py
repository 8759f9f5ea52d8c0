"""One trial: a network of an arm is trained, and answers for the test images as they are, corrupted, and merged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import mV

from bioplast.dataset import Samples

from . import network, weights
from .network import DT, LOCAL, Live
from .tasks import CORRUPTIONS, LEVELS, Task, fractions, shifted

__all__ = ["carry_out", "exported", "frozen_values", "inputs_of", "loss", "right", "scores"]

Settings = Mapping[str, Any]
#: How the numbers of the rule are trained: typical sizes, so that a step of the optimiser is a small part of each.
SIZES = {"eta": 0.1 * mV, "beta": 1, "lambda_f": 1, "lambda_p": 1}
COEFFICIENTS = ("lambda_1", "lambda_2", "lambda_3")


def scores(out: Any) -> Any:
    """The mean potential of each readout neuron in mV, [classes]."""
    from bioplast import learning

    return learning.Mean("potential", "v", unit=1 * mV)(out)


def loss(out: Any, label: Any) -> Any:
    from bioplast import learning

    return learning.cross_entropy(scores(out), label)


def right(out: Any, label: Any) -> Any:
    return scores(out).argmax() == label


def inputs_of(images: np.ndarray) -> dict[str, np.ndarray]:
    """Images [samples, rows, columns], or [samples, frames, channels, rows, columns], as inputs."""
    frames = images.shape[1] if images.ndim == 5 else 1
    return {"image": fractions(images).reshape(len(images), frames, -1)}


def carry_out(task: Task, settings: Settings, seed: int, scratch: Path | None) -> dict[str, Any]:
    """What one trial finds.

    Returns
    -------
    dict
        ``"history"``, ``"best"``; ``"accuracy"`` on the test samples by how plasticity goes on: "on" within each of
        them, or "frozen"; ``"robust"`` accuracies by corruption; ``"coefficients"`` by layer; and, where the settings
        ask for it, ``"map"`` (t-SNE) and ``"merged"``, how far the merged network's scores are away.
    """
    parts = task.split(seed, settings["samples"], settings.get("folder"))
    live = network.build(task.shape, task.classes, dict(settings), seed, frames=task.frames)
    program = network.compiled(live, dict(settings))
    history, best, values = _train(live, program, parts, settings, seed, scratch)
    test = parts["test"]

    # as they are, and corrupted in every way: all in one go, since each is compiled anew
    some = Samples(test.images[: settings["robust"]], test.labels[: settings["robust"]])
    rng = np.random.default_rng([seed, 11])
    changes = [(name, level) for name in CORRUPTIONS for level in LEVELS[name] if len(some.labels)]
    changed = [CORRUPTIONS[name](fractions(some.images), level, rng) for name, level in changes]
    found = _answers(program, np.concatenate([fractions(test.images), *changed]), values)
    count = len(test.labels)
    accuracy = {"on": _share(found["scores"][:count], test.labels)}
    frozen = {**values, **frozen_values(live, program)}
    if live.carried:
        accuracy["frozen"] = _share(_answers(program, fractions(test.images), frozen)["scores"], test.labels)
    robust: dict[str, list[float]] = {}
    for (name, _), each in zip(changes, np.split(found["scores"][count:], len(changes) or 1), strict=bool(changes)):
        robust.setdefault(name, []).append(_share(each, some.labels))
    result: dict[str, Any] = {"history": history, "best": best, "accuracy": accuracy, "robust": robust}
    if live.carried:
        known = {**program.values, **values}
        result["coefficients"] = {
            key: float(np.ravel(known[key])[0]) * (1e3 if key.endswith(".eta") else 1)
            for key in live.coefficients(*COEFFICIENTS, *SIZES)
        }
    if settings["map"]:
        result["map"] = _map(found["penultimate"][: settings["map"]], test.labels[: settings["map"]])
    if settings["keep"]:
        weights.write(settings["keep"], network.merge(live, program, frozen))
    if settings["merged"] and live.carried:
        result["merged"] = _merged(task, settings, seed, frozen, test.images[: settings["merged"]])
    return result


def _train(
    live: Live, program: Any, parts: Mapping[str, Samples], settings: Settings, seed: int, scratch: Path | None
) -> tuple[dict[str, Any], int, dict[str, Any]]:
    """The course of the training, its best epoch, and the values of that."""
    import optax

    from bioplast import learning

    local = settings["arm"] in LOCAL
    train: dict[str, Any] = dict.fromkeys([live.last] if local else live.weights, 1 * mV)
    if not local and live.carried:
        for name, size in SIZES.items():
            train |= {key: learning.Trainable(size, low=-10 * size, high=10 * size) for key in live.coefficients(name)}
    mixed = live.coefficients(*COEFFICIENTS) if live.carried and not local else []
    learned = {key: learning.Trainable(1, low=-2, high=2) for key in mixed}
    images, labels = parts["train"]
    by, mirror = settings["shift"], settings["mirror"]
    inputs = learning.Encoded(images, lambda chosen, rng: inputs_of(shifted(chosen, by, mirror, rng)))
    validation = parts["validation"]
    held_out: Any = learning.Encoded(validation.images, lambda chosen, rng: inputs_of(chosen)), validation.labels
    batches = -(-len(labels) // settings["batch"])
    schedule = optax.cosine_decay_schedule(settings["rate"], batches * settings["epochs"])
    # the coefficients learn for the whole time, or never, or for the first half and are frozen then
    half = settings["epochs"] // 2 if mixed and settings["coefficients"] == "frozen" else 0
    spans = [(half, True), (settings["epochs"] - half, False)] if half else [(settings["epochs"], True)]
    values: dict[str, Any] = {}
    history: dict[str, list[float]] = {}
    best, done = 0, 0
    for n, (epochs, learns) in enumerate(spans):
        fitted = learning.fit(
            program,
            inputs,
            labels,
            train={**train, **(learned if learns and settings["coefficients"] != "fixed" else {})},
            loss=loss,
            optimiser=optax.adam(lambda count, begin=done * batches: schedule(count + begin)),
            batch=settings["batch"],
            epochs=epochs,
            validation=held_out,
            score=right,
            seed=seed + 1000 * n,
            values=values,
            carry=live.carried,
            checkpoint=scratch and scratch / f"training{n}.npz",
        )
        values |= fitted.values if n == len(spans) - 1 else fitted.last
        best, done = done + fitted.best, done + epochs
        for name, means in fitted.history.items():
            history.setdefault(name, []).extend(map(float, means))
    return history, best, values


def frozen_values(live: Live, program: Any) -> dict[str, np.ndarray]:
    """Values with which plastic weights stay as they are."""
    still = {"eta": 0.0, "tau_w": 1e12}
    return {key: np.full_like(program.values[key], still[key.split(".")[1]]) for key in live.coefficients(*still)}


def _answers(program: Any, images: np.ndarray, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Scores [images, classes] and the mean potentials of the layer before the readout in mV, [images, neurons]."""
    from bioplast import learning

    penultimate = learning.Mean("penultimate", "v", unit=1 * mV)
    inputs = learning.Encoded(images, lambda chosen, rng: inputs_of(chosen))
    found: dict[str, np.ndarray] = learning.predict(
        program, inputs, lambda out: {"scores": scores(out), "penultimate": penultimate(out)}, values=values
    )
    return found


def _share(scores: np.ndarray, labels: np.ndarray) -> float:
    """How many are right."""
    return float((scores.argmax(axis=1) == labels).mean())


def _map(potentials: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The penultimate potentials of some test images in two dimensions, and how well they keep classes apart.

    A picture of t-SNE proves nothing: the silhouette of the classes and the accuracy of the nearest neighbour (leaving
    each image out in turn) are those of the potentials themselves, and of the picture.
    """
    from sklearn.manifold import TSNE
    from sklearn.metrics import silhouette_score
    from sklearn.model_selection import LeaveOneOut, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    potentials = potentials.astype(float)
    flat = TSNE(perplexity=min(30, len(labels) // 4), init="pca", random_state=0).fit_transform(potentials)
    found: dict[str, Any] = {"points": flat, "labels": labels}
    for name, points in (("potentials", potentials), ("picture", flat)):
        nearest = KNeighborsClassifier(1)
        found[f"silhouette_{name}"] = float(silhouette_score(points, labels))
        found[f"nearest_{name}"] = float(cross_val_score(nearest, points, labels, cv=LeaveOneOut()).mean())
    return found


def _merged(task: Task, settings: Settings, seed: int, values: Mapping[str, Any], images: np.ndarray) -> float:
    """The largest difference of a score (in mV) between the network and that with merged weights, in float64."""
    from bioplast import learning

    precise = {**settings, "dtype": "float64"}
    several, single = (
        network.build(task.shape, task.classes, precise, seed, one=one, frames=task.frames) for one in (False, True)
    )
    both = [network.compiled(live, precise) for live in (several, single)]
    merged = network.merge(several, both[0], dict(values))
    found = [
        learning.predict(program, inputs_of(images), scores, values=given)
        for program, given in zip(both, (values, merged), strict=True)
    ]
    return float(np.abs(found[0] - found[1]).max())


def exported(task: Task, settings: Settings, merged: Mapping[str, np.ndarray] | None = None) -> Any:
    """The merged network, with such weights if they are given, and how long an image lasts; None if they do not fit."""
    live = network.build(task.shape, task.classes, dict(settings), 0, one=True, frames=task.frames)
    if merged is not None:
        program = network.compiled(live, dict(settings), "numpy")
        if {key: program.values[key].shape for key in live.weights} != {key: w.shape for key, w in merged.items()}:
            return None
        program.write_back({**program.values, **merged})
    return live.network, settings["steps"] * DT
