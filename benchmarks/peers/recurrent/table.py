"""All libraries at the recurrent task, taking turns, as lines of a table."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..compare import Row, compare
from .reference import prepare
from .task import Recurrent
from .worker import CONTESTANTS

_NEEDED = ("torch", "snntorch", "norse", "spikingjelly")
OURS = "bioplast, native"


def table(task: Recurrent, names: Sequence[str], rounds: int) -> Iterator[str]:
    """Lines: seconds of a training step and of a forward pass, and memory, of target native and of all others."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        yield f"without {', '.join(missing)} only bioplast: pip install 'bioplast[peers]'"
        names = [name for name in names if name.startswith("bioplast")]
    names = list(dict.fromkeys([OURS, *names]))
    yield f"{task}; outputs of all equal to the last spike, gradients to 1e-4"
    with tempfile.TemporaryDirectory() as folder:
        module = f"{__package__}.worker"
        rows = compare(task, [n for n in names if n in CONTESTANTS], rounds, "cpu", Path(folder), prepare, module)
    yield f"a hidden neuron spikes in {100 * rows[0].rate:.1f} % of the steps"
    yield f"{'library':24} {'step':>10} {'x':>6} {'forward':>10} {'first two':>10} {'in all':>11} {'added':>9} gradient"
    peers = [row for row in rows if row.train is not None and not row.library.startswith("bioplast")]
    fastest = sorted(peers, key=lambda row: row.train or 0)[:2]
    for row in rows:
        yield _line(row, rows[0]) + ("  one of the fastest two peers" if row in fastest else "")


def _line(row: Row, ours: Row) -> str:
    if row.note or row.train is None or row.forward is None or ours.train is None:
        return f"{row.library:24} {row.note}"
    peak, added = row.memory or 0, (row.memory or 0) - (row.memory_before or 0)
    return (
        f"{row.library:24} {1e3 * row.train:7.0f} ms {row.train / ours.train:6.2f} {1e3 * row.forward:7.0f} ms "
        f"{row.first:8.1f} s {peak:7.0f} MiB {added:5.0f} MiB {row.gradient:8.0e}"
    )
