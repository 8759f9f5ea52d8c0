"""A run from beginning to end: trials, summary, figures, report."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ..errors import BioplastError
from ..progress import Progress, progress_bar
from .folder import Finished, RunFolder, cannot_write, describe_os_error, table_text
from .manifest import begun, completed
from .perform import Outcome, one_line
from .plain import check_ids
from .plan import Plan, make_plan
from .protocol import Figure, Protocol, Row
from .report import write_report
from .workers import carry_out, local_workers

__all__ = ["Interrupted", "Run", "RunFailed", "run"]

T = TypeVar("T")


class RunFailed(RuntimeError):  # noqa: N818 - reads as what it says
    """A run that could not be completed through no mistake of the user's; the message is one line."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; the message says what is kept and how to go on."""


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
        Where to carry out the trials; it is left open.
    workers : int
        Without an executor: how many local processes; 1 is this process. In a script, more than one needs
        ``if __name__ == "__main__":`` around the call.
    progress : bool or callable
        True shows a progress bar; a callable is called with (fraction done, seconds elapsed).
    changes : mapping, optional
        Settings of the preset to be replaced, by name.

    Returns
    -------
    Run

    Raises
    ------
    BioplastError
        A mistake in the arguments or in the folder, or trials that ended with a user's mistake.
    RunFailed
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
    plan = make_plan(protocol, preset, seeds, targets, out, workers, changes)
    with RunFolder.opened(plan.out) as folder:
        if not resume:
            refuse_finished(folder)
        done = folder.finished(plan.trials, plan.stamp)
        try:
            record = begun(plan, executor, workers)
            folder.write_json("run.json", record)
            _work(plan, folder, done, executor, workers, progress)
            return _conclude(plan, folder, record)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted: {_how_to_go_on(plan, folder)}") from None
        except (BioplastError, RunFailed) as error:
            error.args = (f"{error}; {_how_to_go_on(plan, folder)}",)
            raise


def refuse_finished(folder: RunFolder) -> None:
    """Refuse a folder that holds finished trials when it was not said that they are to be kept."""
    number = len(folder.trial_files())
    if number:
        raise BioplastError(
            f"{folder.path} already holds {number} finished trial{'s' * (number > 1)}: "
            "add --resume to keep them and do the rest, or choose another --out"
        )


def _how_to_go_on(plan: Plan, folder: RunFolder) -> str:
    finished = sum(folder.file(trial).exists() for trial in plan.trials)
    return f"{finished} of {len(plan.trials)} trials are finished and kept; continue with: {plan.resume_command}"


def _work(
    plan: Plan,
    folder: RunFolder,
    done: dict[str, Finished],
    executor: Executor | None,
    workers: int,
    progress: Progress,
) -> None:
    """Carry out the trials that the folder does not hold."""
    left = [trial for trial in plan.trials if trial.id not in done]
    failed: list[Outcome] = []
    with ExitStack() as stack:
        if executor is None and min(workers, len(left)) > 1:
            executor = stack.enter_context(local_workers(min(workers, len(left))))
        bar = progress_bar(plan.protocol.name, progress, len(plan.trials), len(done), "trials")
        update, ended = stack.enter_context(bar), len(done)

        def take(outcome: Outcome) -> None:
            nonlocal ended
            if outcome.error:
                failed.append(outcome)
            else:
                folder.store(outcome.trial, plan.stamp, outcome.text, outcome.seconds)
            ended += 1
            update(ended)

        try:
            carry_out(plan.spec or plan.protocol if executor else plan.protocol, left, take, executor)
        except BrokenExecutor as error:
            raise RunFailed(
                "a worker process ended abruptly (out of memory, killed, or started from a script without "
                f'if __name__ == "__main__"): {one_line(error)}'
            ) from error
    if failed:
        _raise_failed(plan, folder, failed)


def _raise_failed(plan: Plan, folder: RunFolder, failed: list[Outcome]) -> None:
    order = {trial.id: k for k, trial in enumerate(plan.trials)}
    failed.sort(key=lambda outcome: order[outcome.trial.id])
    first = failed[0]
    line = f"trial {first.trial.id}: {first.error}"
    if len(failed) > 1:
        line = f"{len(failed)} of {len(plan.trials)} trials failed, the first is {line}"
    if all(outcome.users for outcome in failed):
        raise BioplastError(line)
    text = "".join(f"trial {outcome.trial.id}: {outcome.error}\n{outcome.details}\n" for outcome in failed)
    folder.write("errors.txt", text)
    raise RunFailed(f"{line} (traceback in {folder.path / 'errors.txt'})")


def _conclude(plan: Plan, folder: RunFolder, record: dict[str, Any]) -> Run:
    """Make summary, tables, figures and report from the finished trials."""
    protocol = plan.protocol
    done = folder.finished(plan.trials, plan.stamp)
    results = {id: trial.result for id, trial in done.items()}
    rows = list(_ask(plan, folder, "summarise", lambda: protocol.summarise(results, dict(plan.settings))))
    check_ids(f"{protocol.name}: row", [row.id for row in rows])
    tables: dict[str, Any] = {}
    if protocol.tables:
        make_tables = protocol.tables
        tables = dict(_ask(plan, folder, "tables", lambda: make_tables(results, dict(plan.settings))))
        check_ids(f"{protocol.name}: table", tables)
    figures: list[Figure] = []
    sections: list[dict[str, Any]] = []
    pictures = folder.path / "figures"
    if protocol.figures or protocol.sections:
        with cannot_write(pictures):
            pictures.mkdir(exist_ok=True)
    if protocol.figures:
        draw = protocol.figures
        figures = list(_ask(plan, folder, "figures", lambda: draw(results, dict(plan.settings), pictures)))
    if protocol.sections:
        make = protocol.sections
        settings = dict(plan.settings)
        sections = _ask(plan, folder, "sections", lambda: [s.record() for s in make(results, settings, pictures)])
        check_ids(f"{protocol.name}: section", [section["id"] for section in sections])
    for name, table in tables.items():
        folder.write(name, table_text(table))
    folder.write_summary(protocol.name, plan.preset, rows)
    (folder.path / "errors.txt").unlink(missing_ok=True)
    seconds = {id: trial.seconds for id, trial in done.items()}
    folder.write_json("run.json", completed(record, seconds, rows, figures, sections, list(tables)))
    with cannot_write(folder.path / "report.html"):
        write_report(folder.path)
    return Run(folder.path, protocol.name, plan.preset, rows, plan.left_out)


def _ask(plan: Plan, folder: RunFolder, what: str, call: Callable[[], T]) -> T:
    """Call a function of the protocol; what it breaks with becomes one line."""
    try:
        return call()
    except BioplastError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise BioplastError(f"{plan.protocol.name}: {what}: {where}{describe_os_error(error)}") from error
    except Exception as error:
        folder.write("errors.txt", traceback.format_exc())
        raise RunFailed(
            f"{plan.protocol.name}: its {what} broke: {one_line(error)} (traceback in {folder.path / 'errors.txt'})"
        ) from error
