"""Black boxes for the tests: the leaky integrator in NumPy, where every number is known in closed form."""

from __future__ import annotations

import numpy as np
from brian2 import ms

from bioplast import BlackBox, Parameter

BOUNDS = {
    "tau": Parameter(20 * ms, low=10 * ms, high=40 * ms, scale="log"),
    "threshold": Parameter(1, low=0.5, high=2),
    "reset": Parameter(0, low=-0.5, high=0.2),
}


def leaky(parameters: np.ndarray, current: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact for an input that is constant over a step; it rests at 0, and the input counts as potential."""
    tau, threshold, reset = parameters.T
    decay = np.exp(-dt / tau)
    v, voltage, spikes = np.zeros(len(tau)), [], []
    for drive in current:
        v = drive + (v - drive) * decay
        fired = v > threshold
        v = np.where(fired, reset, v)
        voltage.append(v)
        spikes.append(fired)
    return np.array(voltage), np.array(spikes)


def box(**changes) -> BlackBox:
    return BlackBox(
        **{"function": leaky, "parameters": BOUNDS, "dt": 1 * ms, "parallel": True, "name": "leaky", **changes}
    )


leaky_box = box()
