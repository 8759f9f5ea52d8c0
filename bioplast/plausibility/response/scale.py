"""The scale of a cell: its times and currents, in which a pattern's input is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """The units of a model in which protocols are written; each a number or [N].

    Attributes
    ----------
    time : float or ndarray
        The relaxation time, see `relaxation`, in seconds.
    current : float or ndarray
        The rheobase, in the unit of the input; negative if the cell fires when the input falls.
    voltage : float or ndarray
        The depolarization that the rheobase brings about without a spike.
    threshold : float or ndarray, optional
        The weakest stimulus of the pattern's own kind that is answered, see `Pattern.probe`, in the unit of the input;
        the rheobase unless given.
    recovery : float or ndarray, optional
        How long the cell takes to come to rest after a train of spikes, measured as the relaxation time is, which it is
        unless given.
    spike : float or ndarray
        How long a spike lasts that no reset ends, in seconds: no stimulus is short for the cell that is over sooner.
    """

    time: float | np.ndarray
    current: float | np.ndarray
    voltage: float | np.ndarray
    threshold: float | np.ndarray | None = None
    recovery: float | np.ndarray | None = None
    spike: float | np.ndarray = 0.0

    @property
    def tau(self) -> float | np.ndarray:
        """The unit of short times: the relaxation time, or the duration of a spike if that is longer."""
        return np.maximum(self.time, self.spike)

    @property
    def units(self) -> Mapping[str, float | np.ndarray]:
        """What knobs are measured in, by name."""
        return {
            "rheobase": self.current,
            "threshold": self.current if self.threshold is None else self.threshold,
            "tau": self.tau,
            "recovery": self.tau if self.recovery is None else self.recovery,
            "1": 1.0,
        }
