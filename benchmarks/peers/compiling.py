"""The compile time of bioplast, each time in a new process."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from .compare import Library
from .task import Task

PROCESSES = 5


def compile_times(task: Task, device: str, folder: Path) -> tuple[float, float]:
    """Median seconds as `ours.Bioplast.compiling` defines them: with empty caches, and with what is on disk then.

    Parameters
    ----------
    task : Task
    device : {"cpu", "cuda"}
    folder : Path
        With the data, where `compare` left them.
    """
    cold, warm = [], []
    for _ in range(PROCESSES):
        with tempfile.TemporaryDirectory() as caches:
            for taken in (cold, warm):
                library = Library("bioplast", task, device, folder / "data.npz", Path(caches))
                try:
                    taken.append(library.ask("compiling")["seconds"])
                finally:
                    library.end()
    return statistics.median(cold), statistics.median(warm)
