"""Randman tasks of two and of ten classes: what is drawn, and what is held back."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from brian2 import ms

from bioplast import stimulus

__all__ = ["CLASSES", "UNITS", "Part", "draw"]

#: Classes of each task.
CLASSES = {"randman2": 2, "randman10": 10}
UNITS, DIMENSION, ALPHA = 20, 1, 1.0
DURATION = 50 * ms


class Part(NamedTuple):
    """Samples: rasters [samples, steps, units], spike times in units of the stimulus [samples, units], and classes."""

    raster: np.ndarray
    times: np.ndarray
    labels: np.ndarray


def draw(task: str, samples: int, steps: int, dt: Any, seed: int) -> dict[str, Part]:
    """Manifolds, and points on them: eight tenths for training, a tenth for validation and a tenth for the test.

    Parameters
    ----------
    task : str
        One of `CLASSES`.
    samples : int
        Of each class.
    steps : int
    dt : quantity [time]
        Of a raster.
    seed : int
        Each has manifolds of its own.

    Returns
    -------
    dict of Part
        ``"train"``, ``"validation"`` and ``"test"``; the standardisation knows the training part alone.
    """
    rng = np.random.default_rng([seed, 0])
    found = stimulus.randman(CLASSES[task], UNITS, DIMENSION, ALPHA, samples=samples, duration=DURATION, rng=rng)
    return {
        name: Part(part.raster(dt, steps), part.times[:, 0] / part.duration, part.labels)
        for name, part in found.split().items()
    }
