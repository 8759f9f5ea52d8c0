"""All libraries at one task, taking turns."""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import reference
from .task import Task

LIMIT = 900.0  # seconds that a library may take to answer
WORKER = f"{__package__}.worker"  # the processes of the dense task


class DisagreementError(Exception):
    """A library computes something else."""


@dataclass
class Row:
    """One library at one task: times in seconds, memory in MiB; None for what it does not do."""

    task: Any
    rate: float  # of the steps in which a hidden neuron spikes
    library: str
    forward: float | None = None  # median
    forward_least: float | None = None
    train: float | None = None
    train_least: float | None = None
    first: float | None = None  # from definition to the end of the second step
    memory: float | None = None  # peak until the end of the second step
    memory_before: float | None = None  # the same with the library and the data loaded
    gradient: float | None = None  # largest error relative to the largest entry
    note: str = ""


class Library:
    """A `worker` process."""

    def __init__(self, name: str, task: Any, device: str, data: Path, caches: Path, module: str = WORKER):
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
            [sys.executable, "-W", "ignore", "-m", module, orders],
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
            It ended or took too long; the message is its error in a line.
        """
        assert self.process.stdin and self.process.stdout
        begin = time.monotonic()
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
        if time.monotonic() - begin >= LIMIT:
            raise ChildProcessError(f"no answer in {LIMIT:g} s to {word!r}")
        self.errors.seek(0)
        last = _reason(self.errors.read()) or f"ended with status {status}"
        raise (DisagreementError if "computes something else" in last else ChildProcessError)(last[:200])

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):  # it may have ended by itself
            self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()
        self.errors.close()


def _reason(errors: str) -> str:
    """The last line that names an exception, else the last line: torch follows its own with advice."""
    lines = [line for line in errors.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception): ", line)]
    return (named or lines or [""])[-1].strip()


def compare(
    task: Any,
    names: Iterable[str],
    rounds: int,
    device: str,
    folder: Path,
    prepare: Callable[[Any], dict[str, np.ndarray]] = reference.prepare,
    module: str = WORKER,
) -> list[Row]:
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
    prepare : callable
        What is expected of the task, as `reference.prepare` gives it.
    module : str
        Of the libraries' processes.

    Returns
    -------
    list of Row

    Raises
    ------
    DisagreementError
        A library computes something else.
    """
    known = prepare(task)
    data = folder / "data.npz"
    np.savez(data, **known)
    rows: list[Row] = []
    running: dict[str, Library] = {}
    times: dict[str, dict[str, list[float]]] = {}
    try:
        for name in names:
            rows.append(Row(task, float(known["rate"]), name))
            try:
                _begin(
                    rows[-1],
                    running,
                    lambda name=name: Library(name, task, device, data, _caches(folder, name), module),
                )
            except ChildProcessError as error:
                rows[-1].note = str(error)
                running.pop(name).end()
        for turn in range(rounds + 2):
            for row in [row for row in rows if row.library in running]:
                words = ["forward"] if row.library == "Brian2 C++" else ["forward", "train"]
                taken = times.setdefault(row.library, {word: [] for word in words})
                try:
                    for word in words:
                        seconds = running[row.library].ask(word)["seconds"]
                        if turn > 1:  # the first two are for what is compiled or allocated late
                            taken[word].append(seconds)
                except ChildProcessError as error:
                    row.note = str(error)
                    running.pop(row.library).end()
        for row in [row for row in rows if row.library in running]:
            for word, all_seconds in times[row.library].items():
                setattr(row, word, statistics.median(all_seconds))
                setattr(row, f"{word}_least", min(all_seconds))
    finally:
        for library in running.values():
            library.end()
    return rows


def _begin(row: Row, running: dict[str, Library], start: Callable[[], Library]) -> None:
    """Start a library; note what its first steps take and how far its gradient is from the reference."""
    library = running[row.library] = start()
    row.first = library.ask("first")["seconds"]
    if row.library.endswith("compiled"):  # start again with what is on disk: the compiler's memory is not the network's
        library.end()
        library = running[row.library] = start()
        library.ask("first")
    if row.library != "Brian2 C++":  # simulates in a process of its own
        memory = library.ask("memory")
        row.memory, row.memory_before = memory["peak"], memory["before"]
    row.gradient = library.ask("check")["gradient"]


def _caches(folder: Path, name: str) -> Path:
    """Where a library keeps what it compiles: a path without spaces, which torch hands to g++ unquoted."""
    made = folder / re.sub(r"\W+", "-", name)
    made.mkdir(exist_ok=True)
    return made


def again(task: Task, name: str, device: str, folder: Path) -> float:
    """Seconds to the end of the second step in a new process, with what an earlier one left on disk."""
    library = Library(name, task, device, folder / "data.npz", _caches(folder, name))
    try:
        return library.ask("first")["seconds"]
    finally:
        library.end()
