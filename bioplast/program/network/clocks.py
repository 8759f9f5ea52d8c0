"""The clocks of a network and the steps that they make in a run."""

from __future__ import annotations

from dataclasses import dataclass

import brian2
import numpy as np
from brian2.core.clocks import Clock

from ...errors import BioplastError, Unsupported

# Up to here every step has a time of its own.
_MOST_STEPS = 2**53


@dataclass(frozen=True)
class ClockSpan:
    """The steps that a clock makes in a run: from ``start`` to, not including, ``end``."""

    name: str
    dt: float
    start: int
    end: int


def clocks(network: brian2.Network) -> list[Clock]:
    """Every clock of the network, sorted by name."""
    found: dict[str, Clock] = {}
    for obj in network.sorted_objects:
        if found.setdefault(obj.clock.name, obj.clock) is not obj.clock:
            raise Unsupported(
                f"two clocks are called {obj.clock.name!r}, of {found[obj.clock.name].dt_ * 1e3:g} and "
                f"{obj.clock.dt_ * 1e3:g} ms: give each a name of its own"
            )
    for clock in found.values():
        if not isinstance(clock, Clock):
            raise Unsupported(
                f"clock {clock.name!r} is a {type(clock).__name__}: only clocks with a fixed dt are lowered"
            )
        if not 0 < clock.dt_ < np.inf:
            having = min((obj.name for obj in network.sorted_objects if obj.clock is clock), key=len)
            raise BioplastError(
                f"{having!r}: dt is {clock.dt_:g} s, a time step that is positive and finite is accepted"
            )
    return [found[name] for name in sorted(found)]


def spans(network: brian2.Network, duration: float, start: float | None = None) -> dict[str, ClockSpan]:
    """The steps that each clock makes in a run of `duration` seconds from `start` (now, when None)."""
    begin = network.t_ if start is None else start
    result = {}
    for clock in clocks(network):
        dt = clock.dt_
        result[clock.name] = ClockSpan(clock.name, dt, _step_at(begin, dt), _step_at(begin + duration, dt))
    return result


def _step_at(time: float, dt: float) -> int:
    """Brian2's rule: the nearest step when it lies within 1e-4 dt, else the next one."""
    if not time / dt <= _MOST_STEPS:
        raise BioplastError(
            f"a run may end at {_MOST_STEPS * dt:.6g} s at most with steps of {dt:g} s, not at {time:g} s"
        )
    step = np.int64(np.round(time / dt))
    if abs(step * dt - time) / dt > Clock.epsilon_dt:
        step = np.int64(np.ceil(time / dt))
    return int(step)
