"""One library in a process of its own, told line by line what to do next.

Every line on standard input is a word of `Worker`, every line on standard output its answer in JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from typing import Any

import numpy as np

from .contestant import Contestant
from .task import Task

#: name -> module and class
CONTESTANTS = {
    "bioplast": ("ours", "Bioplast"),
    "bioplast, native": ("ours", "BioplastNative"),
    "snnTorch": ("snntorch", "SnnTorch"),
    "Norse": ("norse", "Norse"),
    "SpikingJelly": ("spikingjelly", "SpikingJelly"),
    "sparx": ("sparx", "Sparx"),
    "snnTorch, compiled": ("snntorch", "SnnTorchCompiled"),
    "Norse, compiled": ("norse", "NorseCompiled"),
    "SpikingJelly, compiled": ("spikingjelly", "SpikingJellyCompiled"),
    "Brian2 C++": ("cpp", "Cpp"),
}
#: float32 sums of some hundred products in other orders, in both directions of time: 1e-5; times ten
TOLERANCE = 1e-4


class Worker:
    package, contestants = __package__, CONTESTANTS
    task: Any = Task

    def __init__(self, name: str, task: dict[str, float], device: str, data: str):
        module, kind = self.contestants[name]
        make = getattr(importlib.import_module(f".{module}", self.package), kind)
        self.name = name
        with np.load(data) as known:
            self.known = dict(known)
        self.memory_before = peak()
        self.begin = time.perf_counter()
        self.contestant: Contestant = make(self.task(**task), device)
        self.contestant.take(self.known["spikes"], self.known["labels"])

    def first(self) -> dict[str, float]:
        """Seconds from the definition of the network to the end of the second step: JAX may compile for that again."""
        for _ in range(2):
            self.train() if self.contestant.trains else self.forward()
        return {"seconds": time.perf_counter() - self.begin}

    def compiling(self) -> dict[str, float]:
        """Compile time as `ours.Bioplast.compiling` defines it, of bioplast only."""
        return {"seconds": self.contestant.compiling()}  # type: ignore[attr-defined]

    def check(self) -> dict[str, float | None]:
        """How far spikes and gradients are from the reference's; an error if it is further than rounding can go."""
        self.contestant.reset()
        expected = self.known["expected"]
        differing = int((self.contestant.forward() != expected).sum())
        worst = 0.0
        if self.contestant.trains:
            keys = sorted(key for key in self.known if key.startswith("gradient"))
            for found, key in zip(self.contestant.gradient(), keys, strict=True):
                worst = max(worst, float(abs(found - self.known[key]).max() / abs(self.known[key]).max()))
        if differing or not worst <= TOLERANCE:
            raise SystemExit(
                f"{self.name} computes something else: {differing} of {expected.size} outputs differ, its gradient by "
                f"{worst:.2g} of the largest entry ({TOLERANCE:g} is accepted)"
            )
        return {"gradient": worst if self.contestant.trains else None}

    def forward(self) -> dict[str, float]:
        begin = time.perf_counter()
        self.contestant.forward()
        return {"seconds": time.perf_counter() - begin}

    def train(self) -> dict[str, float]:
        begin = time.perf_counter()
        self.contestant.train()
        return {"seconds": time.perf_counter() - begin}

    def memory(self) -> dict[str, float]:
        """Peak MiB, and what it was when library and data were loaded."""
        return {"peak": peak(), "before": self.memory_before}


def peak() -> float:
    """The most memory this process has held, in MiB."""
    told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return told / 2**20 if sys.platform == "darwin" else told / 2**10


def main(kind: type[Worker] = Worker) -> None:
    # what libraries print goes to standard error; the answers keep the real standard output
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = kind(*json.loads(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(getattr(worker, line.strip())()), file=answers)


if __name__ == "__main__":
    main()
