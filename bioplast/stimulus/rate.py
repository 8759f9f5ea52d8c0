"""Rate coding: the stronger an intensity, the more spikes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _checks

__all__ = ["poisson_raster"]


def poisson_raster(
    intensity: ArrayLike, rate: Any, dt: Any, steps: int, maximum: float | None = None, *, rng: np.random.Generator
) -> np.ndarray:
    """Poisson spikes at rates that code intensities, as a raster.

    Parameters
    ----------
    intensity : array [..., neurons]
        I, from 0 to the maximum.
    rate : quantity [Hz]
        That of the largest intensity; intensity 0 never spikes.
    dt : quantity [time]
        The duration of a step.
    steps : int
        How many there are.
    maximum : float, optional
        I_max; 255 for bytes (``uint8``), as images have them, else 1.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool [..., steps, neurons]
        Whether a Poisson process of rate ``rate*I/I_max`` has a spike, or several, in each step: with probability
        ``1 - exp(-rate*I/I_max*dt)``. Inputs of `bioplast.learning.fit`.

    Raises
    ------
    BioplastError
        For intensities outside, or a number or unit that does not fit.
    """
    rng, number = _checks.generator(rng), _checks.whole("steps", steps)
    expected = float(_checks.rates(rate, (), "one rate")) * _checks.time("dt", dt)
    parts = np.atleast_1d(_checks.fractions(intensity, maximum))
    *samples, neurons = parts.shape
    _checks.affordable("spikes", parts.size * number, each=1)
    found = np.empty((*samples, number, neurons), dtype=bool)
    # one sample at a time: the random numbers take eight times the memory of the spikes
    flat = found.reshape(math.prod(samples), number, neurons)
    for sample, part in zip(flat, parts.reshape(len(flat), neurons), strict=True):
        sample[:] = rng.random((number, neurons)) < -np.expm1(-expected * part)
    return found
