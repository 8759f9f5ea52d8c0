"""A trial on its way to another process and back, as plain values: text, numbers, and dicts of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import WrongWorker
from ..remote import here
from .perform import Outcome, perform
from .protocol import Trial

__all__ = ["carried_out", "outcome_of", "write_orders"]


def write_orders(spec: str, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """What another process has to know to carry out each trial.

    Parameters
    ----------
    spec : str
        Where the registry finds the protocol.
    trials : sequence of Trial
    """
    sha256 = _sha256(spec)
    return [
        {
            "spec": spec,
            "sha256": sha256,
            "trial": trial.plain(),
            "place": None if trial.place is None else str(trial.place),
        }
        for trial in trials
    ]


def carried_out(order: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out an order; the answer is for `outcome_of`.

    Raises
    ------
    WrongWorker
        The protocol's file is missing here, or is another one.
    """
    found = _sha256(order["spec"])
    if found != order["sha256"]:
        file = _file(order["spec"])
        state = "has another" if found else "cannot read"
        raise WrongWorker(f"{here()} {state} {file}, the protocol's file: a folder that all machines share is needed")
    place = None if order["place"] is None else Path(order["place"])
    outcome = perform((order["spec"], found), Trial(**order["trial"], place=place))
    return {name: getattr(outcome, name) for name in ("text", "seconds", "error", "users", "details")}


def outcome_of(trial: Trial, answer: Mapping[str, Any]) -> Outcome:
    """What became of a trial, from the answer to its order."""
    return Outcome(trial, **answer)


def _file(spec: str) -> Path | None:
    """The file of a spec; None for a protocol of bioplast."""
    path = spec.rpartition(":")[0] if ".py:" in spec else spec
    return Path(path) if path.endswith(".py") else None


def _sha256(spec: str) -> str:
    """What tells a protocol's file from another one; "" for a protocol of bioplast, or a file that cannot be read."""
    file = _file(spec)
    try:
        return "" if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
