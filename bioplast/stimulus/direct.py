"""Direct current: an intensity as a constant input of its neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Quantity
from numpy.typing import ArrayLike

from ..errors import BioplastError
from . import _checks

__all__ = ["direct_current"]


def direct_current(intensity: ArrayLike, amplitude: Any, steps: int, maximum: float | None = None) -> np.ndarray:
    """Constant currents that code intensities, ``amplitude*I/I_max``: values of a TimedArray.

    Parameters
    ----------
    intensity : array [..., neurons]
        I, from 0 to the maximum.
    amplitude : quantity
        The current of the largest intensity, or whatever the TimedArray has the unit of.
    steps : int
        How many steps the input lasts.
    maximum : float, optional
        I_max; 255 for bytes (``uint8``), as images have them, else 1.

    Returns
    -------
    ndarray [..., steps, neurons]
        In SI base units: an input of a program by the name of its TimedArray, and of `bioplast.learning.fit`. All
        steps are the same memory, so it cannot be written to.

    Raises
    ------
    BioplastError
        For intensities outside, or an amplitude that is not one finite quantity.
    """
    if not isinstance(amplitude, Quantity) or amplitude.ndim or not np.isfinite(float(amplitude)):
        raise BioplastError(f"amplitude is {amplitude!r}: one quantity is accepted, such as 1*nA")
    values = float(amplitude) * np.atleast_1d(_checks.fractions(intensity, maximum))
    shape = (*values.shape[:-1], _checks.whole("steps", steps), values.shape[-1])
    return np.broadcast_to(values[..., None, :], shape)
