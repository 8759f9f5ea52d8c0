"""A run from beginning to end: trials, summary, figures, report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import BioplastError
from ..progress import Progress
from .answers import ask, list_of, tables
from .cluster import connected
from .folder import Finished, RunFolder, cannot_write, table_text
from .manifest import begun, completed
from .plain import check_ids
from .plan import Plan, make_plan
from .protocol import Figure, Protocol, Row, Section
from .report import write_report
from .work import kept_in, work_through

__all__ = ["Run", "run", "run_planned"]

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """A completed run.

    Attributes
    ----------
    folder : Path
        Where its files are.
    protocol, preset : str
    rows : list of Row
        The summary.
    left_out : dict
        Targets that do not work here, each with the line that says why.
    """

    folder: Path
    protocol: str
    preset: str
    rows: list[Row]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def report(self) -> Path:
        """The report, a self-contained page."""
        return self.folder / "report.html"


def run(
    protocol: Protocol | str,
    preset: str = "demo",
    seeds: int | None = None,
    targets: Sequence[str] | None = None,
    out: Path | str | None = None,
    resume: bool = False,
    executor: Executor | None = None,
    workers: int = 1,
    progress: Progress = True,
    changes: Mapping[str, Any] | None = None,
    scheduler: str | None = None,
) -> Run:
    """Run a protocol into a folder.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, the name of one, or ``file.py:name``.
    preset : str
        ``demo``, ``quick`` or ``full``.
    seeds : int, optional
        Over how many seeds; by default as many as the preset says.
    targets : sequence of str, optional
        Where to simulate. By default all of the protocol's that work here; one that is asked for must work.
    out : path, optional
        The run's folder, by default ``results/PROTOCOL-PRESET``.
    resume : bool
        Keep the finished trials that the folder holds and do the rest.
    executor : concurrent.futures.Executor, optional
        Where to carry out the trials; it is left open. A process of it carries out one trial at a time.
    workers : int
        Without an executor: how many local processes; 1 is this process. In a script, more than one needs
        ``if __name__ == "__main__":`` around the call.
    progress : bool or callable
        True shows a progress bar; a callable is called with (fraction done, seconds elapsed).
    changes : mapping, optional
        Settings of the preset to be replaced, by name.
    scheduler : str, optional
        The address of a scheduler of Dask, ``tcp://HOST:PORT``, to whose workers the trials are sent; it must be one
        that you trust. It needs the extra ``[cluster]``.

    Returns
    -------
    Run

    Raises
    ------
    BioplastError
        A mistake in the arguments or in the folder, or trials that ended with a user's mistake.
    ProtocolError
        A trial, the protocol or a worker broke.
    Interrupted
        Ctrl-C, a KeyboardInterrupt. Whatever is raised, finished trials are kept.

    Examples
    --------
    >>> from bioplast import experiment
    >>> done = experiment.run("firing_patterns", preset="quick", workers=2)  # doctest: +SKIP
    >>> done.report  # doctest: +SKIP
    PosixPath('results/firing_patterns-quick/report.html')
    """
    if scheduler is not None and executor is not None:
        raise BioplastError("scheduler and executor exclude each other")
    if executor is not None and not isinstance(executor, Executor):
        raise BioplastError(f"executor is {executor!r}: a concurrent.futures.Executor is accepted")
    plan = make_plan(protocol, preset, seeds, targets, out, workers, changes, scheduler)
    if scheduler is None:
        return run_planned(plan, resume, executor, workers, progress)
    with connected(scheduler, plan.stamp["packages"], progress is True) as cluster:
        return run_planned(plan, resume, cluster, 1, progress)


def run_planned(plan: Plan, resume: bool, executor: Executor | None, workers: int, progress: Progress) -> Run:
    """Run what is planned; parameters and errors as for `run`."""
    with kept_in(plan.work, plan.out, resume) as (folder, done):
        manifest = begun(plan, executor, workers, plan.out if done else None)
        if len(manifest["code"]) > 1 and manifest["code"][-1] is not None:
            print(
                f"{plan.protocol.name}: finished trials that are kept were made by other code than that of now; "
                "raise the protocol's `version` to have all done again",
                file=sys.stderr,
                flush=True,
            )
        folder.write_json("run.json", manifest)
        return _conclude(plan, folder, manifest, work_through(plan.work, folder, done, executor, workers, progress))


def _conclude(plan: Plan, folder: RunFolder, manifest: dict[str, Any], done: Mapping[str, Finished]) -> Run:
    """Make summary, tables, figures and report from the finished trials."""
    protocol = plan.protocol
    results = {id: trial.result for id, trial in done.items()}

    def asked(what: str, check: Callable[[Any], T], *more: Any) -> T:
        function = getattr(protocol, what)
        return ask(protocol.name, what, lambda: function(results, dict(plan.settings), *more), check, folder)

    rows = asked("summarise", list_of(Row))
    check_ids(f"{protocol.name}: row", [row.id for row in rows])
    texts: dict[str, str] = {}
    if protocol.tables:
        texts = asked("tables", lambda answer: {name: table_text(rows) for name, rows in tables(answer).items()})
        check_ids(f"{protocol.name}: table", texts)
    figures: list[Figure] = []
    sections: list[dict[str, Any]] = []
    pictures = folder.path / "figures"
    if protocol.figures or protocol.sections:
        with cannot_write(pictures):
            pictures.mkdir(exist_ok=True)
    if protocol.figures:
        figures = asked("figures", list_of(Figure), pictures)
    if protocol.sections:
        sections = asked("sections", lambda answer: [each.plain() for each in list_of(Section)(answer)], pictures)
        check_ids(f"{protocol.name}: section", [section["id"] for section in sections])
    for name, text in texts.items():
        folder.write(name, text)
    folder.write_summary(protocol.name, plan.preset, rows)
    seconds = {id: trial.seconds for id, trial in done.items()}
    folder.write_json("run.json", completed(manifest, seconds, rows, figures, sections, list(texts)))
    with cannot_write(folder.path / "report.html"):
        write_report(folder.path)
    return Run(folder.path, protocol.name, plan.preset, rows, plan.left_out)
