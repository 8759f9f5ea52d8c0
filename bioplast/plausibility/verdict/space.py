"""What is searched: the parameters of a model within their bounds, and the knobs of a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import BioplastError
from ...search.space import Axis, values_at
from ..patterns.pattern import Knob, Pattern


@dataclass(frozen=True)
class Space:
    """The axes of a model's parameters and of a pattern's knobs; a point is a row of numbers in [0, 1].

    Attributes
    ----------
    parameters : dict of str to Axis
    knobs : dict of str to Knob
        In SI base units, and in the knobs' own; the order of the axes is that of the parameters, then of the knobs.
    """

    parameters: Mapping[str, Axis]
    knobs: Mapping[str, Knob]

    @classmethod
    def of(cls, neuron: Any, pattern: Pattern, longest: Mapping[str, float] | None = None) -> Space:
        """The parameters that have bounds, and all knobs.

        Parameters
        ----------
        neuron, pattern
        longest : dict of str to float, optional
            Knobs in these units end there, instead of at their own upper bounds, but not below twice the lower ones.

        Raises
        ------
        BioplastError
            If a parameter of its own for each cell has no bounds anywhere, so that nothing of the model is searched.
        """
        parameters = {
            name: Axis(float(p.low), float(p.high), p.scale or "linear")
            for name, p in neuron.parameters.items()
            if p.low is not None and not p.shared
        }
        if not parameters:
            raise BioplastError(f"{neuron.label} cannot be assessed: none of its parameters has bounds (low, high)")
        most = {name: max((longest or {}).get(k.unit, k.high), 2 * k.low) for name, k in pattern.knobs.items()}
        knobs = {name: replace(k, high=min(k.high, most[name])) for name, k in pattern.knobs.items()}
        return cls(parameters, knobs)

    @property
    def size(self) -> int:
        """The number of axes."""
        return len(self.parameters) + len(self.knobs)

    def middle(self, size: int) -> np.ndarray:
        """The point in the middle, so many times [size, axes]."""
        return np.full((size, self.size), 0.5)

    def parameters_at(self, points: np.ndarray) -> Mapping[str, np.ndarray]:
        """The parameters [N] by name for points [N, axes]."""
        return values_at(self.parameters, points)

    def knobs_at(self, points: np.ndarray) -> Mapping[str, np.ndarray]:
        """The knobs [N] by name for points [N, axes]."""
        return values_at(self.knobs, points[:, len(self.parameters) :])
