"""Search for the parameters of a model, and the numbers of a protocol, with which the model shows a pattern."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definition import Neuron
from ..errors import UnknownName
from .pattern import Pattern, Scale
from .population import Population, check
from .relaxation import relaxation_time
from .score import Score
from .space import Space
from .sweep import Course, Sweep

# A cell is left alone, and then followed after a small pulse, for so many relaxation times of the model's default cell.
REST, FOLLOWED = 20, 30
# The small pulse, in rheobases and in steps.
SMALL, PULSE_STEPS = 0.02, 5
# What shows a pattern has to show it also when each rest is longer by so many times the whole sweep, so that the cell
# is watched at rest for nearly as long as the sweep takes; below this loss that is looked at.
PATIENCE = 3.0
CLOSE = 0.3
# Time steps to a relaxation time.
STEPS = 20
METHODS = ("cma", "de")


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
    failed : tuple of str
        The requirements that it does not meet.
    evaluations : int
        The number of candidates that were simulated.
    """

    letter: str
    loss: float
    parameters: Mapping[str, float]
    knobs: Mapping[str, float]
    failed: tuple[str, ...]
    evaluations: int


def fine_step(neuron: Neuron, scale: Scale) -> float:
    """The time step in seconds: that of the definition, or a twentieth of the relaxation time if that is smaller."""
    suggested = float(neuron.dt) if neuron.dt is not None else np.inf
    return float(min(suggested, np.min(scale.time) / STEPS))


class Objective:
    """The loss of many candidates of a model for one pattern, in one simulation.

    Parameters
    ----------
    neuron, pattern
    scale : Scale
        The units of the knobs, see `calibrate`.
    size : int
        The number of candidates that are simulated together.
    target, method
        As of `Population`.
    dt : float, optional
        The time step in seconds, see `fine_step`.
    """

    def __init__(
        self,
        neuron: Neuron,
        pattern: Pattern,
        scale: Scale,
        size: int,
        target: str = "cpp",
        dt: float | None = None,
        method: Any = None,
    ):
        check(neuron)
        self.pattern, self.scale, self.size = pattern, scale, size
        self.dt = fine_step(neuron, scale) if dt is None else dt
        self.space = Space.of(neuron, pattern)
        middle = self.sweep(np.full((size, self.space.size), 0.5))
        self._population = Population(neuron, size, middle, target, dt=self.dt, method=method)
        self._relaxing = None
        if pattern.timed:
            pulse = self._pulse()
            self._relaxing = Population(neuron, size, pulse, target, dt=self.dt, method=method, record=True)
        self.evaluations = 0

    def sweep(self, points: np.ndarray, patience: float = 0.0) -> Sweep:
        """The input of the candidates, each rest longer by so many times the length of the whole sweep."""
        knobs = dict(self.space.knobs_at(points))
        sweep = self.pattern.sweep(knobs, self.scale, self.dt)
        if not patience:
            return sweep
        knobs["rest"] = knobs["rest"] + patience * sweep.end / self.scale.time
        return self.pattern.sweep(knobs, self.scale, self.dt)

    def score(self, points: np.ndarray, patience: float = 0.0) -> Score:
        """The verdicts on candidates, points [N, axes] with N = `size`; `patience` as for `sweep`."""
        parameters, sweep = self.space.parameters_at(points), self.sweep(points, patience)
        features = self._population(parameters, sweep, self._relaxation(parameters), self.scale.voltage)
        return self.pattern.score(features, sweep)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """The losses [n] of any number of points [n, axes] in [0, 1].

        A candidate that nearly shows the pattern is simulated again with much longer rests, and its loss is the larger
        of the two: what it owed to a slow variable that had not come to rest, it does not show then, and a cell that
        fires of its own, however rarely, is found out.
        """
        losses = self._losses(points, 0.0)
        close = np.flatnonzero(losses < CLOSE)
        if close.size:
            losses[close] = np.maximum(losses[close], self._losses(points[close], PATIENCE))
        return losses

    def _losses(self, points: np.ndarray, patience: float) -> np.ndarray:
        losses = []
        for start in range(0, len(points), self.size):
            part = points[start : start + self.size]
            padded = np.concatenate([part, np.repeat(part[-1:], self.size - len(part), axis=0)])
            losses.append(self.score(np.clip(padded, 0, 1), patience).loss[: len(part)])
            self.evaluations += len(part)
        return np.concatenate(losses)

    def found(self, point: np.ndarray) -> Found:
        """What is to be said of one point."""
        points = np.repeat(np.clip(point, 0, 1)[None], self.size, axis=0)
        score = self.score(points)
        if score.met[0]:
            score = self.score(points, PATIENCE)
        return Found(
            self.pattern.letter,
            float(score.loss[0]),
            {name: float(value[0]) for name, value in self.space.parameters_at(points).items()},
            {name: float(value[0]) for name, value in self.space.knobs_at(points).items()},
            tuple(score.failed()),
            self.evaluations,
        )

    def _pulse(self) -> Sweep:
        course = Course(self.size).rest(REST * self.scale.time).event("answer")
        course.piece("pulse", PULSE_STEPS * self.dt, SMALL * np.abs(self.scale.current))
        return course.end(FOLLOWED * self.scale.time)

    def _relaxation(self, parameters: Mapping[str, np.ndarray]) -> np.ndarray | float:
        """The relaxation time of each candidate, if the criterion asks for it."""
        if self._relaxing is None:
            return np.nan
        sweep = self._pulse()
        self._relaxing(parameters, sweep)
        record = self._relaxing.record()
        onset = int(np.searchsorted(record.times, sweep.windows["pulse"].start[0] - self.dt / 2))
        with np.errstate(invalid="ignore", over="ignore"):
            return relaxation_time(record.voltage[onset:] - record.voltage[onset - 1], self.dt)


