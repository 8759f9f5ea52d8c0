"""The code of a synapse with other names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.utils.stringtools import word_substitute

__all__ = ["renamed_code"]


def renamed_code(synapse: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a synapse that are code, with words replaced."""
    names = {**names, **{f"d{old}": f"d{new}" for old, new in names.items()}}  # the left side dx/dt

    def renamed(code: Any) -> Any:
        if isinstance(code, Mapping):
            return {pathway: renamed(text) for pathway, text in code.items()}
        return word_substitute(code, dict(names)) if isinstance(code, str) else code

    return {name: renamed(getattr(synapse, name)) for name in ("equations", "on_pre", "on_post")} | {
        "initial": {names.get(name, name): renamed(value) for name, value in synapse.initial.items()}
    }
