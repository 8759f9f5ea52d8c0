"""Results as plain JSON values, so that a stored trial and a fresh one are the same thing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from ..errors import DefinitionError

_SEGMENT = re.compile(r"[A-Za-z0-9_+=,@-][A-Za-z0-9_.+=,@-]*")


def to_text(value: Any) -> str:
    """JSON text of a value; NumPy arrays become lists and NumPy numbers plain numbers.

    Raises
    ------
    TypeError
        The value holds something that JSON has no word for, such as a quantity with a unit.
    """
    return json.dumps(value, default=_plain, separators=(",", ":"))


def to_plain(value: Any) -> Any:
    """The value as JSON gives it back: tuples are lists, keys are strings, arrays are lists."""
    return json.loads(to_text(value))


def _plain(value: Any) -> Any:
    if hasattr(value, "dim"):
        raise TypeError(f"{value!r} has a unit: divide by the unit that the result is meant in, such as v/mV")
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r} is not a JSON value: use numbers, strings, lists and dicts")


def check_ids(kind: str, ids: Iterable[str]) -> None:
    """Refuse an id that is no path of plain names, or that occurs twice."""
    seen: set[str] = set()
    for id in ids:
        segments = id.split("/") if isinstance(id, str) else [""]
        if not all(_SEGMENT.fullmatch(s) and not s.endswith(".json") for s in segments):
            raise DefinitionError(
                f"{kind} id {id!r}: use a path such as 'cpp/A', its parts of letters, digits and _ . + = , @ -, "
                "not beginning with a dot"
            )
        # Some file systems do not tell 'a' from 'A'.
        if id.lower() in seen:
            raise DefinitionError(f"{kind} id {id!r} occurs twice; upper and lower case count as the same")
        seen.add(id.lower())
