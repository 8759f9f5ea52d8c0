"""A firing pattern: what the cell is given, and what it has to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ...search.space import Axis
from ..response.features import Features
from ..response.scale import Scale
from ..response.sweep import Sweep
from .blocking import all_or_none, unblocked
from .score import MISSING, Score, at_most

# How much v may move or differ between the rests of one sweep, relative to the largest depolarization of the sweep. A
# cell that drifts, that fires of its own, or that remembers the event before is not at rest.
REST = 0.05
# The shortest pulse, in time steps.
SHORTEST = 4
# What shows a pattern has to show it also when each rest is longer by so many times the whole sweep, so that the cell
# is watched at rest for nearly as long as the sweep takes, and each step by so many times its length.
PATIENCE = 3.0


@dataclass(frozen=True)
class Knob(Axis):
    """A number of a protocol that is searched together with the parameters of the model.

    Attributes
    ----------
    low, high : float
        The bounds, in units of `unit`.
    scale : {"linear", "log"}
        How a search walks between the bounds.
    unit : {"rheobase", "threshold", "tau", "recovery", "1"}
        What it multiplies, see `Scale`; "1" is nothing.
    """

    scale: str = "log"
    unit: str = field(kw_only=True)


@dataclass(frozen=True)
class Pattern:
    """One of the twenty.

    Attributes
    ----------
    letter, name : str
        As in figure 1 of Izhikevich (2004).
    definition : str
        What the cell has to do, in words.
    knobs : dict of str to Knob
        The numbers of the protocol.
    protocol : callable
        (values of the knobs in SI units, each [N]; N) -> Sweep.
    criterion : callable
        (features, sweep) -> violations [N] by requirement, see `score`.
    timed : bool
        Whether the criterion asks for the relaxation time.
    blocked : bool
        Whether a cell may be silent without input because it is depolarized too much, see `levels`.
    lasting : str
        The knob that is the length of a step, if what the cell does has to go on for as long as the step lasts.
    probe : callable, optional
        As `protocol`, but only the event that has to be answered, called "probe": how strong it has to be is measured
        for each candidate. The knob "amplitude" is then in units of that threshold.
    """

    letter: str
    name: str
    definition: str
    knobs: Mapping[str, Knob] = field(repr=False)
    protocol: Callable[[Mapping[str, np.ndarray], int], Sweep] = field(repr=False)
    criterion: Callable[[Features, Sweep], Mapping[str, np.ndarray]] = field(repr=False)
    timed: bool = False
    blocked: bool = False
    lasting: str = ""
    probe: Callable[[Mapping[str, np.ndarray], int], Sweep] | None = field(default=None, repr=False)

    def sweep(
        self, values: Mapping[str, np.ndarray], scale: Scale, dt: float | None = None, patience: float = 0.0
    ) -> Sweep:
        """The input of N candidates.

        Parameters
        ----------
        values : dict of str to ndarray [N]
            One array for each knob, in its unit.
        scale : Scale
        dt : float, optional
            The time step of the simulation to come. Durations are then whole numbers of steps, so that two pulses that
            should be alike are, and no pulse falls between two steps.
        patience : float
            Each rest is longer by so many times the whole sweep, so that a slow variable that has not come to rest
            shows, and a step during which the cell has to go on with what it does by so many times its own length.
        """
        scaled = self._scaled(values, scale, dt)
        size = len(next(iter(scaled.values())))
        if patience:
            end, unit = self.protocol(scaled, size).end, scale.units[self.knobs["rest"].unit]
            longer = {**values, "rest": values["rest"] + patience * end / unit}
            if self.lasting:
                longer[self.lasting] = values[self.lasting] * (1 + patience)
            scaled = self._scaled(longer, scale, dt)
        return self.protocol(scaled, size)

    def probing(self, values: Mapping[str, np.ndarray], scale: Scale, dt: float | None = None) -> Sweep:
        """The event that has to be answered alone, as strong as the threshold in `scale`; arguments as of `sweep`."""
        assert self.probe is not None
        scaled = self._scaled({**values, "amplitude": np.ones_like(values["amplitude"])}, scale, dt)
        return self.probe(scaled, len(next(iter(scaled.values()))))

    def _scaled(self, values: Mapping[str, np.ndarray], scale: Scale, dt: float | None) -> dict[str, np.ndarray]:
        units = scale.units
        scaled = {name: np.asarray(values[name], dtype=float) * units[knob.unit] for name, knob in self.knobs.items()}
        if dt is not None:
            for name, knob in self.knobs.items():
                if knob.unit in ("tau", "recovery"):
                    scaled[name] = np.maximum(np.round(scaled[name] / dt), SHORTEST) * dt
            # Events then start between two steps, never on one, where rounding would decide.
            scaled["rest"] = scaled["rest"] + 0.25 * dt
        return scaled

    def score(self, features: Features, sweep: Sweep) -> Score:
        """How far each candidate is from the pattern."""
        # What is missing is NaN or a division by zero, and counts as missing.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            restless = sum((features.silent(window) for window in sweep.rests), start=np.zeros(sweep.size))
            moved = (features.rest_high - features.rest_low) / (features.top - features.rest_low).clip(0)
            common = {
                "the input is that of the pattern": np.where(features.driven, 0, MISSING),
                "no spikes without a stimulus": restless,
                "at rest, and at the same level, before each event": at_most(moved, REST),
                **({} if self.blocked else unblocked(features, "at rest", features.rest_high)),
                **all_or_none(features),
            }
            return Score({**common, **self.criterion(features, sweep)}, features.finite)
