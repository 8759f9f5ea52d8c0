"""The target cuda beside cpp, on a machine with an NVIDIA GPU: every neuron of the registry, and CUBA of growing size.

Writes data/cuda.csv: for each neuron whether the spikes are the same and how far the states are apart, for CUBA (80
synapses a neuron) the spikes of both, when they part (the network is chaotic, and a GPU adds in another order) and the
seconds that building and simulating take.

    python benchmarks/cuda.py [--sizes 4000,40000,400000] [--milliseconds 1000] [--out data/cuda.csv] [--compile-only]
"""

from __future__ import annotations

import argparse
import csv
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import ms

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

COLUMNS = [
    *("network", "neurons", "synapses", "milliseconds", "spikes_cpp", "spikes_cuda", "first_difference_ms"),
    *("largest_deviation", "build_cpp_s", "build_cuda_s", "run_cpp_s", "run_cuda_s", "processor", "gpu"),
]


def first_difference(a: Any, b: Any) -> float | None:
    """When the first spike is not the same, in ms; None when all are."""
    n = min(len(a.steps), len(b.steps))
    same = (a.steps[:n] == b.steps[:n]) & (a.indices[:n] == b.indices[:n])
    if same.all() and len(a.steps) == len(b.steps):
        return None
    k = n if same.all() else int(np.argmin(same))
    return 1e3 * min(float(s.times[k]) for s in (a, b) if k < len(s.times))


def largest_deviation(a: Any, b: Any, group: str) -> float:
    """Of all final states of a group, in fractions of the largest magnitude of each."""
    found = [0.0]
    for key in a.final:
        if key.startswith(f"{group}.") and np.size(a.final[key]):
            x, y = (np.asarray(out.final[key], dtype=float) for out in (a, b))
            scale = np.abs(x).max()
            found.append(float(np.abs(x - y).max() / scale) if scale else float(np.abs(y).max()))
    return max(found)


def built(network: brian2.Network, duration: Any, target: str) -> tuple[Any, float]:
    import bioplast

    begin = time.perf_counter()
    program = bioplast.compile(network, duration, target, namespace={})
    return program, time.perf_counter() - begin


def compared(network: brian2.Network, duration: Any, compile_only: bool) -> tuple[Any, Any, dict[str, Any]] | None:
    """The outputs of both targets and what they took."""
    cuda, build_cuda = built(network, duration, "cuda")
    print(f"  cuda built in {build_cuda:.1f} s", flush=True)
    if compile_only:
        return None
    cpp, build_cpp = built(network, duration, "cpp")
    a, b = cpp(seed=1), min((cuda(seed=1) for _ in range(3)), key=lambda out: out.seconds)
    row = {"build_cpp_s": build_cpp, "build_cuda_s": build_cuda, "run_cpp_s": a.seconds, "run_cuda_s": b.seconds}
    row["milliseconds"] = float(duration / ms)
    return a, b, row


def zoo_rows(compile_only: bool) -> Iterator[dict[str, Any]]:
    from support.zoo import CELLS, NEURONS, zoo

    print("zoo", flush=True)
    result = compared(zoo(), 150 * ms, compile_only)
    if result is None:
        return
    a, b, row = result
    for name in NEURONS:
        group = name.replace("-", "_")
        one, other = (out.spikes[f"{group}_spikes"] for out in (a, b))
        yield row | {
            "network": f"zoo/{name}",
            "neurons": CELLS,
            "synapses": 0,
            "spikes_cpp": len(one.times),
            "spikes_cuda": len(other.times),
            "first_difference_ms": first_difference(one, other),
            "largest_deviation": largest_deviation(a, b, group),
        }


def cuba_row(neurons: int, duration: Any, compile_only: bool) -> Iterator[dict[str, Any]]:
    from cuba import cuba

    print(f"cuba {neurons}", flush=True)
    network = cuba(neurons, probability=min(80 / neurons, 1))
    result = compared(network, duration, compile_only)
    if result is None:
        return
    a, b, row = result
    one, other = (out.spikes["spikes"] for out in (a, b))
    yield row | {
        "network": "cuba",
        "neurons": neurons,
        "synapses": sum(len(network[name]) for name in ("excitation", "inhibition")),
        "spikes_cpp": len(one.times),
        "spikes_cuda": len(other.times),
        "first_difference_ms": first_difference(one, other),
        "largest_deviation": largest_deviation(a, b, "cells"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="4000,40000,400000", help="neurons of CUBA")
    parser.add_argument("--milliseconds", type=float, default=1000)
    parser.add_argument("--out", default=str(HERE.parent / "data" / "cuda.csv"))
    parser.add_argument("--compile-only", action="store_true", help="needs no GPU; writes nothing")
    options = parser.parse_args()
    brian2.prefs.codegen.target = "numpy"
    from bioplast.program.cuda import toolkit

    rows = list(zoo_rows(options.compile_only))
    for size in options.sizes.split(","):
        rows += cuba_row(int(size), options.milliseconds * ms, options.compile_only)
    if options.compile_only:
        return
    gpu = toolkit.gpu()
    with open(options.out, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows:
            told = {k: f"{v:.3g}" if isinstance(v, float) else v for k, v in row.items()}
            writer.writerow(told | {"processor": platform.processor() or platform.machine(), "gpu": gpu and gpu.name})
            print(told)


if __name__ == "__main__":
    main()
