"""Latency coding: the stronger an intensity, the earlier its spike; and spike times as a raster."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import BioplastError
from ._checks import time

__all__ = ["latency", "raster"]


def latency(intensity: ArrayLike, tau: Any, threshold: float) -> np.ndarray:
    """The time at which a leaky integrator of a constant input first reaches its threshold.

    ``tau*ln(x/(x - threshold))``: the first spike of a leaky integrate-and-fire neuron that starts at rest and
    is driven towards x.

    Parameters
    ----------
    intensity : array
        x, not negative.
    tau : quantity [time]
        The time constant.
    threshold : float
        In the unit of the intensities, positive.

    Returns
    -------
    ndarray
        Seconds; infinite where the threshold is never reached.

    Raises
    ------
    BioplastError
        For intensities that are negative or not finite, or a threshold or time constant that is not positive.

    References
    ----------
    Gerstner, Kistler, Naud and Paninski (2014), Neuronal Dynamics, section 1.3, doi:10.1017/CBO9781107447615
    """
    x = np.asarray(intensity, dtype=float)
    if not (np.isfinite(x).all() and (x >= 0).all()):
        raise BioplastError("intensities that are finite and not negative are accepted")
    if not 0 < threshold < np.inf:
        raise BioplastError(f"threshold is {threshold!r}: a positive number is accepted")
    tau = time("tau", tau)
    times = np.full(x.shape, np.inf)
    reached = x > threshold
    times[reached] = -tau * np.log1p(-threshold / x[reached])
    return times


def raster(times: ArrayLike, dt: Any, steps: int) -> np.ndarray:
    """Spikes of one neuron each as a raster, for the inputs of a program.

    Parameters
    ----------
    times : array [..., neurons]
        Seconds from the start; infinite for a neuron that does not spike.
    dt : quantity [time]
        The duration of a step.
    steps : int
        How many there are; a spike after the last one is left out.

    Returns
    -------
    ndarray [..., steps, neurons]
        Truth values: the step ``floor(times/dt)`` of each spike.

    Raises
    ------
    BioplastError
        For times that are negative or NaN.
    """
    times = np.asarray(times, dtype=float)
    if not (times >= 0).all():
        raise BioplastError("spike times that are not negative are accepted")
    # a time on the border of two steps belongs to the later one, however it was rounded
    row = np.floor(times / time("dt", dt) + 1e-9)
    return row[..., None, :] == np.arange(steps)[:, None]