def search(objective: Objective, budget: int, seed: int, method: str = "cma", starts: int = 4) -> Found:
    """Look for a candidate that shows the pattern.

    Parameters
    ----------
    objective : Objective
    budget : int
        The number of candidates to simulate at most; the search ends as soon as one shows the pattern.
    seed : int
    method : {"cma", "de"}
        CMA-ES (package cma), several from different starts at once; or differential evolution (SciPy).
    starts : int
        How many searches go on at once (cma). One that has converged begins anew elsewhere.
    """
    if method not in METHODS:
        raise UnknownName("search method", method, METHODS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = (_by_cma if method == "cma" else _by_evolution)(objective, budget, seed, starts)
    return objective.found(best)


def _by_cma(objective: Objective, budget: int, seed: int, starts: int) -> np.ndarray:
    import cma

    generator = np.random.default_rng(seed)
    each = objective.size // starts

    def begin(point: np.ndarray) -> cma.CMAEvolutionStrategy:
        options = {"bounds": [0, 1], "popsize": each, "seed": int(generator.integers(1, 2**31)), "verbose": -9}
        return cma.CMAEvolutionStrategy(point, 0.2, options)

    points = generator.random((4 * objective.size, objective.space.size))
    losses = objective(points)
    order = np.argsort(losses)
    best, lowest = points[order[0]], losses[order[0]]
    running = [begin(points[k]) for k in order[:starts]]
    while lowest > 0 and objective.evaluations < budget:
        asked = [strategy.ask() for strategy in running]
        points = np.clip(np.concatenate(asked), 0, 1)
        losses = objective(points)
        k = int(np.argmin(losses))
        if losses[k] < lowest:
            best, lowest = points[k], losses[k]
        for n, strategy in enumerate(running):
            mine = losses[n * each : (n + 1) * each]
            strategy.tell(asked[n], mine.tolist())
            if strategy.stop():
                running[n] = begin(generator.random(objective.space.size))
    return best


def _by_evolution(objective: Objective, budget: int, seed: int, starts: int) -> np.ndarray:
    from scipy.optimize import differential_evolution

    axes = objective.space.size
    members = max(5, objective.size // axes)
    done = differential_evolution(
        lambda points: objective(points.T),
        [(0, 1)] * axes,
        popsize=members,
        maxiter=max(1, budget // (members * axes) - 1),
        rng=np.random.default_rng(seed),
        polish=False,
        vectorized=True,
        updating="deferred",
        tol=0,
        callback=lambda intermediate_result: intermediate_result.fun <= 0,
    )
    return done.x
