"""How far a run is: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["progress", "run_progress"]


@contextmanager
def progress(title: str, total: int, done: int = 0, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """Yields a function to be called after each trial.

    Parameters
    ----------
    title : str
    total, done : int
        How many trials there are, and how many of them are finished already.
    quiet : bool
        Show nothing.
    """
    if quiet or total == done:
        yield lambda: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total, completed=done)
            yield lambda: bar.advance(task)
    else:
        count, every = done, max(1, total // 10)

        def step() -> None:
            nonlocal count
            count += 1
            if count % every == 0 or count == total:
                print(f"{title}: {count} of {total} trials", file=sys.stderr, flush=True)

        yield step


class run_progress:  # noqa: N801 - a context manager used as a function
    """A progress bar on the terminal, the user's own callable, or nothing."""

    def __init__(self, report: bool | Callable[[float, float], None], title: str):
        self.report = report
        self.title = title
        self.bar: Any = None

    def __enter__(self) -> Callable[[float, float], None] | None:
        if not self.report:
            return None
        if callable(self.report):
            return self.report
        from rich.console import Console
        from rich.progress import Progress

        self.bar = Progress(console=Console(file=sys.stderr))
        self.bar.start()
        task = self.bar.add_task(self.title, total=1.0)
        return lambda done, elapsed: self.bar.update(task, completed=done)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()
