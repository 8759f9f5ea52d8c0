"""Smooth random manifolds beside a loop over frequencies, as their authors evaluate them: times, difference, memory.

    python -m benchmarks.randman [points] [units] [dimension] [alpha]

Both get the same parameters. Each runs in a process of its own, once to warm up on a few points; times are of the clock
and of the processor, memory is the growth of the resident set at its peak, as a multiple of the result.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import numpy as np

from bioplast.stimulus import Manifold, manifold


def loop(surface: Manifold, points: np.ndarray) -> np.ndarray:
    """The formula, one frequency after the other, each for all points and units at once."""
    found = np.ones((len(points), surface.units))
    for d in range(surface.dimension):
        series = np.zeros_like(found)
        for n, (k, s) in enumerate(zip(surface.frequencies, surface.weights, strict=True)):
            a, b, c = (given[:, d, n] for given in (surface.amplitudes, surface.stretches, surface.phases))
            series += a * s * np.sin(2 * np.pi * (k * points[:, d, None] * b + c))
        found *= series
    return found


def task(points: int, units: int, dimension: int, alpha: float) -> tuple[Manifold, np.ndarray]:
    rng = np.random.default_rng(1)
    return manifold(units, dimension, alpha, "torch", rng=rng), rng.random((points, dimension))


def peak() -> int:
    """The largest resident set until now, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def measure(way: str, sizes: list[str]) -> None:
    surface, points = task(*map(int, sizes[:3]), float(sizes[3]))
    few = task(2000, 8, 1, 3.0)
    call = loop if way == "loop" else Manifold.__call__
    call(*few)  # compiles, and starts the threads of the linear algebra
    before, wall, processor = peak(), time.perf_counter(), time.process_time()
    found = call(surface, points)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    memory = (peak() - before) / found.nbytes
    print(json.dumps({"wall": wall, "processor": processor, "memory": memory}))


def main(*given: str) -> None:
    sizes = [*given, *("10000", "1000", "10", "2")[len(given) :]]
    found = {}
    for way in ("loop", "bioplast"):
        call = [sys.executable, "-m", "benchmarks.randman", "--measure", way, *sizes]
        done = subprocess.run(call, capture_output=True, text=True, check=True)
        found[way] = json.loads(done.stdout)
        print(
            f"{way:9} {found[way]['wall']:8.2f} s, {found[way]['processor']:8.2f} s of the processor, "
            f"memory {found[way]['memory']:.2f} of the result"
        )
    for clock in ("wall", "processor"):
        print(f"ratio, {clock}: {found['loop'][clock] / found['bioplast'][clock]:.1f}")
    surface, points = task(min(int(sizes[0]), 2000), *map(int, sizes[1:3]), float(sizes[3]))
    ours, theirs = surface(points), loop(surface, points)
    print(f"largest difference: {np.abs(ours - theirs).max():.1e}, largest value {np.abs(theirs).max():.1e}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], sys.argv[3:])
    else:
        main(*sys.argv[1:])
