"""One trial carried out, here or in a worker process: it returns a result or an account of what went wrong."""

from __future__ import annotations

import errno
import json
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ..errors import BioplastError
from .plain import to_text
from .protocol import Protocol, Trial

__all__ = ["Outcome", "perform"]

# A disk that is full, over quota or read-only is for the user to mend, wherever it shows.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(frozen=True)
class Outcome:
    """What became of a trial.

    Attributes
    ----------
    trial : Trial
    text : str
        The result as JSON text; "" when the trial failed.
    seconds : float
    error : str
        One line, "" when the trial succeeded.
    users : bool
        The error is a user's mistake, not a bug.
    details : str
        The traceback.
    cause : exception or None
        What was raised, when the trial was carried out in this process.
    """

    trial: Trial
    text: str = ""
    seconds: float = 0.0
    error: str = ""
    users: bool = False
    details: str = ""
    cause: BaseException | None = field(default=None, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        # not every exception survives the way between processes
        return {**self.__dict__, "cause": None}


def perform(run: Callable[[Trial], Mapping[str, Any]] | tuple[str, str], trial: Trial) -> Outcome:
    """Carry out one trial; what it raises is returned.

    Parameters
    ----------
    run : callable or pair of str
        The protocol's `run`, or where the registry finds the protocol and what tells its file from another one:
        functions are sent to another process only where there is no such place.
    trial : Trial
    """
    begin = time.perf_counter()
    try:
        if isinstance(run, tuple):
            run = _load(*run).run
        result = run(trial)
        if not isinstance(result, Mapping):
            raise TypeError(f"the protocol's run returned {type(result).__name__}, a dict is needed")
        # Read back and written again, so that it is the text of what a later reader gets.
        text = to_text(json.loads(to_text(dict(result))))
    except (Exception, SystemExit) as error:
        return Outcome(
            trial,
            error=one_line(error),
            users=isinstance(error, BioplastError) or (isinstance(error, OSError) and error.errno in _DISK),
            details=traceback.format_exc(),
            cause=error,
        )
    return Outcome(trial, text, time.perf_counter() - begin)


def one_line(error: BaseException) -> str:
    """An error as one line: the message alone when it was written for users, with its type otherwise."""
    text = " ".join(str(error).split())
    if isinstance(error, BioplastError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@lru_cache(maxsize=4)
def _load(spec: str, sha256: str) -> Protocol:
    """The protocol of a spec; a process that lives long reads a file again once it has changed."""
    from .find import load_protocol

    return load_protocol(spec)
