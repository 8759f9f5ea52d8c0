"""Every method that trains the network, from one start on the same samples, and what it comes to on the test part."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms, mV

from .layers import compiled, potential, start, trainable
from .measures import measured
from .tasks import CLASSES, Part, draw

__all__ = ["METHODS", "Method", "trained"]


@dataclass(frozen=True)
class Method:
    """How a network is trained.

    Attributes
    ----------
    title : str
    arm : str
        One of `ARMS`.
    strategy : callable or None
        ``strategy(generations)`` gives what `bioplast.learning.evolve` takes; None for surrogate gradients.
    """

    title: str
    arm: str = "both"
    strategy: Callable[[int], Any] | None = None


def _own(name: str, **settings: Any) -> Callable[[int], Any]:
    """A strategy of ours with settings of its own."""

    def made(generations: int) -> Any:
        from bioplast.learning.strategies import OWN

        return functools.partial(OWN[name], **settings)

    return made


def _openai_es(generations: int) -> Any:
    """OpenAI-ES whose rate and noise fall as a half cosine, the noise to a tenth."""

    def made(population_size: int, solution: Any) -> Any:
        import optax
        from evosax.algorithms import Open_ES

        return Open_ES(
            population_size,
            solution,
            optimizer=optax.adam(optax.cosine_decay_schedule(0.1, generations)),
            std_schedule=optax.cosine_decay_schedule(0.1, generations, alpha=0.1),
        )

    return made


_hybrid = _own("hybrid", spread=0.4, spread_end=0.08, pool=0.15, threshold=0.99)

METHODS = {
    "surrogate": Method("surrogate gradient"),
    "surrogate-weights": Method("surrogate gradient, weights only", "weights"),
    "surrogate-neurons": Method("surrogate gradient, time constants only", "neurons"),
    "es": Method("OpenAI-ES", strategy=_openai_es),
    "hybrid": Method("hybrid", strategy=_hybrid),
    "hybrid-weights": Method("hybrid, weights only", "weights", _hybrid),
    "hybrid-neurons": Method("hybrid, time constants only", "neurons", _hybrid),
    "swarm": Method("particle swarm", strategy=_own("swarm", spread=0.5, inertia=0.73)),
    "cem": Method("cross-entropy method", strategy=_own("cem", spread=0.3)),
    "cem-es": Method("CEM-ES", strategy=_own("cem-es", spread=0.3)),
    "annealing": Method("simulated annealing", strategy=_own("annealing", spread=0.3, spread_end=0.08)),
    "pooling": Method("pooling", strategy=_own("pooling", pool=0.15, spread=0.4, spread_end=0.08)),
}

#: Samples whose loss a gradient is the mean of.
_BATCH = 64
# Of Adam, in typical sizes; it falls as a half cosine.
_RATE = 0.05


def trained(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Train by a method, choose the epoch or generation on validation samples, and look at the test part once.

    Parameters
    ----------
    settings : dict
        ``task``, ``method``, ``samples``, ``steps``, ``dt_ms``, ``hidden``; ``epochs`` of a gradient; ``population``,
        ``batch`` and ``evaluations`` of a strategy; ``example``, whether potentials and spikes are kept.
    seed : int
    """
    from bioplast import learning

    classes, dt, method = CLASSES[settings["task"]], settings["dt_ms"] * ms, METHODS[settings["method"]]
    hidden, steps = settings["hidden"], settings["steps"]
    parts = draw(settings["task"], settings["samples"], steps, dt, seed)
    train, validation = parts["train"], parts["validation"]
    program = compiled(hidden, classes, steps, dt)
    values = start(hidden, classes, seed)
    clock = [time.perf_counter()]
    shared: dict[str, Any] = {
        "train": trainable(method.arm, hidden),
        "loss": lambda out, label: learning.cross_entropy(potential(out), label),
        "score": lambda out, label: potential(out).argmax() == label,
        "validation": ({"units": validation.raster}, validation.labels),
        "values": values,
        "seed": seed,
        "progress": lambda found: clock.append(time.perf_counter()),
    }
    given = program, {"units": train.raster}, train.labels
    if method.strategy is None:
        found, counted = _by_gradient(given, settings["epochs"], shared)
    else:
        generations = _generations(method, settings)
        found = learning.evolve(
            *given,
            strategy=method.strategy(generations),
            population=settings["population"],
            generations=generations,
            batch=settings["batch"],
            **shared,
        )
        counted = {"updates": np.arange(1, generations + 1), "evaluations": found.history["evaluations"]}
    before, after = (_answers(program, parts["test"], of) for of in (values, found.values))
    result = {
        "history": {
            **counted,
            "loss": found.history["validation_loss"],
            "accuracy": found.history["validation_score"],
            **_seconds(clock),
        },
        "compiling_s": np.diff(clock)[0],
        "best": found.best,
        "dt_ms": settings["dt_ms"],
        **measured(parts["test"].labels, after["scores"].argmax(axis=1), classes),
        "untrained": (before["scores"].argmax(axis=1) == parts["test"].labels).mean(),
        "spikes_each": after["raster"].sum() / len(after["raster"]) / hidden,
    }
    if settings["example"]:
        result["example"] = _example(parts["test"], before, after, classes)
    return result


