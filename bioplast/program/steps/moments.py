"""The moments of a run: when at least one clock makes a step, and which ones do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import network as net
from . import steps

# Brian2 takes steps of two clocks for one moment when they are closer than this part of the shorter dt.
_TOGETHER = 1e-4


@dataclass(frozen=True, eq=False)
class Moments:
    """The moments of a run in order.

    Attributes
    ----------
    count : int
        How many there are.
    due : mapping
        By clock whether it makes a step, bool [count].
    step : mapping
        By clock the step that it makes or will make next, int [count].
    """

    count: int
    due: Mapping[str, np.ndarray]
    step: Mapping[str, np.ndarray]

    def since(self, clock: str) -> np.ndarray:
        """The steps of a clock counted from the start of the run, int [count]."""
        return self.step[clock] - self.step[clock][:1]

    def of(self, clock: str) -> np.ndarray:
        """The moments in which a clock makes a step, int [steps]."""
        return np.flatnonzero(self.due[clock])


def read_moments(spans: Mapping[str, net.ClockSpan]) -> Moments:
    """The moments in which Brian2 would run clocks with these spans."""
    names = list(spans)
    times = np.concatenate([np.arange(s.start, s.end) * s.dt for s in spans.values()])
    owners = np.repeat(np.arange(len(names)), [s.end - s.start for s in spans.values()])
    dts = np.array([s.dt for s in spans.values()])[owners]
    order = np.argsort(times, kind="stable")
    times, owners, dts = times[order], owners[order], dts[order]
    apart = np.diff(times) >= _TOGETHER * np.minimum(dts[1:], dts[:-1])
    moment = np.concatenate([[0], np.cumsum(apart)]) if len(times) else np.zeros(0, dtype=int)
    count = int(moment[-1]) + 1 if len(times) else 0
    due, step = {}, {}
    for k, name in enumerate(names):
        due[name] = np.zeros(count, dtype=bool)
        due[name][moment[owners == k]] = True
        step[name] = spans[name].start + np.cumsum(due[name]) - due[name]
    return Moments(count, due, step)


def always_due(clocks: Mapping[str, steps.Clock]) -> set[str]:
    """The clocks that make a step in every moment: those of the smallest dt, if it divides all others."""
    finest = min((clock.seconds for clock in clocks.values()), default=1.0)
    ratios = {name: clock.seconds / finest for name, clock in clocks.items()}
    if any(abs(ratio - round(ratio)) > _TOGETHER for ratio in ratios.values()):
        return set()
    return {name for name, ratio in ratios.items() if round(ratio) == 1}


#: Steps whose numbers float32 tells apart, and those that 32 bits count.
FLOAT32_STEPS, INT32_STEPS = 2**24, 2**31 - 1


def horizon(network: steps.Steps) -> int:
    """The last step up to which float32, with steps of 32 bits, tells times apart as the equations need it.

    Brian2 counts steps from times, ``timestep(t - lastspike, dt)``, with a tolerance of a thousandth of a step, and
    rounds to the nearest row of a TimedArray. Two times of n steps have errors of n*2**-24 each.
    """
    found = [
        name
        for operation in network.operations
        for name in getattr(getattr(operation, "block", None), "names", {}).values()
    ]
    times = {clock.t for clock in network.clocks.values()}
    if any(isinstance(name, steps.Function) and name.name == "timestep" for name in found):
        return 2**13
    if any(isinstance(name, steps.Table) for name in found):
        return 2**20
    if any(isinstance(name, steps.Place) and name.array in times for name in found):
        return FLOAT32_STEPS
    return INT32_STEPS


def what_time_decides(network: steps.Steps, replaced: Collection[str], constant: Collection[str] = ()) -> str:
    """What of a network depends on when a run begins, in words; empty if nothing does.

    Parameters
    ----------
    network : Steps
    replaced : collection of str
        The SpikeGeneratorGroups whose spikes are given, counted from the beginning of the run.
    constant : collection of str
        The TimedArrays that are given one row, which is the same at all times.
    """
    if always_due(network.clocks) != set(network.clocks):
        return "the network has clocks of several dt"
    clocks = {name for clock in network.clocks.values() for name in (clock.t, clock.timestep)}
    held = {network.inputs[name] for name in constant if name in network.inputs}
    for operation in network.operations:
        if isinstance(operation, steps.Generator) and operation.name not in replaced:
            return f"{operation.name!r} has spikes at given times"
        if isinstance(operation, steps.Threshold) and operation.refractory is not None:
            return f"{operation.group!r} is refractory"
        block = getattr(operation, "block", None)
        names = getattr(block, "names", {})
        constants = [name for name, found in names.items() if isinstance(found, steps.Table) and found.name in held]
        for name, found in names.items():
            if isinstance(found, steps.Table) and found.name not in held:
                return f"{operation.name!r} has a TimedArray"
            if isinstance(found, steps.Place) and found.array in clocks and _asks_for(name, block, constants):
                return f"{operation.name!r} depends on the time"
    return ""


def _asks_for(time: str, block: Any, constants: Collection[str]) -> bool:
    """Whether statements ask for a time elsewhere than as that of a TimedArray that is the same at all times."""
    if not constants:
        return True
    called = re.compile(rf"\b(?:{'|'.join(map(re.escape, constants))})\(\s*{re.escape(time)}\s*(?=[,)])")
    asked = re.compile(rf"\b{re.escape(time)}\b")
    texts = [s.expression for s in (*block.scalar, *block.vector)]
    texts += [part for s in (*block.scalar, *block.vector) for part in s.branch or ()]
    return any(asked.search(called.sub("(", text)) for text in texts)
