"""An assessment: a model on all firing patterns, into a folder that a later call goes on with."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Quantity

from .. import figure
from ..errors import BioplastError
from ..plausibility import PATTERNS
from ..plausibility.cells.model import Model, load_assessable
from ..plausibility.scorecard.scorecard import Scorecard
from ..plausibility.verdict.assessor import BUDGET, STARTS, Assessor, pattern_of
from ..plausibility.verdict.result import PatternResult
from ..program.network import digest
from ..progress import Progress
from ..version import package_versions
from .folder import Finished, RunFolder, cannot_write
from .html import page
from .protocol import Trial
from .work import Work, kept_in, work_through

__all__ = ["assess"]


def assess(
    model: Model | str,
    patterns: Iterable[str] | None = None,
    budget: int = BUDGET,
    seed: int = 1,
    *,
    starts: int = STARTS,
    target: str = "cpp",
    out: Path | str | None = None,
    resume: bool = False,
    progress: Progress = True,
) -> Scorecard:
    """Find out which of the twenty firing patterns of Izhikevich (2004) a model shows, and with which parameters.

    For each pattern the parameters of the model, within their bounds, and the stimulus are searched; what is found is
    simulated again at smaller time steps and with another integration method, and called reproduced if it holds there.
    "Not found" is no proof; "impossible" has one.

    Of a model without a reset, such as Hodgkin and Huxley's, an upward crossing of the threshold is a spike. Give it a
    refractory condition with a level of its own, ``threshold="v > 0*mV", refractory="v > -40*mV"``: before the next
    spike v has to fall below that level, and a cell that rests, or ends, above it is blocked. With one level for both,
    the swings of a depolarized cell are spikes too.

    Parameters
    ----------
    model : Neuron, BlackBox or str
        Or the name of a neuron, or ``file.py:name``.
    patterns : letters, optional
        Such as "ACL"; by default all, A to T.
    budget : int
        How many candidates a search simulates at most; it ends as soon as one shows the pattern.
    seed : int
        The same seed gives the same scorecard.
    starts : int
        How many searches are made for a pattern, each from a start of its own; no more are made once more than half
        of them are done and have found nothing.
    target : str
        Where neurons are simulated, see `bioplast.compile`.
    out : path, optional
        A folder for ``scorecard.json``, ``scorecard.html`` and ``figures``; a finished pattern is kept there at once.
    resume : bool
        Keep the finished patterns that the folder holds and do the rest; the scorecard is the same.
    progress : bool or callable
        True shows a progress bar; a callable is called with (fraction done, seconds elapsed).

    Returns
    -------
    Scorecard

    Raises
    ------
    BioplastError
        If the model cannot be assessed, or a mistake in the arguments or in the folder.
    ProtocolError
        A function of the model broke; without `out` its own exception is raised.
    Interrupted
        Ctrl-C, a KeyboardInterrupt; finished patterns are kept in `out`.

    Examples
    --------
    >>> card = bioplast.assess("izhikevich-2003", "AC", budget=2000)  # doctest: +SKIP
    >>> print(card)  # doctest: +SKIP
    """
    name = model if isinstance(model, str) else None
    model = load_assessable(model) if isinstance(model, str) else model
    if not isinstance(PATTERNS if patterns is None else patterns, Iterable):
        raise BioplastError(f"patterns is {patterns!r}: letters are accepted, such as 'ACL'; {', '.join(PATTERNS)}")
    letters = list(dict.fromkeys(PATTERNS if patterns is None else patterns))
    if not letters:
        raise BioplastError(f"no pattern is given; accepted: {', '.join(PATTERNS)}")
    for letter in letters:
        pattern_of(letter)
    if out is not None and (not isinstance(out, str | Path) or "\0" in str(out)):
        raise BioplastError(f"out is {out!r}: the path of a folder is accepted")
    if resume and out is None:
        raise BioplastError("resume is given without out: the folder of the interrupted assessment is accepted")
    assessor = Assessor(model, budget, seed, starts, target)
    called = model.name or model.kind
    command = ["bioplast", "assess", name or called, "--patterns", ",".join(letters), "--budget", str(budget)]
    command += ["--seed", str(seed), "--starts", str(starts), "--out", str(out)]
    work = Work(
        title=called,
        trials=[Trial(letter) for letter in letters],
        run=lambda trial: assessor(trial.id).plain(),
        spec=None,
        stamp=stamp(assessor),
        resume_command=shlex.join([*command, "--resume"]),
        unit="pattern",
    )
    if out is None:
        return _card(assessor, work_through(work, progress=progress))
    with kept_in(work, Path(out), resume) as (folder, done):
        manifest = {"assessment": called, "command": shlex.join(command), "resume": work.resume_command}
        folder.write_json("run.json", manifest)
        card = _card(assessor, work_through(work, folder, done, progress=progress))
        _write(folder, card)
        return card


def stamp(assessor: Assessor) -> dict[str, Any]:
    """What the result of a pattern depends on."""
    model = assessor.model
    return {
        "model": model.name or model.kind,
        "definition": hashlib.sha256(json.dumps(_exact(model)).encode()).hexdigest(),
        "budget": assessor.budget,
        "seed": assessor.seed,
        "starts": assessor.starts,
        "target": assessor.target,
        "packages": package_versions(["bioplast", "brian2", "numpy", "cma"]),
    }


def _exact(value: Any) -> Any:
    """All that a definition says, as JSON values in SI units: its text has the units that a process has used so far."""
    if isinstance(value, Quantity):
        return [np.asarray(value).tolist(), repr(value.dim)]
    if dataclasses.is_dataclass(value):
        return {each.name: _exact(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _exact(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(each) for each in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if callable(value):
        return digest(value)
    return f"{type(value).__name__} {getattr(value, 'name', getattr(value, '__name__', ''))}"


def _card(assessor: Assessor, finished: Mapping[str, Finished]) -> Scorecard:
    results = {letter: PatternResult.read(trial.result) for letter, trial in finished.items()}
    return Scorecard.of(assessor.model, assessor.seed, assessor.budget, assessor.starts, results)


def _write(folder: RunFolder, card: Scorecard) -> None:
    folder.write("scorecard.json", card.to_json())
    with cannot_write(folder.path / "figures"):
        figure.save(card.grid(), folder.path / "figures" / "patterns")
    folder.write("scorecard.html", page(f"{card.model}: which firing patterns it shows", card.to_html()))
