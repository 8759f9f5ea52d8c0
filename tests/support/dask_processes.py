"""A scheduler and workers of Dask as processes of this machine, as a user starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .interpreter import environment
from .processes import alive, wait_until

# Seconds to wait for processes that are started, on a machine that does other things, too.
PATIENCE = 300
# A Python in which bioplast is not installed.
LACKING = "import sys; sys.modules['bioplast'] = None; "


class Scheduler:
    """A scheduler and its workers; use `scheduler`.

    Attributes
    ----------
    address : str
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def begin(self) -> None:
        """Start the scheduler."""
        folder = self.folder
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(folder / "s.json"))
        file = folder / "s.json"
        wait_until(lambda: file.exists() and file.read_text().endswith("}"), seconds=PATIENCE)
        self.address = json.loads(file.read_text())["address"]

    def _start(self, kind: str, *arguments: str, first: str = "", **variables: str) -> None:
        code = f"{first}from distributed.cli.dask_{kind} import main; main()"
        with open(self.folder / "log.txt", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *arguments, "--no-dashboard"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=environment(**variables),
                start_new_session=True,
            )
        self.processes.append(process)

    def add_workers(self, number: int, threads: int = 1, first: str = "", **variables: str) -> None:
        """Start workers, each a process that is started again when it dies, unless `first` is run in it."""
        more = ["--no-nanny"] if first else ["--nworkers", str(number)]
        self._start("worker", self.address, "--nthreads", str(threads), *more, first=first, **variables)
        self.wait_for(number)

    def wait_for(self, number: int) -> None:
        """Wait until there are at least so many workers."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=PATIENCE)

    def end(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def scheduler(folder: Path) -> Iterator[Scheduler]:
    """A scheduler without workers; they end together."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Scheduler(folder)
    try:
        found.begin()
        yield found
    finally:
        found.end()


def kill(pid: int) -> None:
    """End a process as a machine that fails would."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), seconds=PATIENCE)
