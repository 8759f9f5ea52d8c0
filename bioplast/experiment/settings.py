"""Changes to a preset's settings, as a user gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BioplastError, UnknownName
from .plain import to_plain

__all__ = ["changed"]

# These have options of their own.
_CHOSEN_ELSEWHERE = {"seeds", "targets"}


def changed(protocol: str, settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with some of them replaced.

    Parameters
    ----------
    protocol : str
        Its name, for messages.
    settings : mapping
        Those of the preset.
    changes : mapping
        New values by name. Text is read as what the preset has there: a number, or a list separated by commas.

    Raises
    ------
    UnknownName
        The protocol has no such setting.
    BioplastError
        The text cannot be read as such a value.
    """
    result = dict(settings)
    for name, value in changes.items():
        if name not in settings or name in _CHOSEN_ELSEWHERE:
            raise UnknownName(f"setting of {protocol}", name, set(settings) - _CHOSEN_ELSEWHERE)
        result[name] = _read(name, value, settings[name]) if isinstance(value, str) else to_plain(value)
    return result


def _read(name: str, text: str, default: Any) -> Any:
    if isinstance(default, list):
        kind = default[0] if default else ""
        return [_read(name, part.strip(), kind) for part in text.split(",") if part.strip()]
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise BioplastError(f"--set {name}={text}: true or false is accepted")
        return text.lower() == "true"
    for kind, what in ((int, "a whole number"), (float, "a number")):
        if isinstance(default, kind):
            try:
                value = kind(text)
            except ValueError:
                raise BioplastError(f"--set {name}={text}: {what} is accepted") from None
            if kind is int and value < 0 <= default:  # a number of something
                raise BioplastError(f"--set {name}={text}: {what} that is not negative is accepted")
            return value
    if isinstance(default, str):
        return text
    raise BioplastError(f"--set {name}={text}: this setting cannot be given as text")
