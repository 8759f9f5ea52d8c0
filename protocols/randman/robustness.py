"""Surrogate derivatives of several shapes and steepnesses, as in Zenke and Vogels (2021)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brian2 import ms, mV

import bioplast

from .layers import compiled, potential, start, trainable
from .tasks import CLASSES, draw

__all__ = ["SHAPES", "Triangle", "trained_with"]


@dataclass(frozen=True)
class Triangle(bioplast.Surrogate):
    """max(0, 1 - beta*abs(x)): Esser et al. (2016), PNAS 113:11441, doi:10.1073/pnas.1604850113."""

    beta: float = 10.0

    def slope(self, x: Any) -> Any:
        from jax.nn import relu

        return relu(1 - self.beta * abs(x))


#: Those of figure 3 of the paper, and another one of ours.
SHAPES: dict[str, Callable[..., bioplast.Surrogate]] = {
    "superspike": bioplast.SuperSpike,
    "sigmoid": bioplast.Sigmoid,
    "triangle": Triangle,
    "arctan": bioplast.Arctan,
}


def trained_with(settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """The accuracy on test samples after a training of weights with a surrogate of a shape and a steepness.

    Parameters
    ----------
    settings : dict
        ``task``, ``shape``, ``beta``, ``samples``, ``steps``, ``dt_ms``, ``hidden``, ``epochs`` and ``batch``.
    seed : int
    """
    import optax

    from bioplast import learning

    classes, dt, hidden = CLASSES[settings["task"]], settings["dt_ms"] * ms, settings["hidden"]
    parts = draw(settings["task"], settings["samples"], settings["steps"], dt, seed)
    surrogate = SHAPES[settings["shape"]](beta=settings["beta"], unit=10 * mV)
    program = compiled(hidden, classes, settings["steps"], dt, surrogate)
    given = {name: ({"units": part.raster}, part.labels) for name, part in parts.items()}
    found = learning.fit(
        program,
        *given["train"],
        train=trainable("weights", hidden),
        loss=lambda out, label: learning.cross_entropy(potential(out), label),
        score=lambda out, label: potential(out).argmax() == label,
        optimiser=optax.adam(settings["rate"]),
        batch=settings["batch"],
        epochs=settings["epochs"],
        validation=given["validation"],
        values=start(hidden, classes, seed),
        seed=seed,
    )
    scores = learning.predict(program, given["test"][0], potential, found.values)
    return {
        "accuracy": (scores.argmax(axis=1) == parts["test"].labels).mean(),
        "validation": found.history["validation_score"],
    }
