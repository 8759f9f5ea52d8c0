"""Spike-train statistics on flat arrays beside Elephant on Neo objects, in one run: times, ratio, largest difference.

    python benchmarks/spike_statistics.py [neurons] [seconds]

Poisson trains of 10 Hz on a grid of 0.1 ms. Making the Neo objects is not counted; `neo` says what it takes.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import neo
import numpy as np
import quantities as pq
from elephant.spike_train_correlation import spike_time_tiling_coefficient

from bioplast import analysis
from bioplast.analysis import elephant

RATE, STEP = 10.0, 1e-4


def poisson(neurons: int, duration: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(seed)
    steps, indices = np.nonzero(rng.random((round(duration / STEP), neurons)) < RATE * STEP)
    return steps * STEP, indices, neurons


def seconds(call: Callable[[], object], least: float = 0.3) -> float:
    """The fastest of several calls, or the only one if it takes long."""
    taken = []
    while sum(taken) < least:
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def main(neurons: int = 100, duration: float = 2.0) -> None:
    population = poisson(neurons, duration)
    times, indices, _ = population

    def make() -> list[neo.SpikeTrain]:
        return [neo.SpikeTrain(times[indices == k], units=pq.s, t_stop=duration) for k in range(neurons)]

    trains = make()

    def tiling() -> np.ndarray:
        found = np.empty((neurons, neurons))
        for i, a in enumerate(trains):
            for j, b in enumerate(trains[: i + 1]):
                found[i, j] = found[j, i] = spike_time_tiling_coefficient(a, b, 5.05 * pq.ms)
        return found

    def counts() -> np.ndarray:
        return analysis.spike_counts(*population, duration, 0.005)

    pairs: dict[str, tuple[Callable[[], np.ndarray], Callable[[], np.ndarray]]] = {
        "rate": (lambda: analysis.rate(*population, duration), lambda: elephant.rate(trains)),
        "isi": (lambda: analysis.isi(*population)[0], lambda: elephant.isi(trains)[0]),
        "cv": (lambda: analysis.cv(*population), lambda: elephant.cv(trains)),
        "cv2": (lambda: analysis.cv2(*population), lambda: elephant.cv2(trains)),
        "lv": (lambda: analysis.lv(*population), lambda: elephant.lv(trains)),
        "fano_factor, trials": (
            lambda: analysis.fano_factor(np.bincount(indices, minlength=neurons)[:, None]),
            lambda: elephant.fano_factor(trains),
        ),
        "correlation, 5 ms": (lambda: analysis.correlation(counts()), lambda: elephant.correlation(trains, 0.005)),
        # Elephant's window grows with time (see bioplast.analysis.elephant), hence the difference in long recordings.
        "spike_time_tiling, 5 ms": (lambda: analysis.spike_time_tiling(*population, duration, 0.00505), tiling),
        "van_rossum, 10 ms": (
            lambda: analysis.van_rossum(*population, 0.01),
            lambda: elephant.van_rossum(trains, 0.01),
        ),
        "victor_purpura, 100/s": (
            lambda: analysis.victor_purpura(*population, 100),
            lambda: elephant.victor_purpura(trains, 100),
        ),
    }
    print(
        f"{neurons} neurons, {duration:g} s, {times.size} spikes; {seconds(make) * 1e3:.1f} ms to make the Neo trains"
    )
    print(f"{'':26}{'arrays':>12}{'Elephant':>12}{'ratio':>9}{'difference':>13}")
    for name, (fast, slow) in pairs.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            difference = float(np.nanmax(np.abs(fast() - slow()), initial=0))
            a, b = seconds(fast), seconds(slow)
        print(f"{name:26}{a * 1e3:9.3f} ms{b * 1e3:9.1f} ms{b / a:9.0f}{difference:13.1e}")


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:], strict=False)))
