"""How long a membrane takes to forget."""

from __future__ import annotations

import numpy as np

LEFT = 0.05


def relaxation_time(deviation: np.ndarray, dt: float) -> np.ndarray:
    """The relaxation time [N] from the response to a brief small pulse.

    It is the time after which the deviation from rest stays below 5 % of its peak, divided by ln 20: for an exponential
    decay its time constant, for a decaying oscillation about that of its envelope.

    Parameters
    ----------
    deviation : ndarray [steps, N]
        v less its resting level, from the pulse on.
    dt : float
        The time step; the result has its unit.

    Returns
    -------
    ndarray [N]
        NaN where v does not respond, or has not relaxed by the end.
    """
    size = np.abs(deviation)
    peak = size.max(axis=0)
    above = size > LEFT * peak
    last = len(size) - 1 - np.argmax(above[::-1], axis=0)
    start = size.argmax(axis=0)
    relaxed = (peak > 0) & np.isfinite(peak) & (last < len(size) - 1)
    return np.where(relaxed, (last + 1 - start) * dt / np.log(1 / LEFT), np.nan)
