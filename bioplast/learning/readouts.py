"""Readouts: what is taken from a run's output, to be put into a loss or to predict with.

A readout is called with the output of one run on any target, or with that of a batch, whose axis stays in front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brian2.units.fundamentalunits import Quantity, get_dimensions, get_or_create_dimension

from ..definition.units import unit_name
from ..errors import BioplastError, UnknownName
from ..program.arguments import in_short, positive

__all__ = ["Count", "Last", "Maximum", "Mean", "Raster", "Sum", "Trace"]


@dataclass(frozen=True)
class Trace:
    """A recorded variable over time, [steps, recorded].

    Parameters
    ----------
    monitor : str
        The name of a StateMonitor.
    variable : str
    unit : quantity
        What the numbers are in, such as ``1*mV``; SI base units without one.
    """

    monitor: str
    variable: str = "v"
    unit: Any = 1

    def __post_init__(self) -> None:
        positive(self.unit, f"{type(self).__name__}: unit", "quantity")

    def __call__(self, out: Any) -> Any:
        return self._trace(out)

    def _trace(self, out: Any) -> Any:
        _require_output(out, type(self).__name__)
        if self.monitor not in out.states:
            raise UnknownName("state monitor", self.monitor, out.states)
        recorded = out.states[self.monitor]
        if self.variable == "t" or self.variable not in recorded:
            raise UnknownName(f"variable of {self.monitor}", self.variable, set(recorded) - {"t"})
        trace = recorded[self.variable]
        exponents = out.dimensions.get(self.monitor, {}).get(self.variable)
        right = get_dimensions(self.unit) if exponents is None else get_or_create_dimension(list(exponents))
        if isinstance(self.unit, Quantity) and get_dimensions(self.unit) is not right:
            raise BioplastError(
                f"{type(self).__name__}: unit is {in_short(self.unit)}, but {self.variable} of {self.monitor!r} is in "
                f"{unit_name(right)}"
            )
        return trace / float(self.unit) if isinstance(self.unit, Quantity) or self.unit != 1 else trace


@dataclass(frozen=True)
class Maximum(Trace):
    """The largest value over time, [recorded]; parameters as of `Trace`."""

    def __call__(self, out: Any) -> Any:
        return self._trace(out).max(axis=-2)


@dataclass(frozen=True)
class Mean(Trace):
    """The mean over time, [recorded]; parameters as of `Trace`."""

    def __call__(self, out: Any) -> Any:
        return self._trace(out).mean(axis=-2)


@dataclass(frozen=True)
class Last(Trace):
    """The value in the last recorded step, [recorded]; parameters as of `Trace`."""

    def __call__(self, out: Any) -> Any:
        return self._trace(out)[..., -1, :]


@dataclass(frozen=True)
class Sum(Trace):
    """The sum over the recorded steps, [recorded]; parameters as of `Trace`."""

    def __call__(self, out: Any) -> Any:
        return self._trace(out).sum(axis=-2)


@dataclass(frozen=True)
class Raster:
    """The spikes of a SpikeMonitor, [steps, neurons] of 0 and 1."""

    monitor: str

    def __call__(self, out: Any) -> Any:
        _require_output(out, type(self).__name__)
        return out.raster(self.monitor)


@dataclass(frozen=True)
class Count:
    """How often each neuron of a SpikeMonitor spikes, [neurons]."""

    monitor: str

    def __call__(self, out: Any) -> Any:
        _require_output(out, type(self).__name__)
        return out.raster(self.monitor).sum(axis=-2)


def _require_output(out: Any, readout: str) -> None:
    """Refuse what no program gave."""
    if not hasattr(out, "raster"):
        raise BioplastError(f"{readout}: what a program gives is read, not {in_short(out)}")
