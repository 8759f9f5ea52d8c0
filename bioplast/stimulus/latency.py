"""Latency coding: the stronger an intensity, the earlier its spike; and spike times as a raster.

`latency` is that of a neuron, `linear_latency` the code of intensities in many studies of learning.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import second
from numpy.typing import ArrayLike

from ..errors import BioplastError
from ._checks import affordable, bare, fractions, in_short, time, whole, with_dimensions

__all__ = ["latency", "linear_latency", "raster"]


def latency(intensity: ArrayLike, tau: Any, threshold: float) -> np.ndarray:
    """The time at which a leaky integrator of a constant input first reaches its threshold.

    ``tau*ln(x/(x - threshold))``: the first spike of a leaky integrate-and-fire neuron that starts at rest and
    is driven towards x.

    Parameters
    ----------
    intensity : array, or quantity
        x, not negative.
    tau : quantity [time]
        The time constant.
    threshold : float or quantity
        With the unit of the intensities, positive.

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
    x, dimensions = with_dimensions("intensities", intensity)
    if not (np.isfinite(x).all() and (x >= 0).all()):
        raise BioplastError("intensities that are finite and not negative are accepted")
    level, of_level = with_dimensions("threshold", threshold)
    if level.ndim or of_level is not dimensions or not 0 < level < np.inf:
        raise BioplastError(
            f"threshold is {in_short(threshold)}: one positive number with the unit of the intensities is accepted"
        )
    tau = time("tau", tau)
    times = np.full(x.shape, np.inf)
    reached = x > level
    times[reached] = -tau * np.log1p(-level / x[reached])
    return times


def linear_latency(intensity: ArrayLike, tau_max: Any, maximum: float | None = None) -> np.ndarray:
    """The time of the one spike that codes an intensity: ``tau_max*(1 - I/I_max)``.

    Parameters
    ----------
    intensity : array
        I, from 0 to the maximum.
    tau_max : quantity [time]
        The latency of intensity 0. `raster` leaves such spikes out if its steps end with tau_max.
    maximum : float, optional
        I_max, whose spike comes at time 0; 255 for bytes (``uint8``), as images have them, else 1.

    Returns
    -------
    ndarray
        Seconds from 0 to tau_max, in the shape of the intensities: [samples, neurons] is what `raster` takes.

    Raises
    ------
    BioplastError
        For intensities outside, or a latency that is not positive.

    Examples
    --------
    >>> from brian2 import ms
    >>> from bioplast import stimulus
    >>> from bioplast.dataset import digits
    >>> times = stimulus.linear_latency(digits.load().pixels, 40*ms)
    >>> stimulus.raster(times, 1*ms, 40).shape          # inputs of bioplast.learning.fit
    (1797, 40, 64)
    """
    return time("tau_max", tau_max) * (1 - fractions(intensity, maximum))


def raster(times: ArrayLike, dt: Any, steps: int) -> np.ndarray:
    """Spikes of one neuron each as a raster, for the inputs of a program.

    Parameters
    ----------
    times : array or quantity [..., neurons]
        Seconds, or with a unit, from the start; infinite for a neuron that does not spike.
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
        For times that are negative or NaN, or no whole number of steps.
    """
    times, number = bare("times", times, second), whole("steps", steps)
    affordable("spikes", times.size * number, each=1)
    if not (times >= 0).all():
        raise BioplastError("spike times that are not negative are accepted")
    # a time on the border of two steps belongs to the later one, however it was rounded
    row = np.floor(times / time("dt", dt) + 1e-9)
    return row[..., None, :] == np.arange(number)[:, None]