def _generations(method: Method, settings: dict[str, Any]) -> int:
    """How often a strategy can be asked with the network evaluations that it is given, at least once."""
    from bioplast.learning.strategies import strategy_of

    assert method.strategy is not None
    made = strategy_of(method.strategy(1), settings["population"], np.zeros(2, dtype=np.float32))
    batch = min(settings["batch"], settings["samples"] * CLASSES[settings["task"]] * 8 // 10)
    left, generations = settings["evaluations"] - made.samples(0) * batch, 1
    while (left := left - made.samples(generations) * batch) >= 0:
        generations += 1
    return generations


def _seconds(clock: list[float]) -> dict[str, np.ndarray]:
    """Wall-clock until the end of each epoch or generation, without the compilation that the first one begins with."""
    taken = np.diff(clock)
    taken[0] = np.median(taken[1:]) if len(taken) > 1 else taken[0]
    return {"seconds": taken.cumsum()}


def _by_gradient(given: Any, epochs: int, shared: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """A training, and updates and network evaluations until the end of each epoch; one is a run and its derivative."""
    import optax

    from bioplast import learning

    samples = len(given[2])
    updates = -(-samples // _BATCH)
    rate = optax.cosine_decay_schedule(_RATE, epochs * updates)
    found = learning.fit(*given, optimiser=optax.adam(rate), batch=_BATCH, epochs=epochs, **shared)
    done = np.arange(1, epochs + 1)
    return found, {"updates": done * updates, "evaluations": done * samples}


def _answers(program: Any, part: Part, values: Any) -> dict[str, np.ndarray]:
    """Highest potentials, their course, and the spikes of the hidden layer, of each sample."""
    from bioplast import learning

    def read(out: Any) -> dict[str, Any]:
        return {
            "scores": potential(out),
            "potential": learning.Trace("potential", "v", unit=1 * mV)(out),
            "raster": learning.Raster("spikes")(out),
        }

    return learning.predict(program, {"units": part.raster}, read, values)


def _example(part: Part, before: dict[str, Any], after: dict[str, Any], classes: int) -> dict[str, Any]:
    """The first test sample, and the mean spike counts of each hidden neuron for each class."""
    counts = after["raster"].sum(axis=1)
    return {
        "label": part.labels[0],
        "before_mV": before["potential"][0],
        "after_mV": after["potential"][0],
        "units": np.argwhere(part.raster[0]),
        "hidden": np.argwhere(after["raster"][0]),
        "counts": [counts[part.labels == k].mean(axis=0) for k in range(classes)],
    }
