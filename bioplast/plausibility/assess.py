"""One model and one pattern: search from several starts, then a verdict on what was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import brian2
import numpy as np

from ..definition import Neuron
from ..errors import BioplastError, UnknownName
from ..program import targets
from .assessable import Model, assessable
from .box import BlackBox, BoxPopulation
from .calibrate import calibrate
from .impossible import argument
from .pattern import Pattern, Scale
from .patterns import PATTERNS
from .population import Population
from .result import PatternResult, Trace, stimulus
from .search import Found, Objective, search
from .verdict import FRAGILE, IMPOSSIBLE, NOT_FOUND, REPRODUCED, Judge, Verdict, Winner

TARGETS = ("cpp", "openmp", "cython", "numpy")
# How many candidates are simulated together.
SIZE = 128
BUDGET = 3000
STARTS = 3


class Assessor:
    """Assesses one model, pattern by pattern.

    Parameters
    ----------
    model : Neuron or BlackBox
    budget : int
        How many candidates a search simulates at most.
    seed : int
    starts : int
        How many searches are made for a pattern, each from a start of its own.
    target : str
        Where neurons are simulated, see `bioplast.compile`.
    size : int
        How many candidates are simulated together.

    Raises
    ------
    BioplastError
        If the model cannot be assessed, or a number is out of range.
    """

    def __init__(
        self,
        model: Model,
        budget: int = BUDGET,
        seed: int = 1,
        starts: int = STARTS,
        target: str = "cpp",
        size: int = SIZE,
    ):
        assessable(model)
        for name, number, least in (("budget", budget, 1), ("starts", starts, 1), ("seed", seed, 0)):
            if number < least:
                raise BioplastError(f"{name} {number}: at least {least} is needed")
        if target not in TARGETS:
            raise UnknownName("target of an assessment", target, TARGETS)
        if isinstance(model, Neuron):
            targets.require(target)
        self.model, self.budget, self.seed, self.starts = model, budget, seed, starts
        self.target, self.size = target, size
        self._judge = Judge(model, target)
        self._population = BoxPopulation if isinstance(model, BlackBox) else Population
        self._scale: Scale | None = None

    def __call__(self, letter: str) -> PatternResult:
        """Search for a pattern and judge what is found; the same seed gives the same result.

        Of several starts that found it, the first whose winner holds everywhere is reported.
        """
        pattern = pattern_of(letter)
        why = impossible(self.model, letter)
        if why is not None:
            return PatternResult(letter, pattern.name, IMPOSSIBLE, argument=why)
        with _made_without_compiling():
            return self._search(pattern)

    def _search(self, pattern: Pattern) -> PatternResult:
        objective = Objective(self.model, pattern, self.scale, self.size, self.target, population=self._population)
        found = [self._start(objective, pattern, k) for k in range(self.starts)]
        winners = [Winner(one.parameters, one.knobs, one.scale, objective.dt) for one in found]
        best = min(range(self.starts), key=lambda k: found[k].loss)
        verdict = Verdict(NOT_FOUND, {})
        for k in range(self.starts):
            if found[k].loss == 0 and verdict.word != REPRODUCED:
                judged = self._judge(pattern, winners[k])
                if judged.word == REPRODUCED or verdict.word == NOT_FOUND:
                    best, verdict = k, judged
        # What the search saw at its own step, it saw at one step at least.
        word = FRAGILE if verdict.word == NOT_FOUND and found[best].loss == 0 else verdict.word
        record, sweep = self._judge.record(pattern, winners[best])
        return PatternResult(
            letter=pattern.letter,
            name=pattern.name,
            verdict=word,
            loss=found[best].loss,
            parameters=dict(found[best].parameters),
            input=stimulus(sweep, winners[best]),
            checks={name: {**asdict(check), "failed": list(check.failed)} for name, check in verdict.checks.items()},
            starts=self.starts,
            found=sum(one.loss == 0 for one in found),
            evaluations=sum(one.evaluations for one in found),
            failed=list(found[best].failed),
            trace=Trace.of(record, sweep),
        )

    def _start(self, objective: Objective, pattern: Pattern, k: int) -> Found:
        objective.evaluations = 0
        seed = np.random.SeedSequence([self.seed, ord(pattern.letter), k]).generate_state(1)[0]
        return search(objective, self.budget, int(seed))

    @property
    def scale(self) -> Scale:
        """The units of the model's default cell, measured once."""
        if self._scale is None:
            self._scale = calibrate(self.model, target=self.target, population=self._population)
        return self._scale


def pattern_of(letter: str) -> Pattern:
    """A pattern by its letter."""
    if letter not in PATTERNS:
        raise UnknownName("pattern", letter, PATTERNS)
    return PATTERNS[letter]


def impossible(model: Model, letter: str) -> str | None:
    """Why a model of the zoo cannot show a pattern; None if that is not known, or the model is another."""
    from ..registry import models

    found = argument(model.label, letter) if isinstance(model, Neuron) else None
    if found is None:
        return None
    own: Any = models().get(model.label.replace("_", "-"))
    return found if own == model else None


@contextmanager
def _made_without_compiling() -> Iterator[None]:
    """Keep Brian2 from compiling code just to set values."""
    before = brian2.prefs.codegen.target
    brian2.prefs.codegen.target = "numpy"
    try:
        yield
    finally:
        brian2.prefs.codegen.target = before
