"""Who decided what, and when: the first population whose rate, in a sliding window, exceeds the threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bioplast.errors import BioplastError

__all__ = ["STEP", "THRESHOLD", "WINDOW", "Decisions", "decisions"]

THRESHOLD = 15.0  # Hz
WINDOW, STEP = 0.050, 0.005  # seconds: the window of a rate, and how far it is moved


@dataclass(frozen=True)
class Decisions:
    """The decisions of some trials.

    Attributes
    ----------
    choice : array of int [trials]
        0 or 1, the population that reached the threshold first; -1 if none did.
    time : array [trials]
        When, in seconds after the onset of the stimulus; NaN if none did.
    rates : array [windows, trials, 2]
        In Hz; the first window ends at `WINDOW`.
    index : array of int [trials]
        The window in which the threshold was reached; the last one if none did.
    """

    choice: np.ndarray
    time: np.ndarray
    rates: np.ndarray
    index: np.ndarray

    def plain(self) -> dict[str, Any]:
        """Choices and times as plain values: times in ms, None without a decision."""
        return {
            "choice": self.choice.tolist(),
            "time_ms": [None if np.isnan(time) else round(float(time) * 1e3, 6) for time in self.time],
        }


def decisions(counts: np.ndarray, onset: float, threshold: float = THRESHOLD) -> Decisions:
    """Read decisions from counts of spikes.

    Parameters
    ----------
    counts : array [samples, trials, 2]
        Spikes of a cell of each population since the start, every `STEP`, the first sample at time 0.
    onset : float
        Of the stimulus, in seconds. A threshold that is reached before it is no decision.
    threshold : float
        Of the rate, in Hz.

    Returns
    -------
    Decisions

    Raises
    ------
    BioplastError
        The counts do not have that shape, or no window ends after the onset.
    """
    counts = np.asarray(counts, float)
    width = round(WINDOW / STEP)
    if counts.ndim != 3 or counts.shape[2] != 2:
        raise BioplastError(f"counts are [samples, trials, 2], not {list(counts.shape)}")
    ends = np.arange(width, len(counts)) * STEP
    after = ends > onset + STEP / 2
    if not after.any():
        raise BioplastError(f"{len(counts)} samples of {STEP:g} s end before the stimulus begins at {onset:g} s")
    rates = (counts[width:] - counts[:-width]) / WINDOW
    above = (rates > threshold) & after[:, None, None]
    reached = above.any(axis=2)
    decided = reached.any(axis=0)
    index = np.where(decided, reached.argmax(axis=0), len(rates) - 1)
    # both in the same step: the higher rate
    choice = np.where(decided, rates[index, np.arange(rates.shape[1])].argmax(axis=1), -1)
    return Decisions(choice, np.where(decided, ends[index] - onset, np.nan), rates, index)
