"""Writing pages: only those that changed, so that Sphinx reads again only these; what is no longer made is removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def write_all(folder: Path, pages: Mapping[str, str | bytes]) -> None:
    """Make a folder hold these files and no others.

    Parameters
    ----------
    folder : Path
    pages : mapping of str to str or bytes
        The content by the name of the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages.items():
        put(folder / name, content)
    for path in folder.iterdir():
        if path.name not in pages:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def put(path: Path, content: str | bytes) -> None:
    """Write a file unless it has this content already."""
    data = content.encode() if isinstance(content, str) else content
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines) + "\n"


def cell(value: object) -> str:
    """Text for a cell of a table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def number(value: object) -> str:
    """A number with four digits at most, nothing for None."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
