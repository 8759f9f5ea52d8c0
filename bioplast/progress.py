"""How far long work is: a bar in a terminal or a notebook, one line a minute elsewhere, or the user's own function."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Protocol

from .errors import BioplastError

__all__ = ["Progress", "progress_bar"]

# What a user gives: whether to show it, or a function of the fraction done and the seconds since the beginning.
Progress = bool | Callable[[float, float], object]

# Seconds between two lines where there is no terminal, such as in a log file.
PERIOD = 60.0


class Update(Protocol):
    """What is called whenever some of the work is done."""

    def __call__(self, done: float, seconds: float | None = None, note: str = "") -> None:
        """Show how far the work is.

        Parameters
        ----------
        done : float
            How much is done, of the total.
        seconds : float, optional
            For the user's own function; measured when missing.
        note : str
            What else is worth knowing, such as the loss.
        """


@contextmanager
def progress_bar(
    title: str,
    progress: Progress,
    total: float = 1.0,
    done: float = 0.0,
    unit: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Update]:
    """Yields the function that is called with how much is done.

    Parameters
    ----------
    title : str
    progress : bool or callable
        False shows nothing; a callable is called with (fraction done, seconds elapsed) instead of showing anything.
        What it raises ends the work, and is raised as it is.
    total, done : float
        How much there is to do, and how much of it is done already.
    unit : str
        What is counted, such as "trials"; without one a percentage is shown.
    clock : callable
        The time in seconds.

    Raises
    ------
    BioplastError
        For what is neither a truth value nor a function.
    """
    if not isinstance(progress, bool) and not callable(progress):
        raise BioplastError(f"progress is {progress!r}: True, False or a function is accepted")
    begin = clock()
    if callable(progress):
        function = progress

        def call(done: float, seconds: float | None = None, note: str = "") -> None:
            function(done / total, clock() - begin if seconds is None else seconds)

        yield call
    elif not progress or done >= total:
        yield lambda done, seconds=None, note="": None
    elif _has_bar():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        amount = MofNCompleteColumn() if unit else TaskProgressColumn()
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), amount, TimeRemainingColumn())
        # A bar that is done goes away: what was worked for follows it.
        with Bar(*columns, console=Console(stderr=True), transient=True, get_time=clock) as bar:
            task = bar.add_task(title, total=total)
            bar.update(task, completed=done)
            yield lambda done, seconds=None, note="": bar.update(
                task, completed=done, description=f"{title}, {note}" if note else title
            )
    else:
        last = begin

        def write(done: float, seconds: float | None = None, note: str = "") -> None:
            nonlocal last
            now = clock()
            if now - last >= PERIOD:
                last = now
                amount = f"{done:g} of {total:g} {unit}" if unit else f"{done / total:.0%}"
                line = ", ".join(filter(None, (amount, note, f"{(now - begin) / 60:.0f} min")))
                print(f"{title}: {line}", file=sys.stderr, flush=True)

        yield write


def _has_bar() -> bool:
    """Whether standard error is a terminal that can move its cursor, or a notebook that shows widgets."""
    # Asked of the stream itself: rich takes a log for a terminal when FORCE_COLOR is set.
    terminal = sys.stderr.isatty()
    if not terminal and ("IPython" not in sys.modules or find_spec("ipywidgets") is None):
        return False
    from rich.console import Console

    console = Console(stderr=True)
    return not console.is_dumb_terminal if terminal else console.is_jupyter
