"""What the functions of a protocol answer, asked for and checked: whatever they break with becomes one line."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..errors import BioplastError, ProtocolError
from .folder import RunFolder, describe_os_error
from .perform import one_line

__all__ = ["a_pair", "ask", "list_of", "tables"]

A = TypeVar("A")
B = TypeVar("B")


def ask(protocol: str, what: str, call: Callable[[], A], check: Callable[[A], B], folder: RunFolder | None = None) -> B:
    """Call a function of a protocol.

    Parameters
    ----------
    protocol, what : str
        The names of the protocol and of its function.
    call : callable
        Calls it.
    check : callable
        Turns its answer into what is needed; raises a TypeError if that cannot be.
    folder : RunFolder, optional
        Where the traceback is kept.

    Raises
    ------
    BioplastError
        As the function raised it; or the file system failed.
    ProtocolError
        The function broke, or its answer is no such thing.
    """
    try:
        return check(call())
    except BioplastError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise BioplastError(f"{protocol}: {what}: {where}{describe_os_error(error)}") from error
    except (Exception, SystemExit) as error:
        if folder is None:
            place = _place(error)
        else:
            folder.write("errors.txt", traceback.format_exc())
            place = f" (traceback in {folder.path / 'errors.txt'})"
        raise ProtocolError(f"{protocol}: its {what} broke: {one_line(error)}{place}") from error


def _place(error: BaseException) -> str:
    """Where it broke, unless that is here, where its answer was looked at."""
    own = str(Path(__file__).resolve().parents[1])
    last = traceback.extract_tb(error.__traceback__)[-1]
    return "" if last.filename.startswith(own) else f" ({last.filename}, line {last.lineno})"


def list_of(kind: type[A]) -> Callable[[Any], list[A]]:
    """A check: an iterable of such things, as a list."""

    def check(answer: Any) -> list[A]:
        if isinstance(answer, str | Mapping) or not hasattr(answer, "__iter__"):
            raise TypeError(f"it returned a {type(answer).__name__}, a list of {kind.__name__} is needed")
        found = list(answer)
        for each in found:
            if not isinstance(each, kind):
                raise TypeError(f"it returned a list with a {type(each).__name__}, a list of {kind.__name__} is needed")
        return found

    return check


def tables(answer: Any) -> dict[str, list[Mapping[str, Any]]]:
    """A check: a dict from file names to rows, each a dict."""
    if not isinstance(answer, Mapping):
        raise TypeError(f"it returned a {type(answer).__name__}, a dict from a file name to its rows is needed")
    found = {}
    for name, rows in answer.items():
        try:
            found[name] = list_of(Mapping)(rows)  # type: ignore[type-abstract]
        except TypeError:
            raise TypeError(f"{name}: rows are a list of dicts") from None
    return found


def a_pair(answer: Any) -> tuple[Any, Any]:
    """A check: a network and a duration."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise TypeError(f"it returned a {type(answer).__name__}, a pair of a network and a duration is needed")
    return answer[0], answer[1]
