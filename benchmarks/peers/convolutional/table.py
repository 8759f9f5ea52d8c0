"""All libraries at the convolutional task, taking turns, as lines of a table."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..compare import Row, compare
from .reference import prepare
from .task import Convolutional
from .worker import CONTESTANTS

_NEEDED = ("torch", "snntorch", "norse", "spikingjelly")


def table(rounds: int = 12) -> Iterator[str]:
    """Lines: seconds of a training step and of a forward pass, and memory, each beside those of bioplast."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        yield f"peers left out, without {', '.join(missing)}: pip install 'bioplast[peers]'"
        return
    task = Convolutional()
    yield f"{task}, {100 * task.density:g} % input density; outputs equal to the last spike, gradients to 1e-4"
    with tempfile.TemporaryDirectory() as folder:
        module = f"{__package__}.worker"
        rows = compare(task, CONTESTANTS, rounds, "cpu", Path(folder), prepare, module)
    ours = rows[0]
    yield "library                       step      x   forward      x first two     added      x  gradient"
    for row in rows:
        yield _line(row, ours)


def _line(row: Row, ours: Row) -> str:
    if row.note or row.train is None or row.forward is None:
        return f"{row.library:24} {row.note}"
    added, own = ((one.memory or 0) - (one.memory_before or 0) for one in (row, ours))
    return (
        f"{row.library:24} {1e3 * row.train:6.0f} ms {row.train / ours.train:6.2f} {1e3 * row.forward:6.0f} ms "  # type: ignore[operator]
        f"{row.forward / ours.forward:6.2f} {row.first:7.1f} s {added:5.0f} MiB {added / own:6.2f} {row.gradient:9.0e}"  # type: ignore[operator]
    )
