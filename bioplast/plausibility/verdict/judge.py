"""Whether what a search found holds: at smaller time steps, and with another integration method.

A pattern is a property of the equations, so it must not depend on how they are integrated. What was found is simulated
again at the step of the search, at half and at a tenth of it, and at that tenth with another method; each time the cell
is recorded, and its features are computed from the recording and not while it runs. At the step of the search it is
judged with much longer rests and steps as well, as the search does, and at the others if it fails there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...definition import Neuron
from ..cells.black_box import BlackBox
from ..cells.model import Model
from ..cells.recorder import Recorder
from ..patterns.pattern import PATIENCE, SHORTEST, Pattern
from ..response.features import Recording, reduce
from ..response.relaxation import pulsed_relaxation_time, relaxation_pulse
from ..response.scale import Scale
from ..response.sweep import Sweep
from .rounding import FEWEST, FULL, STIMULUS, code, rounded, value_of

# It holds in every check; in some only; in none; and cannot hold, by an argument. The better the earlier.
REPRODUCED = "reproduced"
FRAGILE = "fragile"
NOT_FOUND = "not found"
IMPOSSIBLE = "impossible"
VERDICTS = (REPRODUCED, FRAGILE, NOT_FOUND, IMPOSSIBLE)

# The units of knobs that are durations.
TIMES = ("tau", "recovery")
# The step of the search is divided by these; the other method has the last.
DIVISORS = (2, 10)
# What the check with the other integration method is called.
OTHER = "other method"


@dataclass(frozen=True)
class Winner:
    """One cell with its stimulus.

    Attributes
    ----------
    parameters : dict of str to float
        SI base units.
    knobs : dict of str to float
        In units of the knobs.
    scale : Scale
        Those units: plain numbers.
    dt : float
        The time step of the search in seconds; durations are whole numbers of it.
    """

    parameters: Mapping[str, float]
    knobs: Mapping[str, float]
    scale: Scale
    dt: float

    def sweep(self, pattern: Pattern, dt: float | None = None, patience: float = 0.0) -> Sweep:
        """Its stimulus for a simulation with the time step `dt`, the same in seconds whatever that is.

        Parameters
        ----------
        pattern : Pattern
        dt : float, optional
            By default that of the search.
        patience : float
            Of longer rests and steps, see `Pattern.sweep`.
        """
        knobs = {name: np.array([value]) for name, value in self._whole_steps(pattern).items()}
        return pattern.sweep(knobs, self.scale, self.dt if dt is None else dt, patience)

    def _whole_steps(self, pattern: Pattern) -> dict[str, float]:
        """The knobs, with durations that are whole numbers of steps."""
        units, knobs = {name: float(size) for name, size in self.scale.units.items()}, {}
        for name, value in self.knobs.items():
            unit = pattern.knobs[name].unit
            if unit in TIMES:
                value = max(round(value * units[unit] / self.dt), SHORTEST) * self.dt / units[unit]
            knobs[name] = float(value)
        return knobs

    def printed(self, pattern: Pattern, parameter_units: Mapping[str, str], digits: int) -> Winner:
        """The cell and the stimulus that a reader makes of what is printed.

        Parameters
        ----------
        pattern : Pattern
        parameter_units : dict of str to str
            See `rounding.code`; without a unit, as of a black box, "1".
        digits : int
            Of the parameters and the time step. The stimulus has `STIMULUS` digits at least.
        """
        units, knobs = {name: float(size) for name, size in self.scale.units.items()}, {}
        for name, value in self._whole_steps(pattern).items():
            unit = units[pattern.knobs[name].unit]
            knobs[name] = rounded(value * unit, max(digits, STIMULUS)) / unit
        cell = {name: value_of(code(x, parameter_units[name], digits)) for name, x in self.parameters.items()}
        return Winner(cell, knobs, self.scale, value_of(code(self.dt, "second", digits)))


@dataclass(frozen=True)
class Check:
    """One simulation of a winner.

    Attributes
    ----------
    dt : float
        The time step in seconds.
    method : str
        The integration method; "" for a black box.
    shown : bool
    loss : float
    failed : tuple of str
        The requirements that are not met.
    """

    dt: float
    method: str
    shown: bool
    loss: float
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a winner.

    Attributes
    ----------
    word : {"reproduced", "fragile", "not found"}
        "not found" if no check shows the pattern.
    checks : dict of str to Check
        By "dt", "dt/2", "dt/10" and "other method".
    """

    word: str
    checks: Mapping[str, Check] = field(repr=False)


