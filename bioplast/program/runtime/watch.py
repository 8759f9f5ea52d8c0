"""The watch for states that are not finite, in a run with Brian2's own targets."""

from __future__ import annotations

import brian2
import numpy as np

from ..network.clocks import clocks
from ..network.state import not_finite, read, state_variables
from .inputs import borrowed_operation


class Watch:
    """Looks for a state that has turned NaN or infinite every `period` seconds of a run with Brian2's own targets.

    Attributes
    ----------
    operation : NetworkOperation
        What makes the looks, to be part of the network.
    found : str or None
        Which variable, which neuron, when.
    """

    def __init__(self, network: brian2.Network, period: float):
        self.network = network
        self.watched = [v for v in state_variables(network).values() if v.may_diverge and np.isfinite(read(v)).all()]
        self.clock = min(clocks(network), key=lambda c: c.dt_)
        self.found: str | None = None
        self.last = network.t_
        every = max(round(period / self.clock.dt_), 1)
        steps = iter(range(1, 2**62))

        def operation() -> None:
            if next(steps) % every == 0:
                self.look(self.clock.t_ + self.clock.dt_)  # its values belong to the step's end
                if self.found is not None:
                    network.stop()

        self.operation = borrowed_operation(operation, clock=self.clock, when="end", order=2**31)

    def look(self, now: float) -> None:
        if self.found is not None:
            return
        for variable in self.watched:
            value = np.atleast_1d(variable.variable.get_value())
            if not np.isfinite(value).all():
                index = int(np.argmin(np.isfinite(value)))
                self.found = not_finite(variable.key, index, value[index], self.last, now, variable.synaptic)
                return
        self.last = now
