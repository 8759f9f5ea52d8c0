"""One model and one pattern: search from several starts, then a verdict on what was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import brian2
import numpy as np

from ...definition import Neuron
from ...errors import BioplastError, UnknownName
from ...program import targets
from ..cells.black_box import BlackBox, BoxPopulation
from ..cells.calibrate import calibrate
from ..cells.model import Model, check_assessable
from ..cells.population import Population
from ..patterns import PATTERNS
from ..patterns.blocking import blocked
from ..patterns.pattern import Pattern
from ..response.scale import Scale
from .impossible import argument
from .judge import FRAGILE, IMPOSSIBLE, NOT_FOUND, REPRODUCED, VERDICTS, Judge, Verdict, Winner
from .objective import Found, Objective, search
from .result import PatternResult, Trace, plain_input
from .rounding import FULL

# How many candidates are simulated together.
SIZE = 128
# How many candidates a search simulates at most, and how many searches are made for a pattern, unless a user says so.
BUDGET = 3000
STARTS = 3
# What a result says of a cell that inhibition releases.
BLOCKED = "released from a depolarization block: without input v is above the level that it falls to between spikes"
# So often a start searches on when what it found does not hold at every step size.
TRIES = 5


@dataclass(frozen=True)
class _Try:
    """The best candidate of a search and what became of it."""

    found: Found
    winner: Winner
    verdict: Verdict
    evaluations: int

    def rank(self) -> tuple[int, float]:
        """The smaller the better."""
        return VERDICTS.index(self.verdict.word), self.found.loss


class Assessor:
    """Assesses one model, pattern by pattern.

    Parameters
    ----------
    model : Neuron or BlackBox
    budget : int
        How many candidates a search simulates at most.
    seed : int
    starts : int
        How many searches are made for a pattern, each from a start of its own; no more are made once more than half
        of them are done and have found nothing.
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
        check_assessable(model)
        for name, number, least in (("budget", budget, 1), ("starts", starts, 1), ("seed", seed, 0)):
            if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
                raise BioplastError(f"{name} is {number!r}: a whole number, at least {least}, is accepted")
        accepted = [name for name, known in targets.TARGETS.items() if known.assesses]
        if target not in accepted:
            raise UnknownName("target of an assessment", target, accepted)
        if isinstance(model, Neuron):
            targets.require(target)
        self.model, self.budget, self.seed, self.starts = model, budget, seed, starts
        self.target, self.size = target, size
        self._judge = Judge(model, target)
        self._population = BoxPopulation if isinstance(model, BlackBox) else Population
        self._scale: Scale | None = None

    def __call__(self, letter: str) -> PatternResult:
        """Search for a pattern and judge what is found; the same seed gives the same result."""
        pattern = pattern_of(letter)
        why = impossible(self.model, letter)
        if why is not None:
            return PatternResult(letter, pattern.name, IMPOSSIBLE, argument=why)
        with _made_without_compiling():
            return self._search(pattern)

    def _search(self, pattern: Pattern) -> PatternResult:
        objective = Objective(self.model, pattern, self.scale, self.size, self.target, population=self._population)
        tries: list[_Try] = []
        while len(tries) < self.starts:
            tries.append(self._start(objective, pattern, len(tries)))
            # Once most have found nothing, the others are not made.
            if len(tries) > self.starts / 2 and all(one.verdict.word == NOT_FOUND for one in tries):
                break
        best = min(tries, key=_Try.rank)
        recording, sweep = self._judge.recording(pattern, best.winner)
        checks, digits = best.verdict.checks, None
        if best.verdict.word in (REPRODUCED, FRAGILE):
            # What only the search saw, the judge would not see in rounded numbers either.
            seen = any(check.shown for check in checks.values())
            digits = self._judge.digits(pattern, best.winner, best.verdict.word) if seen else FULL
        return PatternResult(
            letter=pattern.letter,
            name=pattern.name,
            verdict=best.verdict.word,
            loss=best.found.loss,
            parameters=dict(best.found.parameters),
            input=plain_input(sweep, best.winner),
            checks={name: {**asdict(check), "failed": list(check.failed)} for name, check in checks.items()},
            starts=len(tries),
            found=sum(one.verdict.word == REPRODUCED for one in tries),
            evaluations=sum(one.evaluations for one in tries),
            failed=list(best.found.failed),
            remark=BLOCKED if blocked(recording, sweep) and best.verdict.word in (REPRODUCED, FRAGILE) else "",
            trace=Trace.of(recording, sweep),
            digits=digits,
        )

    def _start(self, objective: Objective, pattern: Pattern, k: int) -> _Try:
        """Search, and search on after a fragile cell as long as the budget lasts."""
        objective.evaluations = 0
        tries: list[_Try] = []
        for again in range(TRIES):
            seed = np.random.SeedSequence([self.seed, ord(pattern.letter), k, again]).generate_state(1)[0]
            found = search(objective, self.budget, int(seed))
            winner = Winner(found.parameters, found.knobs, found.scale, objective.dt)
            verdict = Verdict(NOT_FOUND, {})
            if found.loss == 0:
                verdict = self._judge(pattern, winner)
                # What the search saw at its own step, it saw at one step at least.
                verdict = replace(verdict, word=FRAGILE) if verdict.word == NOT_FOUND else verdict
            tries.append(_Try(found, winner, verdict, objective.evaluations))
            if verdict.word != FRAGILE or objective.evaluations >= self.budget:
                break
        return replace(min(tries, key=_Try.rank), evaluations=objective.evaluations)

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
    from ...definition.find import models

    found = argument(model.name, letter) if isinstance(model, Neuron) else None
    if found is None:
        return None
    own: Any = models().get(model.name.replace("_", "-"))
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
