"""The C++ that is written around Brian2's own: templates and headers, in the folder ``templates`` of each target."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import jinja2

__all__ = ["RUNTIME", "rendered", "text"]

_ENVIRONMENT = jinja2.Environment(
    undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
)

#: The header that every compiled program reads and writes its data with.
RUNTIME = "runtime.h"


def text(name: str, package: str = __package__) -> str:
    """The text of a file in the folder ``templates`` of a package."""
    return (resources.files(package) / "templates" / name).read_text()


def rendered(name: str, context: Mapping[str, Any], package: str = __package__) -> str:
    """A template of a package, with what it asks for filled in; a name that is missing is an error."""
    return _ENVIRONMENT.from_string(text(name, package)).render(context)
