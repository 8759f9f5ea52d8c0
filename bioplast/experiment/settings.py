"""Changes to a preset's settings, as a user gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..errors import BioplastError, UnknownName
from .plain import to_plain

__all__ = ["changed"]

# These have options of their own.
_OPTIONS = {"seeds": "--seeds N", "targets": "--target NAME"}


def changed(protocol: str, settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with some of them replaced.

    Parameters
    ----------
    protocol : str
        Its name, for messages.
    settings : mapping
        Those of the preset.
    changes : mapping
        New values by name, "part.name" for a setting within a part. Text is read as what the preset has there: a
        number, or a list separated by commas; where it has none, as a whole number.

    Raises
    ------
    UnknownName
        The protocol has no such setting.
    BioplastError
        The text cannot be read as such a value.
    """
    result = dict(settings)
    for name, value in changes.items():
        if name in _OPTIONS:
            raise BioplastError(f"--set {name}: the option {_OPTIONS[name]} is for that")
        _change(protocol, result, name, name, value)
    return result


def _change(protocol: str, settings: dict[str, Any], name: str, given: str, value: Any) -> None:
    """Put a value under a name; within a part, which is copied, under what follows its first dot."""
    part, _, rest = name.partition(".")
    within = settings.get(part)
    if rest and isinstance(within, Mapping):
        settings[part] = dict(within)
        _change(f"{protocol}.{part}", settings[part], rest, given, value)
    elif name not in settings:
        others = _OPTIONS.keys() if name == given else ()  # those within a part are chosen here
        raise UnknownName(f"setting of {protocol}", name, set(_names(settings)).difference(others))
    else:
        settings[name] = _read(given, value, settings[name]) if isinstance(value, str) else to_plain(value)


def _names(settings: Mapping[str, Any]) -> list[str]:
    """The names of settings as they are given, those of parts with the part's before."""
    found: list[str] = []
    for name, value in settings.items():
        below = _names(value) if isinstance(value, Mapping) else []
        found += [f"{name}.{each}" for each in below] or [name]
    return found


def _read(name: str, text: str, default: Any) -> Any:
    if isinstance(default, list):
        kind = default[0] if default else ""
        found = [_read(name, part.strip(), kind) for part in text.split(",") if part.strip()]
        if default and not found:
            raise BioplastError(f"--set {name}={text}: one value or several with commas between them are accepted")
        return found
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise BioplastError(f"--set {name}={text}: true or false is accepted")
        return text.lower() == "true"
    for kind, what in ((int, "a whole number"), (float, "a number")):
        if isinstance(default, kind) or (default is None and kind is int):
            try:
                value = kind(text)
                if not math.isfinite(value):
                    raise ValueError
            except (ValueError, OverflowError):
                raise BioplastError(f"--set {name}={text}: {what} is accepted") from None
            if kind is int and value < 0 <= (default or 0):  # a number of something
                raise BioplastError(f"--set {name}={text}: {what} that is not negative is accepted")
            return value
    if isinstance(default, str):
        return text
    if isinstance(default, Mapping):
        inside = ", ".join(f"{name}.{each}" for each in _names(default))
        raise BioplastError(f"--set {name}={text}: this is a part, whose settings are {inside}")
    raise BioplastError(f"--set {name}={text}: this setting cannot be given as text")
