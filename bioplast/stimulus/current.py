"""Currents made of steps, pulses and ramps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Segment:
    """A stretch of a current: ``value + slope*(t - start)`` for start < t < end.

    Attributes
    ----------
    start, end : float
        In the unit of the times; `end` None lasts until the end.
    value : float
        The current just after `start`.
    slope : float
        Its change per unit of time.
    closed : bool
        Whether `start` and `end` themselves belong to it.
    """

    start: float
    end: float | None
    value: float
    slope: float = 0.0
    closed: bool = False


def piecewise(times: np.ndarray, base: float, segments: Sequence[Segment]) -> np.ndarray:
    """A current at the given times: `base`, and within a segment what that segment says; later segments win.

    Parameters
    ----------
    times : ndarray [steps]
    base : float
    segments : sequence of Segment

    Returns
    -------
    ndarray [steps]
    """
    times = np.asarray(times, dtype=float)
    current = np.full(times.shape, float(base))
    for segment in segments:
        end = np.inf if segment.end is None else segment.end
        if segment.closed:
            inside = (times >= segment.start) & (times <= end)
        else:
            inside = (times > segment.start) & (times < end)
        current[inside] = segment.value + segment.slope * (times[inside] - segment.start)
    return current
