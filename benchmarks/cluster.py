"""What a trial costs beyond its own time on a cluster of Dask, beside local worker processes and one process.

    python benchmarks/cluster.py [TRIALS [WORKERS]]

A trial sleeps for 100 ms, so that other work on the machine changes little. Of each way all trials are carried out
twice, the second time with workers that have imported all they need. What is counted for each trial:

- between: from the end of a trial to the beginning of the next in the same process, the median, which a few trials that
  other work on the machine has held up do not change
- beyond: the elapsed time of all workers, less what the trials took, which contains the first way there, the last way
  back and the waiting of workers for the last trial as well
- processor: the processor time, user and system, of all processes that take part

Each contains that results are written to disk; the line of one process is the part that has nothing to do with where
trials run. Wanted: at most 20 ms on a cluster.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

import psutil

from bioplast import experiment
from bioplast.experiment.cluster import connected
from bioplast.experiment.plan import PACKAGES
from bioplast.experiment.workers import local_workers
from bioplast.version import package_versions

WANTED = 0.020

SLEEPING = """
import os
import time

from bioplast.experiment import Protocol, Row, Trial


def run(trial):
    begin = time.time()
    time.sleep(0.1)
    return {"process": os.getpid(), "begin": begin, "end": time.time()}


sleeping = Protocol(
    name="sleeping",
    title="Trials that sleep",
    source="none",
    description="Sleeps.",
    presets={"demo": {"seeds": 1}},
    trials=lambda settings, targets, seeds: [Trial(f"seed{seed}", {}, seed) for seed in seeds],
    run=run,
    summarise=lambda results, settings: [Row("count", len(results))],
)
"""


class Cost(NamedTuple):
    """What a trial took, in seconds, see above; `own` is the time that it slept."""

    between: float
    beyond: float
    processor: float
    own: float


def overhead(file: Path, out: Path, trials: int, workers: int, executor: Executor | None) -> Cost:
    """What one trial took."""
    stamps: list[float] = []
    before, begin = processor_time(), time.perf_counter()
    experiment.run(
        f"{file}:sleeping",
        seeds=trials,
        out=out,
        executor=executor,
        progress=lambda done, seconds: stamps.append(time.perf_counter()),
    )
    # without the summary and the report, which follow the last trial
    elapsed, used = stamps[-1] - begin, processor_time() - before
    results = [json.loads(path.read_text())["result"] for path in (out / "trials").iterdir()]
    slept = sum(result["end"] - result["begin"] for result in results)
    results.sort(key=lambda result: (result["process"], result["begin"]))
    gaps = [b["begin"] - a["end"] for a, b in itertools.pairwise(results) if a["process"] == b["process"]]
    return Cost(statistics.median(gaps), (elapsed * workers - slept) / trials, used / trials, slept / trials)


def processor_time() -> float:
    """What this process and all that it has started have used, in seconds."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def dask(folder: Path, workers: int) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """The address of a new scheduler on this machine, and the processes that belong to it."""
    file = folder / "scheduler.json"

    def start(kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        call = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments, "--no-dashboard"]
        with open(folder / f"{kind}.log", "wb") as log:
            return subprocess.Popen(call, stdout=log, stderr=log, start_new_session=True)

    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    wait_for(lambda: file.exists() and file.read_text().endswith("}"))
    address = json.loads(file.read_text())["address"]
    return address, [scheduler, start("worker", address, "--nworkers", str(workers), "--nthreads", "1")]


def main(trials: int, workers: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "sleeping.py"
        file.write_text(SLEEPING)

        def measure(what: str, number: int, executor: Executor | None) -> Cost:
            first, cost = (
                overhead(file, folder / f"{what} {k}", trials, number, executor) for k in ("begins", "goes on")
            )
            print(
                f"{what:16} {number} worker{'s' * (number > 1)}, {trials} trials of {cost.own * 1e3:.1f} ms: "
                f"between {cost.between * 1e3:5.1f} ms, beyond {cost.beyond * 1e3:5.1f} ms (the first time, with "
                f"imports, {first.beyond * 1e3:.0f} ms), processor {cost.processor * 1e3:5.1f} ms",
                flush=True,
            )
            return cost

        alone = measure("one process", 1, None)
        with local_workers(workers) as pool:
            measure("local processes", workers, pool)
        address, processes = dask(folder, workers)
        try:
            with connected(address, package_versions(list(PACKAGES)), say=False) as cluster:
                wait_for(lambda: cluster.workers() == workers)
                found = measure("Dask", workers, cluster)
        finally:
            for process in processes:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        verdict = "within" if found.between <= WANTED else "above"
        print(
            f"Dask: {found.between * 1e3:.1f} ms for each trial, {verdict} the {WANTED * 1e3:.0f} ms that are wanted; "
            f"{(found.between - alone.between) * 1e3:.1f} ms more than in one process"
        )


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.2)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:3]]
    main(*[*given, *[100, 2][len(given) :]])
