"""How long a membrane takes to forget: a small pulse, and what is read of the answer."""

from __future__ import annotations

import numpy as np

from .features import Recording
from .scale import Scale
from .sweep import Sweep, Waveform

# A cell is left alone, and then followed after the pulse, for so many relaxation times of its model's default cell.
REST, FOLLOWED = 20, 30
# The pulse in rheobases, small enough that the answer is linear, and how many time steps it lasts.
SMALL, PULSE_STEPS = 0.02, 5
# The part of the peak deviation below which a cell is at rest again.
LEFT = 0.05


def relaxation_pulse(scale: Scale, dt: float, size: int = 1) -> Sweep:
    """The small pulse, called "pulse", whose answer shows the relaxation time of a cell.

    Parameters
    ----------
    scale : Scale
        Of the model's default cell: plain numbers.
    dt : float
        The time step in seconds.
    size : int
        The number of candidates.
    """
    waveform = Waveform(size).rest(REST * scale.tau).event("answer")
    waveform.piece("pulse", PULSE_STEPS * dt, SMALL * np.abs(scale.current))
    return waveform.end(FOLLOWED * scale.tau)


def deviation(recording: Recording, dt: float, onset: float, start: float | None = None) -> np.ndarray:
    """How far v is from rest, [steps, N], in the unit of v.

    Parameters
    ----------
    recording : Recording
        Of cells that are at rest until `onset`.
    dt : float
        The time step of the recording in seconds.
    onset, start : float
        The times in seconds at which the stimulus begins, v just before which is rest, and from which on the deviation
        is wanted; by default the same.
    """
    rest = int(np.searchsorted(recording.times, onset - dt / 2)) - 1
    wanted = int(np.searchsorted(recording.times, (onset if start is None else start) - dt / 2))
    with np.errstate(invalid="ignore", over="ignore"):
        return recording.voltage[wanted:] - recording.voltage[rest]


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
    with np.errstate(invalid="ignore", over="ignore"):
        peak = size.max(axis=0)
        above = size > LEFT * peak
    last = len(size) - 1 - np.argmax(above[::-1], axis=0)
    start = size.argmax(axis=0)
    relaxed = (peak > 0) & np.isfinite(peak) & (last < len(size) - 1)
    return np.where(relaxed, (last + 1 - start) * dt / np.log(1 / LEFT), np.nan)


def pulsed_relaxation_time(recording: Recording, sweep: Sweep, dt: float) -> np.ndarray:
    """The relaxation time [N] in seconds from recorded answers to `relaxation_pulse`, sampled every `dt` seconds."""
    return relaxation_time(deviation(recording, dt, float(sweep.windows["pulse"].start[0])), dt)
