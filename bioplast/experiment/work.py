"""Trials carried out, each kept as soon as it is finished, so that whatever ends the work, it goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import BioplastError, Interrupted, ProtocolError
from ..progress import Progress, progress_bar
from .folder import Finished, RunFolder
from .perform import Outcome, one_line
from .protocol import Trial
from .workers import carry_out, local_workers

__all__ = ["Work", "kept_in", "work_through"]


@dataclass(frozen=True)
class Work:
    """Trials, and what it takes to carry them out, now or later.

    Attributes
    ----------
    title : str
        What the progress bar calls it.
    trials : sequence of Trial
    run : callable
        ``run(trial) -> dict`` of plain values and arrays.
    spec : str or None
        Where any process finds the protocol that `run` belongs to, if there is such a place.
    stamp : dict
        What the results depend on beside the trial.
    resume_command : str
        The command line that goes on with it.
    unit : str
        What a trial is called.
    """

    title: str
    trials: Sequence[Trial]
    run: Callable[[Trial], Mapping[str, Any]]
    spec: str | None
    stamp: Mapping[str, Any]
    resume_command: str
    unit: str = "trial"


@contextmanager
def kept_in(work: Work, out: Path, resume: bool) -> Iterator[tuple[RunFolder, dict[str, Finished]]]:
    """The folder of the work, held while it lasts, and the trials that it holds already.

    What ends the block says how many trials are kept, and how to go on.

    Parameters
    ----------
    work : Work
    out : Path
    resume : bool
        Keep the finished trials that the folder holds; without it there may be none.

    Raises
    ------
    BioplastError
        The folder cannot be used, or its trials are those of another run.
    Interrupted
        Instead of a KeyboardInterrupt.
    """
    with RunFolder.opened(out) as folder:
        number = len(folder.trial_files())
        if number and not resume:
            raise BioplastError(
                f"{folder.path} already holds {number} finished trial{'s' * (number > 1)}: "
                "add --resume to keep them and do the rest, or choose another --out"
            )
        done = folder.finished(work.trials, work.stamp)
        if not resume:
            folder.clear_scratch()
        try:
            yield folder, done
            folder.clear_scratch()
            (folder.path / "errors.txt").unlink(missing_ok=True)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted: {_how_to_go_on(work, folder)}") from None
        except (BioplastError, ProtocolError) as error:
            error.args = (f"{error}; {_how_to_go_on(work, folder)}",)
            raise


def _how_to_go_on(work: Work, folder: RunFolder) -> str:
    finished = sum(folder.file(trial).exists() for trial in work.trials)
    return f"{finished} of {len(work.trials)} {work.unit}s are finished and kept; continue with: {work.resume_command}"


def work_through(
    work: Work,
    folder: RunFolder | None = None,
    done: Mapping[str, Finished] | None = None,
    executor: Executor | None = None,
    workers: int = 1,
    progress: Progress = True,
) -> dict[str, Finished]:
    """Carry out the trials that are not done.

    Parameters
    ----------
    work : Work
    folder : RunFolder, optional
        Where each result is kept as soon as it is there. Without one nothing is kept, and the first error ends the
        work.
    done : dict of Finished, optional
        The trials that are finished already, by id.
    executor, workers, progress
        As of `bioplast.experiment.run`.

    Returns
    -------
    dict of Finished
        All trials by id, in their order.

    Raises
    ------
    BioplastError
        Trials ended with a user's mistake.
    ProtocolError
        A trial or a worker broke.
    """
    finished = dict(done or {})
    left = [trial for trial in work.trials if trial.id not in finished]
    if folder is not None:
        left = [replace(trial, place=folder.scratch(trial, work.stamp)) for trial in left]
    failed: list[Outcome] = []
    with ExitStack() as stack:
        if executor is None and min(workers, len(left)) > 1:
            executor = stack.enter_context(local_workers(min(workers, len(left))))
        bar = progress_bar(work.title, progress, len(work.trials), len(finished), f"{work.unit}s")
        update = stack.enter_context(bar)

        def take(outcome: Outcome) -> None:
            if not outcome.error:
                if folder is not None:
                    folder.store(outcome.trial, work.stamp, outcome.text, outcome.seconds)
                finished[outcome.trial.id] = Finished(json.loads(outcome.text), outcome.seconds)
            elif folder is None and outcome.cause is not None:
                raise outcome.cause
            else:
                failed.append(outcome)
            update(len(finished) + len(failed))

        try:
            carry_out(work.run, left, take, executor, work.spec, work.stamp.get("packages"))
        except BrokenExecutor as error:
            raise ProtocolError(
                "a worker process ended abruptly (out of memory, killed, or started from a script without "
                f'if __name__ == "__main__"): {one_line(error)}'
            ) from error
    if failed:
        _raise_failed(work, folder, failed)
    return {trial.id: finished[trial.id] for trial in work.trials}


def _raise_failed(work: Work, folder: RunFolder | None, failed: list[Outcome]) -> None:
    order = {trial.id: k for k, trial in enumerate(work.trials)}
    failed.sort(key=lambda outcome: order[outcome.trial.id])
    first = failed[0]
    line = f"{work.unit} {first.trial.id}: {first.error}"
    if len(failed) > 1:
        line = f"{len(failed)} of {len(work.trials)} {work.unit}s failed, the first is {line}"
    if all(outcome.users for outcome in failed):
        raise BioplastError(line)
    if folder is not None:
        text = "".join(f"{work.unit} {outcome.trial.id}: {outcome.error}\n{outcome.details}\n" for outcome in failed)
        folder.write("errors.txt", text)
        line += f" (traceback in {folder.path / 'errors.txt'})"
    raise ProtocolError(line) from first.cause
