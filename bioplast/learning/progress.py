"""How far a training run is: a bar in a terminal, a line now and then elsewhere, or the user's own function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

__all__ = ["Report", "progress"]

Report = bool | Callable[[Mapping[str, float]], object]


@contextmanager
def progress(report: Report, total: int, done: int) -> Iterator[Callable[[Mapping[str, float]], object]]:
    """Yields a function to be called with the record of each epoch.

    Parameters
    ----------
    report : bool or callable
        False shows nothing; a callable is called with each record.
    total, done : int
        How many epochs there may be, and how many of them are finished already.
    """
    if callable(report):
        yield report
    elif not report:
        yield lambda record: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=total, completed=done)
            yield lambda record: bar.update(task, advance=1, description=_line(record))
    else:
        every = max(1, total // 10)

        def tell(record: Mapping[str, float]) -> None:
            if record["epoch"] % every == 0 or record["epoch"] == total:
                print(f"training: epoch {record['epoch']:g} of {total}, {_line(record)}", file=sys.stderr, flush=True)

        yield tell


def _line(record: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in record.items() if name != "epoch")
