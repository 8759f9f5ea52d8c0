"""Lempel-Ziv complexity beside the fastest public package, in one run: time per symbol, memory, and a batch.

    python -m benchmarks.complexity [largest exponent of 2]

Words of 2^10 to 2^20 bits, random (p = 0.5) and sparse (p = 0.05). antropy is timed where it is installed
(``pip install antropy``), up to 2^17 bits, since it is quadratic.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from bioplast import analysis
from bioplast.machine import SHARE, all_cores

MEMORY = """
import resource, numpy as np
from bioplast import analysis
word = (np.random.default_rng(1).integers(0, 256, {n}, dtype=np.uint8) < 256 * {p}).view(np.uint8)
analysis.lz76(word[:1 << 18]), analysis.lz76(np.arange(99) % 3, 3)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
analysis.lz76({word})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def seconds(call: Callable[[], object], least: float = 0.3) -> float:
    """The fastest of several calls, or the only one if it takes long."""
    call()  # what is compiled, is compiled now
    taken: list[float] = []
    while sum(taken) < least:
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def theirs() -> Callable[[np.ndarray], object] | None:
    try:
        import antropy
    except ImportError:
        return None
    return antropy.lziv_complexity


def kilobytes(n: int, p: float, word: str = "word") -> int:
    """What the peak of a process grows by while it parses a word."""
    done = subprocess.run([sys.executable, "-c", MEMORY.format(n=n, p=p, word=word)], capture_output=True, text=True)
    done.check_returncode()
    return int(done.stdout)


def main(largest: int = 20) -> None:
    # first, since a process counts what the one that started it took
    for what, p, word in (("random", 0.5, "word"), ("sparse", 0.05, "word"), ("4 symbols", 0.5, "word*2 + word, 4")):
        print(f"memory, {what}, 10^7 symbols: {kilobytes(10**7, p, word) * 1024 / 10**7:.1f} bytes a symbol")

    rng = np.random.default_rng(1)
    other = theirs()
    heads = ("lz76, random", "sparse", "4 symbols", "lz78", "antropy", "ratio")
    print(f"{'ns per symbol':>14}", *(f"{head:>12}" for head in heads))
    at: dict[int, float] = {}
    for n in sorted({*(1 << e for e in range(10, largest + 1, 2)), 10**4, 10**5, 10**6}):
        if n > 1 << largest:
            continue
        word, sparse = (rng.random(n) < 0.5).astype(np.uint8), (rng.random(n) < 0.05).astype(np.uint8)
        four = rng.integers(0, 4, n).astype(np.uint8)
        calls = (
            lambda word=word: analysis.lz76(word),
            lambda word=sparse: analysis.lz76(word),
            lambda word=four: analysis.lz76(word, 4),
            lambda word=word: analysis.lz78(word),
        )
        ours = [seconds(call) / n * 1e9 for call in calls]
        at[n] = ours[0]
        line = " ".join([f"{n:14}", *(f"{each:12.1f}" for each in ours)])
        if other is not None and n <= 1 << 17:
            slow = seconds(lambda word=word: other(word)) / n * 1e9
            line += f" {slow:12.0f} {slow / ours[0]:12.0f}"
        print(line, flush=True)
    if 10**6 in at:
        print(f"random, 10^6 over 10^4 symbols: {at[10**6] / at[10**4]:.1f}")
    words = rng.random((10_000, 1024)) < 0.5
    taken = []
    for share in (1, all_cores()):
        os.environ[SHARE] = str(share)
        taken.append(seconds(lambda: analysis.lz76(words)))
    print(f"10,000 words of 1024 bits: {taken[0] * 1e3:.0f} ms on one core, {taken[1] * 1e3:.0f} ms on {all_cores()}")
    if other is not None:
        few = seconds(lambda: [other(word) for word in words[:200]]) / 200
        print(f"a word of the batch on one core: {few / taken[0] * 1e4:.0f} times as fast as antropy")


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:]))
