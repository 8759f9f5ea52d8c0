"""What the command line says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from bioplast.cli import app

from .files import put, table


def write(folder: Path) -> None:
    """Write a table of arguments for each command."""
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    parts = []
    for name, command in commands.items():
        rows = [(f"`{usage(each)}`", each.help or "") for each in command.params if each.name != "help"]
        parts.append(f"## bioplast {name}\n\n{' '.join((command.help or '').split())}\n")
        if rows:
            parts.append(table(("argument", "what"), rows))
    put(folder / "command_line.md", "\n".join(parts))


def usage(parameter: Any) -> str:
    """How an argument or option is written."""
    flag = parameter.opts[0]
    if not flag.startswith("-"):
        return parameter.metavar or flag.upper()
    return flag if parameter.is_flag else f"{flag} {parameter.metavar or parameter.name.upper()}"
