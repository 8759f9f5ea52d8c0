"""The notebooks, copied to where Sphinx reads."""

from __future__ import annotations

from pathlib import Path

from .files import write_all

SOURCE = Path(__file__).resolve().parent.parent.parent / "notebooks"


def write(folder: Path) -> None:
    """Copy them as they are, with their outputs."""
    write_all(folder, {path.name: path.read_bytes() for path in sorted(SOURCE.glob("*.ipynb"))})
