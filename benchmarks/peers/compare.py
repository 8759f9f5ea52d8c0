"""All libraries at one task, taking turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from . import reference
from .task import Task

LIMIT = 900.0  # seconds that a library may take to answer


class DisagreementError(Exception):
    """A library computes something else."""


@dataclass
class Row:
    """One library at one task: times in seconds, memory in MiB; None for what it does not do."""

    task: Task
    rate: float  # of the steps in which a hidden neuron spikes
    library: str
    forward: float | None = None  # median
    forward_least: float | None = None
    train: float | None = None
    train_least: float | None = None
    first: float | None = None  # from definition to the end of the second step
    memory: float | None = None  # peak
    memory_before: float | None = None  # with the library and the data loaded
    gradient: float | None = None  # largest error relative to the largest entry
    note: str = ""


class Library:
    """A `worker` process."""

    def __init__(self, name: str, task: Task, device: str, data: Path, caches: Path):
        self.name = name
        environment = {
            **os.environ,
            "BIOPLAST_CACHE": str(caches / "bioplast"),
            "TORCHINDUCTOR_CACHE_DIR": str(caches / "torch"),
            "JAX_PLATFORMS": device,
        }
        orders = json.dumps([name, asdict(task), device, str(data)])
        self.errors = (caches / "errors.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", f"{__package__}.worker", orders],
            cwd=Path(__file__).resolve().parents[2],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def ask(self, word: str) -> dict[str, float]:
        """The answer to one word.

        Raises
        ------
        DisagreementError
            The library computes something else.
        ChildProcessError
            It ended or took too long; the message is the last line that it wrote.
        """
        assert self.process.stdin and self.process.stdout
        patience = threading.Timer(LIMIT, self.process.kill)
        patience.start()
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            patience.cancel()
        if answer:
            return json.loads(answer)
        status = self.process.wait()
        self.errors.seek(0)
        last = (self.errors.read().strip().splitlines() or [f"ended with status {status}"])[-1]
        raise (DisagreementError if "computes something else" in last else ChildProcessError)(last[:200])

    def end(self) -> None:
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.errors.close()


def compare(task: Task, names: Iterable[str], rounds: int, device: str, folder: Path) -> list[Row]:
    """Let libraries take turns at a task, after each has shown that it computes the same thing.

    Parameters
    ----------
    task : Task
    names : iterable of str
        Of the libraries; see `worker.CONTESTANTS`.
    rounds : int
        How often each makes a forward pass and a training step.
    device : {"cpu", "cuda"}
    folder : Path
        For data and what is compiled.

    Returns
    -------
    list of Row

    Raises
    ------
    DisagreementError
        A library computes something else.
    """
    known = reference.prepare(task)
    data = folder / "data.npz"
    np.savez(data, **known)
    rows, running = [], {}
    try:
        for name in names:
            row = Row(task, float(known["rate"]), name)
            rows.append(row)
            (folder / name).mkdir(exist_ok=True)
            library = running[name] = Library(name, task, device, data, folder / name)
            try:
                row.first = library.ask("first")["seconds"]
                memory = library.ask("memory")
                row.memory, row.memory_before = memory["peak"], memory["before"]
                row.gradient = library.ask("check")["gradient"]
            except ChildProcessError as error:
                row.note = str(error)
                running.pop(name).end()
        words = {name: ["forward"] if name == "Brian2 C++" else ["forward", "train"] for name in running}
        times: dict[tuple[str, str], list[float]] = {(name, word): [] for name in words for word in words[name]}
        for turn in range(rounds + 2):
            for name, word in times:
                seconds = running[name].ask(word)["seconds"]
                if turn > 1:  # the first two are for what is compiled or allocated late
                    times[name, word].append(seconds)
    finally:
        for library in running.values():
            library.end()
    for row in rows:
        for word in words.get(row.library, []):
            setattr(row, word, statistics.median(times[row.library, word]))
            setattr(row, f"{word}_least", min(times[row.library, word]))
    return rows


def again(task: Task, name: str, device: str, folder: Path) -> float:
    """Seconds to the end of the second step in a new process, with what an earlier one left on disk."""
    library = Library(name, task, device, folder / "data.npz", folder / name)
    try:
        return library.ask("first")["seconds"]
    finally:
        library.end()
