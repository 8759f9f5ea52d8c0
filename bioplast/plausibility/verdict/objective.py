"""Search for the parameters of a model, and the numbers of a protocol, with which the model shows a pattern."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import UnknownName
from ...search import Minimum, cma, differential
from ..cells.population import Population
from ..patterns.pattern import PATIENCE, Pattern
from ..patterns.score import Score
from ..response.relaxation import pulsed_relaxation_time, relaxation_pulse
from ..response.scale import Scale
from ..response.sweep import Sweep
from .space import Space

# The threshold of a pattern's stimulus is looked for between these, in rheobases, by so many bisections: to 1 %.
LOWEST, HIGHEST, BISECTIONS = 0.01, 200.0, 10
# Below this loss a candidate is looked at with longer rests and steps.
CLOSE = 0.3
# What then still shows it has to show it also at so many steps to a step, which takes long: of many, some are tried,
# and the others count as missing it by next to nothing.
FINER, TRIED, UNTRIED = 10, 16, 1e-6
# At least, and at most, so many time steps to a relaxation time; fewer are enough for a method of fourth order, whose
# error is then 1e-5 of what decays.
STEPS, FOURTH_ORDER_STEPS, MOST_STEPS = 20, 8, 100
# A rest, or a step, has at most so many time steps: a cell may recover thousands of times more slowly than it relaxes.
MOST_RECOVERING = 80_000
# The searches by name.
METHODS: dict[str, Callable[..., Minimum]] = {"cma": cma.minimise, "de": differential.minimise}


@dataclass(frozen=True)
class Found:
    """The best candidate of a search.

    Attributes
    ----------
    letter : str
    loss : float
        0 if the pattern is shown.
    parameters : dict of str to float
        SI base units.
    knobs : dict of str to float
        In units of the knobs.
    scale : Scale
        The units of the knobs for this candidate, so that ``pattern.sweep(knobs, scale, dt)`` is its input.
    failed : tuple of str
        The requirements that it does not meet.
    evaluations : int
        The number of candidates that were simulated.
    """

    letter: str
    loss: float
    parameters: Mapping[str, float]
    knobs: Mapping[str, float]
    scale: Scale
    failed: tuple[str, ...]
    evaluations: int


def fine_step(neuron: Any, scale: Scale) -> float:
    """The time step in seconds: that of the definition, within bounds that the relaxation time gives."""
    least = FOURTH_ORDER_STEPS if getattr(neuron, "method", None) == "rk4" else STEPS
    suggested = float(neuron.dt) if neuron.dt is not None else np.inf
    time = float(np.min(scale.time))
    return float(np.clip(suggested, time / MOST_STEPS, time / least))


class Objective:
    """The loss of many candidates of a model for one pattern, in one simulation.

    Parameters
    ----------
    neuron, pattern
        The first may be what `population` takes instead of a Neuron, with its `label`, `dt` and `parameters`.
    scale : Scale
        The units of the knobs, see `calibrate`.
    size : int
        The number of candidates that are simulated together.
    target, method
        As of `Population`.
    dt : float, optional
        The time step in seconds, see `fine_step`.
    population : callable
        What simulates the candidates, called as `Population` is.
    """

    def __init__(
        self,
        neuron: Any,
        pattern: Pattern,
        scale: Scale,
        size: int,
        target: str = "cpp",
        dt: float | None = None,
        method: Any = None,
        population: Any = Population,
    ):
        self.pattern, self.scale, self.size = pattern, scale, size
        self.dt = fine_step(neuron, scale) if dt is None else dt
        longest = MOST_RECOVERING * self.dt / float(np.max(scale.units["recovery"]))
        self.space = Space.of(neuron, pattern, {"recovery": longest})
        self._make = functools.partial(population, neuron, target=target, method=method)
        self._population = self._make(size, self.sweep(self.space.middle(size)), dt=self.dt)
        self._pulse = relaxation_pulse(scale, self.dt, size)
        self._relaxing = self._make(size, self._pulse, dt=self.dt, record=True) if pattern.timed else None
        self._made: dict[bool, Population] = {}
        self.evaluations = 0

    def sweep(self, points: np.ndarray, threshold: np.ndarray | None = None, patience: float = 0.0) -> Sweep:
        """The input of the candidates, see `Pattern.sweep`."""
        scale = replace(self.scale, threshold=threshold)
        return self.pattern.sweep(self.space.knobs_at(points), scale, self.dt, patience)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The losses [n] of any number of points [n, axes] in [0, 1].

        A candidate that nearly shows the pattern is simulated again with much longer rests and steps, and its loss is
        the larger of the two: what it owed to a slow variable that had not come to rest, it does not show then, and a
        cell that fires of its own, however rarely, is found out. One that still shows it is simulated with a finer
        time step.
        Once one is found, the others are left out, with a loss of infinity.
        """
        points = np.clip(points, 0, 1)
        # Candidates are simulated with others whose sweeps are about as long, the shortest first.
        order, losses = np.argsort(self.sweep(points).end, kind="stable"), np.full(len(points), np.inf)
        for start in range(0, len(points), self.size):
            part = order[start : start + self.size]
            losses[part] = self._losses(points[np.resize(part, self.size)])[: len(part)]
            self.evaluations += len(part)
            if losses.min() <= 0:
                break
        return losses

    def _losses(self, points: np.ndarray) -> np.ndarray:
        units = self._threshold(points), self._relaxation(points)
        losses = self._score(self._population, points, *units).loss
        close = np.flatnonzero(losses < CLOSE)
        losses[close] = np.maximum(losses[close], self._again(close, points, *units, patience=PATIENCE))
        shown = np.flatnonzero(losses == 0)
        losses[shown[TRIED:]] = UNTRIED
        losses[shown[:TRIED]] = self._again(shown[:TRIED], points, *units, finer=True)
        return losses

    def _again(
        self,
        chosen: np.ndarray,
        points: np.ndarray,
        threshold: np.ndarray,
        tau: np.ndarray,
        patience: float = 0.0,
        finer: bool = False,
    ) -> np.ndarray:
        """The losses of some of the points."""
        losses = np.empty(chosen.size)
        for start in range(0, chosen.size, TRIED):
            part = chosen[start : start + TRIED]
            rows = np.resize(part, TRIED)
            score = self._score(self._few(finer), points[rows], threshold[rows], tau[rows], patience)
            losses[start : start + TRIED] = score.loss[: len(part)]
        return losses

    def _few(self, finer: bool) -> Population:
        """A population for the few candidates that are simulated again, made when the first is."""
        if finer not in self._made:
            like = self.sweep(self.space.middle(TRIED))
            self._made[finer] = self._make(TRIED, like, dt=self.dt / FINER if finer else self.dt)
        return self._made[finer]

    def found(self, point: np.ndarray) -> Found:
        """What is to be said of one point."""
        points = np.repeat(np.clip(point, 0, 1)[None], self.size, axis=0)
        threshold, tau = self._threshold(points), self._relaxation(points)
        score = self._score(self._population, points, threshold, tau)
        for finer, patience in ((False, PATIENCE), (True, 0.0)):
            if score.met[0]:
                few = points[:1].repeat(TRIED, axis=0), threshold[:1].repeat(TRIED), tau[:1].repeat(TRIED)
                score = self._score(self._few(finer), *few, patience=patience)
        return Found(
            self.pattern.letter,
            float(score.loss[0]),
            {name: float(value[0]) for name, value in self.space.parameters_at(points).items()},
            {name: float(value[0]) for name, value in self.space.knobs_at(points).items()},
            replace(self.scale, threshold=float(threshold[0])),
            tuple(score.failed()),
            self.evaluations,
        )

    def _score(
        self,
        population: Population,
        points: np.ndarray,
        threshold: np.ndarray,
        tau: np.ndarray,
        patience: float = 0.0,
    ) -> Score:
        sweep = self.sweep(points, threshold, patience)
        features = population(self.space.parameters_at(points), sweep, tau, self.scale.voltage)
        return self.pattern.score(features, sweep)

    # ---- the units of each candidate -------------------------------------------------------------------------------

    def _threshold(self, points: np.ndarray) -> np.ndarray:
        """The weakest of the pattern's stimuli that is answered, or the rheobase if none is."""
        current = np.broadcast_to(np.asarray(self.scale.current, dtype=float), len(points))
        if self.pattern.probe is None:
            return current
        parameters, knobs = self.space.parameters_at(points), self.space.knobs_at(points)
        low, high = np.full(len(points), LOWEST), np.full(len(points), HIGHEST)
        answered = np.zeros(len(points), dtype=bool)
        for _ in range(BISECTIONS):
            middle = np.sqrt(low * high)
            sweep = self.pattern.probing(knobs, replace(self.scale, threshold=middle * current), self.dt)
            features = self._population(parameters, sweep)
            fired = features.answers(sweep.windows["probe"]).count > 0
            answered |= fired
            low, high = np.where(fired, low, middle), np.where(fired, middle, high)
        return np.where(answered, high, 1.0) * current

    def _relaxation(self, points: np.ndarray) -> np.ndarray:
        """The relaxation time of each candidate, if the criterion asks for it."""
        if self._relaxing is None:
            return np.full(len(points), np.nan)
        sweep = self._pulse
        self._relaxing(self.space.parameters_at(points), sweep)
        return pulsed_relaxation_time(self._relaxing.recording(), sweep, self.dt)


def search(objective: Objective, budget: int, seed: int, method: str = "cma", starts: int = 4) -> Found:
    """Look for a candidate that shows the pattern.

    Parameters
    ----------
    objective : Objective
    budget : int
        The number of candidates to simulate at most, those that the objective has counted already included; the search
        ends as soon as one shows the pattern.
    seed : int
    method : {"cma", "de"}
        CMA-ES (package cma), several from different starts at once; or differential evolution (SciPy).
    starts : int
        How many searches go on at once (cma). One that has converged begins anew elsewhere.
    """
    if method not in METHODS:
        raise UnknownName("search method", method, METHODS)
    options = {"strategies": starts} if method == "cma" else {}
    with warnings.catch_warnings():
        # Candidates that diverge are judged, not told of.
        warnings.simplefilter("ignore")
        best = METHODS[method](
            objective,
            objective.space.size,
            budget=budget - objective.evaluations,
            rng=np.random.default_rng(seed),
            size=objective.size,
            enough=0.0,
            **options,
        )
    return objective.found(best.point)
