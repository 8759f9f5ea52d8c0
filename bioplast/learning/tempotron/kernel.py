"""The postsynaptic potential of one neuron, as numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...errors import BioplastError
from ...program.arguments import seconds
from . import voltage
from .patterns import Patterns

__all__ = ["Kernel", "Maxima"]


class Maxima(NamedTuple):
    """The highest potential of each pattern: when it is reached in seconds, its value, whether it makes a spike."""

    times: np.ndarray
    values: np.ndarray
    spikes: np.ndarray


@dataclass(frozen=True)
class Kernel:
    """How the potential of a neuron follows the spikes of its afferents until it spikes itself.

    Above rest it is ``sum_i w_i*gain*F(t - t_i)`` with
    ``F(t) = tau_s/(tau - tau_s)*(exp(-t/tau) - exp(-t/tau_s))``: a membrane of time constant `tau` under a current
    that jumps by the weight and decays with `tau_s`. For ``tau = tau_s`` it is the limit ``t/tau*exp(-t/tau)``.

    Attributes
    ----------
    tau, tau_s : float
        The time constants in seconds.
    gain : float
        The membrane potential per weight, for a current that does not decay.
    threshold : float
        The neuron spikes above this potential; rest is 0.
    """

    tau: float
    tau_s: float
    gain: float
    threshold: float

    def __post_init__(self) -> None:
        for name in ("tau", "tau_s", "gain", "threshold"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                rest = ", and a threshold is above rest" if name == "threshold" else ""
                raise BioplastError(f"{name} of a tempotron is {value!r}: a positive number is accepted{rest}")

    @classmethod
    def normalised(cls, tau: Any, tau_s: Any, threshold: float = 1.0) -> Kernel:
        """The published form: ``K(t) = V_0*(exp(-t/tau) - exp(-t/tau_s))`` with the peak 1.

        Parameters
        ----------
        tau, tau_s : quantity [time]
            Time constants of the membrane and of the synaptic current; published 15 ms and 3.75 ms.
        threshold : float
            Published 1.
        """
        kernel = cls(seconds(tau, "tau"), seconds(tau_s, "tau_s"), 1.0, threshold)
        return cls(kernel.tau, kernel.tau_s, 1 / kernel.peak, threshold)

    @property
    def peak_time(self) -> float:
        """When the potential that one spike evokes is highest, in seconds after it."""
        return voltage.peak_delay(0.0, 1.0, self.tau, self.tau_s)

    @property
    def peak(self) -> float:
        """The highest potential that a spike evokes per weight."""
        return self.gain * voltage.response(self.peak_time, self.tau, self.tau_s)

    def __call__(self, t: ArrayLike) -> np.ndarray:
        """The potential that a spike at 0 evokes per weight, at times in seconds."""
        response = np.vectorize(lambda t: voltage.response(t, self.tau, self.tau_s) if t > 0 else 0.0, otypes=[float])
        return self.gain * response(t)

    def maxima(self, patterns: Patterns, weights: ArrayLike, duration: Any, dt: Any = None) -> Maxima:
        """The maximum of the potential in each pattern; spikes that come after a threshold crossing do not count.

        Between two spikes it is a sum of two exponentials, whose only maximum is known in closed form.

        Parameters
        ----------
        patterns : Patterns
        weights : array [afferents]
        duration : quantity [time]
            How long a pattern lasts; no spike is later.
        dt : quantity [time], optional
            Look at the potential in steps from 0, as a simulation does: all spikes are at steps. Missing: at all times.

        Returns
        -------
        Maxima
            Arrays [patterns]. Where nothing raises the potential its maximum is 0, at the time 0.
        """
        w = np.asarray(weights, dtype=float)
        if w.shape != (patterns.size,) or not np.isfinite(w).all():
            raise BioplastError(
                f"weights of shape {w.shape}: finite numbers, one for each of {patterns.size} afferents"
            )
        end, step = seconds(duration, "duration"), 0.0 if dt is None else seconds(dt, "dt")
        if len(patterns.times) and patterns.times.max() > end:
            raise BioplastError(f"a spike at {patterns.times.max():g} s is later than the duration, {end:g} s")
        found = [
            voltage.maximum(times, afferents, self.gain * w, end, self.tau, self.tau_s, self.threshold, step)
            for times, afferents in (patterns[k] for k in range(len(patterns)))
        ]
        values = np.array([value for value, _, _ in found])
        return Maxima(np.array([time for _, time, _ in found]), values, values > self.threshold)
