"""The errors a user can cause, each one line that says what was wrong, where, and what is accepted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BioplastError(Exception):
    """A user's mistake. The command line prints the message alone and ends with exit status 2."""


class DefinitionError(BioplastError):
    """A definition that cannot be: a wrong unit, a reserved name, an equation that does not parse."""


class UnknownName(BioplastError, KeyError):  # noqa: N818 - reads as what it says
    """A name that does not exist; the message names the near matches.

    Parameters
    ----------
    kind : str
        What was asked for, such as "parameter of izhikevich".
    name : str
        The unknown name.
    accepted : iterable of str
        The names that exist.
    remedy : str
        What else may be meant.
    """

    def __init__(self, kind: str, name: str, accepted: Iterable[str], remedy: str = ""):
        name, accepted = str(name), sorted(accepted)
        near = difflib.get_close_matches(name, accepted, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        remedy = remedy and f"; {remedy}"
        super().__init__(f"unknown {kind} {name!r}: {hint}accepted: {', '.join(accepted) or 'none'}{remedy}")

    def __str__(self) -> str:  # KeyError would show the repr
        return str(self.args[0])


def refuse_unknown(kind: str, names: Iterable[str], accepted: Iterable[str]) -> None:
    """Refuse the first of some names that is not accepted; parameters as of `UnknownName`.

    Raises
    ------
    UnknownName
    """
    known = list(accepted)
    for name in names:
        if name not in known:
            raise UnknownName(kind, name, known)


class TargetUnavailable(BioplastError):  # noqa: N818
    """A target that cannot work on this machine; the message says what is missing and how to get it."""


class Unsupported(BioplastError):  # noqa: N818
    """A construct that a target cannot express; the message names the object and the construct."""


class BuildError(BioplastError):
    """The C++ compiler refused the generated project; the message names the log."""


class RunError(BioplastError):
    """A run of a program that did not finish, or whose result cannot be trusted."""


class NonFiniteError(RunError):
    """A state that turned NaN or infinite; the message names the variable, the neuron and the time."""


class WrongWorker(BioplastError):  # noqa: N818
    """A process that was to carry out work lacks a package or a file, or has another one; the message names it."""


class ProtocolError(RuntimeError):
    """A protocol that broke, in one of its trials or in its summary: no mistake of the user's; the message is one line.

    The command line prints the message alone and ends with exit status 1.
    """


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; the message says what is kept and how to go on."""
