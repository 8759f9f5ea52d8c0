"""How each method learns a task, and what it answers for the test samples, which are touched once, at the end."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import spiking
from .tasks import Images, Part, Task, pooled, varied

__all__ = ["METHODS", "Settings"]

Settings = Mapping[str, Any]
Parts = dict[str, Part]
#: Test samples whose spikes and potentials are shown.
EXAMPLES = 3


def _varied(settings: Settings) -> Callable[..., np.ndarray]:
    """What training samples become, anew in each epoch."""
    shift, noise = settings.get("shift", 0), settings.get("noise", 0.0)
    return lambda samples, rng: varied(samples, shift, noise, rng) if shift or noise else samples


def _encoder(part: Part, task: Task, settings: Settings | None = None) -> Callable[..., Any]:
    """What makes a batch of the spikes of samples, which are varied where there are settings for it."""
    change = _varied(settings or {})

    def encode(samples: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"input": part.raster(change(samples, rng), task.dt, task.steps)}

    return encode


def _encoded(parts: Parts, task: Task) -> dict[str, Any]:
    from bioplast import learning

    return {name: learning.Encoded(part.samples, _encoder(part, task)) for name, part in parts.items()}


def _active(part: Part, task: Task) -> float:
    """How many spikes a sample has, in the mean of some."""
    return max(1.0, float(part.raster(part.samples[:200], task.dt, task.steps).sum(axis=(1, 2)).mean()))


def surrogate(task: Task, parts: Parts, settings: Settings, seed: int, scratch: Path | None) -> dict[str, Any]:
    """The spiking network by surrogate gradients, with Adam and a rate that falls as half a cosine."""
    import optax

    from bioplast import learning

    train, inputs = parts["train"], _encoded(parts, task)
    live = spiking.network(task.inputs, settings["hidden"], task.classes, task.dt, _active(train, task), seed)
    program = spiking.compiled(live, task.steps * task.dt)
    steps = settings["epochs"] * -(-len(train.labels) // settings["batch"])
    fitted = learning.fit(
        program,
        learning.Encoded(train.samples, _encoder(train, task, settings)),
        train.labels,
        train=spiking.trained_values(),
        loss=spiking.loss,
        optimiser=optax.adam(optax.cosine_decay_schedule(settings["rate"], steps)),
        batch=settings["batch"],
        epochs=settings["epochs"],
        validation=(inputs["validation"], parts["validation"].labels),
        score=spiking.right,
        seed=seed,
        checkpoint=scratch and scratch / "training.npz",
    )
    start = {name: program.values[name] for name in fitted.values}
    before, after = (learning.predict(program, inputs["test"], _answer, values=v) for v in (start, fitted.values))
    return {
        "history": fitted.history,
        "best": fitted.best,
        "predicted": after["scores"].argmax(axis=1),
        "untrained": before["scores"].argmax(axis=1),
        "spikes_each": after["counts"].mean(),
        "tau_m_ms": fitted.values["hidden.tau_m"] * 1e3,
        "examples": _examples(program, fitted.values, parts["test"], task),
    }


def _answer(out: Any) -> dict[str, Any]:
    from bioplast import learning

    return {"scores": spiking.scores(out), "counts": learning.Count("spikes")(out)}


def _examples(program: Any, values: Any, part: Part, task: Task) -> list[dict[str, Any]]:
    """What happens in the network for the first samples."""
    from brian2 import mV

    from bioplast import learning

    shown = part.samples[:EXAMPLES]
    recorded = learning.predict(
        program,
        {"input": part.raster(shown, task.dt, task.steps)},
        lambda out: {
            "hidden": learning.Raster("spikes")(out),
            "potential": learning.Trace("potential", "v", unit=1 * mV)(out),
        },
        values=values,
    )
    return [
        {
            "label": part.labels[k],
            "image": part.sequence(shown[k : k + 1])[0] if isinstance(part, Images) else None,
            "input": np.argwhere(part.raster(shown[k : k + 1], task.dt, task.steps)[0]),
            "hidden": np.argwhere(recorded["hidden"][k]),
            "potential_mV": recorded["potential"][k],
        }
        for k in range(len(shown))
    ]


def perceptron(task: Task, parts: Parts, settings: Settings, seed: int, scratch: Path | None) -> dict[str, Any]:
    """A multilayer perceptron on intensities or counts."""
    from .descent import train_perceptron

    features = {name: part.features(part.samples) for name, part in parts.items()}
    learned = train_perceptron(
        (features["train"], parts["train"].labels),
        (features["validation"], parts["validation"].labels),
        settings["hidden"],
        settings["batch"],
        settings["epochs"],
        seed,
    )
    return {"accuracy": learned.accuracy, "predicted": learned.predict(features["test"])}


def _by_descent(apply: Any, values: Any, parts: Parts, settings: Settings, seed: int) -> dict[str, Any]:
    from . import descent

    train, change = parts["train"], _varied(settings)
    learned = descent.train(
        apply,
        values,
        lambda samples, rng: train.sequence(change(samples, rng)),
        (train.samples, train.labels),
        (parts["validation"].samples, parts["validation"].labels),
        parts["validation"].sequence,
        settings["rate"],
        settings["batch"],
        settings["epochs"],
        seed,
    )
    return {"accuracy": learned.accuracy, "predicted": learned.predict(parts["test"].samples)}


def convolutional(task: Task, parts: Parts, settings: Settings, seed: int, scratch: Path | None) -> dict[str, Any]:
    """The convolutional network by backpropagation."""
    from . import architectures

    assert task.shape is not None
    values = architectures.new_convolutional(np.random.default_rng([seed, 3]), task.shape, task.classes)
    return _by_descent(architectures.convolutional, values, parts, settings, seed)


def recurrent(task: Task, parts: Parts, settings: Settings, seed: int, scratch: Path | None) -> dict[str, Any]:
    """Gated recurrent units by backpropagation, on an image row by row."""
    from . import architectures

    inputs = task.shape[1] if task.shape else task.inputs
    values = architectures.new_gru(np.random.default_rng([seed, 3]), inputs, task.classes)
    return _by_descent(architectures.gru, values, parts, settings, seed)


def hybrid(task: Task, parts: Parts, settings: Settings, seed: int, scratch: Path | None) -> dict[str, Any]:
    """A spiking network of few neurons by the hybrid evolutionary algorithm, on images of fewer pixels."""
    from bioplast import learning
    from bioplast.learning.strategies import Hybrid

    size = settings["pool"]
    small: Parts = {name: Images(pooled(part.samples, size), part.labels) for name, part in parts.items()}
    train, inputs = small["train"], _encoded(small, task)
    pixels = task.inputs // size**2
    live = spiking.network(pixels, settings["hidden"], task.classes, task.dt, _active(train, task), seed)
    program = spiking.compiled(live, task.steps * task.dt, surrogate=False)
    found = learning.evolve(
        program,
        inputs["train"],
        train.labels,
        train=spiking.trained_values(),
        loss=spiking.loss,
        strategy=functools.partial(Hybrid, spread=0.4, spread_end=0.08),
        population=settings["population"],
        generations=settings["generations"],
        batch=settings["batch"],
        validation=(inputs["validation"], small["validation"].labels),
        score=spiking.right,
        seed=seed,
        checkpoint=scratch and scratch / "evolution.npz",
    )
    scores = learning.predict(program, inputs["test"], spiking.scores, values=found.values)
    history = {name: found.history[name] for name in ("best_loss", "validation_score", "evaluations")}
    return {"history": history, "best": found.best, "predicted": scores.argmax(axis=1)}


def evolved_convolutional(
    task: Task, parts: Parts, settings: Settings, seed: int, scratch: Path | None
) -> dict[str, Any]:
    """The small convolutional network by an evolution strategy alone."""
    from . import architectures
    from .evolved import evolve_small

    assert task.shape is not None
    images = {name: part.sequence(part.samples) for name, part in parts.items()}
    values, generations, accuracy = evolve_small(
        (images["train"], parts["train"].labels),
        (images["validation"], parts["validation"].labels),
        task.shape,
        task.classes,
        settings["population"],
        settings["generations"],
        settings["batch"],
        settings["every"],
        seed,
    )
    from .descent import predicted

    return {
        "generations": generations,
        "accuracy": accuracy,
        "predicted": predicted(architectures.small, values, parts["test"].samples, parts["test"].sequence),
    }


#: By the name that a trial and a row have.
METHODS: dict[str, Callable[..., dict[str, Any]]] = {
    "surrogate": surrogate,
    "hybrid": hybrid,
    "mlp": perceptron,
    "cnn": convolutional,
    "rnn": recurrent,
    "cnn-es": evolved_convolutional,
}
