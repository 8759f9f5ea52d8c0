"""The results of all seeds at one coherence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from bioplast.experiment import Interval, interval

__all__ = ["Point", "points"]


@dataclass(frozen=True)
class Point:
    """Decisions at one coherence.

    Attributes
    ----------
    coherence : float
        In percent.
    seeds, trials, decided, right : int
    integrated : int
        How many of the decided trials a perfect integrator gets right.
    times_right, times_wrong : array
        Decision times in ms.
    """

    coherence: float
    seeds: int
    trials: int
    decided: int
    right: int
    integrated: int
    times_right: np.ndarray
    times_wrong: np.ndarray

    def share_interval(self, right: int) -> tuple[float | None, float | None]:
        """The 95 % interval (Wilson) of the share that so many right ones are of the decided trials."""
        if not self.decided:
            return None, None
        found = binomtest(right, self.decided).proportion_ci(method="wilson")
        return float(found.low), float(found.high)

    def mean(self, times: np.ndarray) -> Interval | tuple[None, None, None]:
        """The mean of times with its 95 % interval over trials."""
        return interval(times.tolist()) if len(times) else (None, None, None)


def points(results: dict[str, dict[str, Any]], model: str) -> list[Point]:
    """The points of a model, "reduced" or "spiking", by coherence."""
    grouped: dict[float, list[dict[str, Any]]] = {}
    for key, result in results.items():
        of, _, rest = key.partition("/")
        if of == model:
            grouped.setdefault(float(rest.partition("/")[0][1:]), []).append(result)
    found = []
    for coherence, parts in sorted(grouped.items()):
        choice = np.concatenate([part["choice"] for part in parts]).astype(int)
        times = np.array([time for part in parts for time in part["time_ms"]], dtype=float)
        integrator = np.concatenate([part["integrator"] for part in parts]).astype(bool)
        decided = choice >= 0
        found.append(
            Point(
                coherence,
                len(parts),
                len(choice),
                int(decided.sum()),
                int((choice == 0).sum()),
                int(integrator[decided].sum()),
                times[choice == 0],
                times[choice == 1],
            )
        )
    return found