class Judge:
    """Judges what was found for one model; it keeps the programs that it compiles.

    Parameters
    ----------
    model : Neuron or BlackBox
    target : str
        Where neurons are simulated, see `bioplast.compile`.
    """

    def __init__(self, model: Model, target: str = "cpp"):
        self.model = model
        self._own, self._other, self._names = Recorder(model, target), None, ("", "")
        if isinstance(model, Neuron):
            name, options = other_method(model)
            self._other = Recorder(model, target, name, options)
            self._names = (str(model.method or "chosen by Brian2"), name)

    def __call__(self, pattern: Pattern, winner: Winner) -> Verdict:
        """Simulate and judge a winner."""
        checks = dict(self._checks(pattern, winner))
        shown = [check.shown for check in checks.values()]
        return Verdict(REPRODUCED if all(shown) else FRAGILE if any(shown) else NOT_FOUND, checks)

    def _checks(self, pattern: Pattern, winner: Winner) -> Iterator[tuple[str, Check]]:
        own, other = self._names
        first = self._check(self._own, own, pattern, winner, winner.dt, longer=True)
        yield "dt", first
        # What does not hold at longer rests is looked at there with every step.
        longer = not first.shown
        for n in DIVISORS:
            yield f"dt/{n}", self._check(self._own, own, pattern, winner, winner.dt / n, longer)
        if self._other is not None:
            yield OTHER, self._check(self._other, other, pattern, winner, winner.dt / DIVISORS[-1], longer)

    def digits(self, pattern: Pattern, winner: Winner, word: str) -> int:
        """The fewest significant digits with which what is printed of a winner gets the same verdict.

        Parameters
        ----------
        pattern : Pattern
        winner : Winner
        word : str
            The verdict of the winner itself.

        Returns
        -------
        int
            `rounding.FULL` where no fewer do.
        """
        units = parameter_units(self.model)
        for digits in range(FEWEST, FULL):
            printed = winner.printed(pattern, units, digits)
            if word == REPRODUCED:  # decided by the first check that fails
                same = all(check.shown for _, check in self._checks(pattern, printed))
            else:
                same = self(pattern, printed).word == word
            if same:
                return digits
        return FULL

    def recording(self, pattern: Pattern, winner: Winner) -> tuple[Recording, Sweep]:
        """The response at the step of the search, and the sweep that it answers to."""
        sweep = winner.sweep(pattern)
        return self._own(winner.parameters, sweep, winner.dt), sweep

    def _check(
        self, response: Recorder, method: str, pattern: Pattern, winner: Winner, dt: float, longer: bool
    ) -> Check:
        tau = self._relaxation(response, winner, dt) if pattern.timed else np.nan
        for patience in (0.0, PATIENCE) if longer else (0.0,):
            sweep = winner.sweep(pattern, dt, patience)
            recording = response(winner.parameters, sweep, dt, sampled=winner.dt)
            score = pattern.score(reduce(recording, sweep, tau, winner.scale.voltage), sweep)
            if not score.met[0]:
                break
        return Check(dt, method, bool(score.met[0]), float(score.loss[0]), tuple(score.failed()))

    @staticmethod
    def _relaxation(response: Recorder, winner: Winner, dt: float) -> np.ndarray:
        sweep = relaxation_pulse(winner.scale, winner.dt)
        recording = response(winner.parameters, sweep, dt, sampled=winner.dt)
        return pulsed_relaxation_time(recording, sweep, winner.dt)


def parameter_units(model: Model) -> dict[str, str]:
    """The units in which parameters are printed; "1" for those of a black box, which are called with SI base units."""
    return {name: "1" if isinstance(model, BlackBox) else p.unit for name, p in model.parameters.items()}


def other_method(neuron: Neuron) -> tuple[str, dict[str, Any] | None]:
    """Another integration method than that of a definition, with its options.

    The classical Runge-Kutta method, for a definition that has it the Euler method; both are explicit and apply to all
    equations without noise. An exponential in v between steps would overflow while a spike that a reset cuts is under
    way, in every method that evaluates the equations there; such a definition that is stepped with Euler's method has
    the semi-implicit one instead, with v last, so that no other variable sees v beyond the cut.
    """
    if neuron.method == "rk4":
        return "euler", None
    cut = neuron.threshold is not None and neuron.reset and "exp(" in neuron.equations
    if neuron.method == "euler" and cut and len(neuron.differential) > 1:
        return "sequential", {"order": (*(name for name in neuron.differential if name != "v"), "v")}
    return "rk4", None
