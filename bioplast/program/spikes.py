"""The spikes that a monitor recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Spikes:
    """The spikes of one monitor, sorted by time, then neuron.

    Attributes
    ----------
    times : ndarray [spikes]
        In seconds.
    indices : ndarray [spikes]
        Neurons, counted within the recorded group.
    steps : ndarray [spikes]
        The time step of each, counted from the start of the run.
    variables : mapping
        What else the monitor recorded at each spike, in SI base units.
    """

    times: np.ndarray
    indices: np.ndarray
    steps: np.ndarray
    neurons: int
    variables: Mapping[str, np.ndarray] = field(default_factory=dict)
