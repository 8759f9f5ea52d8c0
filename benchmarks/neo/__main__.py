"""What Neo costs: a recording as a `neo.Block` and back, and `bioplast.run` beside `compile` and a call.

    python -m benchmarks.neo [--rounds 7]

Beside it, up to 4000 neurons, what it costs to make and read trains one by one with Neo's own methods, the making
quadratic. "from_neo, of a list" reads a block whose trains have all been made, as those of a file have. Poisson neurons
of 10 Hz for 1 s, the fastest of the rounds; CUBA (cuba.py) for 1 s, the median.
"""

# This folder has no __init__.py, so that `import neo` finds Neo when benchmarks/ is on the path.

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import brian2
from brian2 import Hz, ms, second

import bioplast
from bioplast.program.neo_block import from_neo, to_neo
from bioplast.program.output import Output

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from cuba import cuba
from eager_neo import eager_spikes, eager_trains

SIZES = (1000, 4000, 10_000, 30_000, 100_000)
EAGER = 4000  # 100,000 neurons would take half an hour


def fastest(call: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def recording(neurons: int) -> Output:
    cells = brian2.PoissonGroup(neurons, 10 * Hz, dt=1 * ms)
    network = brian2.Network(cells, brian2.SpikeMonitor(cells, name="spikes"))
    return bioplast.compile(network, 1 * second, "cpp", namespace={})(seed=1)


def convert(neurons: int, rounds: int) -> str:
    """A line of the table."""
    out = recording(neurons)
    block, listed = to_neo(out), to_neo(out)
    listed.segments[0].spiketrains.extend([])  # makes all trains
    quick = [
        fastest(lambda: to_neo(out), rounds),
        fastest(lambda: from_neo(block), rounds),
        fastest(lambda: from_neo(listed), rounds),
    ]
    slow: list[float] = []
    if neurons <= EAGER:
        made = fastest(lambda: eager_trains(out), 1)
        segment = eager_trains(out)
        read = fastest(lambda: eager_spikes(segment), 1)
        slow = [made, read, read]
    columns = [
        f"{a * 1e3:10.2f}" + (f"{b * 1e3:13.0f}{b / a:9.0f}" if b is not None else f"{'':22}")
        for a, b in zip_longest(quick, slow)
    ]
    return f"{neurons:8}" + "".join(columns)


def run(rounds: int) -> None:
    network = cuba()

    def compile_and_call() -> Output:
        return bioplast.compile(network, 1 * second, "cpp", namespace={})(seed=1)

    ways: dict[str, Callable[[], object]] = {
        "compile + call": compile_and_call,
        "bioplast.run": lambda: bioplast.run(network, 1 * second, "cpp", seed=1, namespace={}),
        "compile + call, trains one by one": lambda: eager_trains(compile_and_call()),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    compile_and_call()  # builds
    for _ in range(rounds):
        for name, call in ways.items():
            taken[name].append(fastest(call, 1))
    print(f"\n{'CUBA, 4000 neurons, 1 s':36}{'s':>8}{'ratio':>9}")
    for name, each in taken.items():
        ratios = [a / b for a, b in zip(each, taken["compile + call"], strict=True)]
        print(f"{name:36}{statistics.median(each):8.3f}{statistics.median(ratios):9.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.neo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(f"{'':8}{'to_neo':^32}{'from_neo':^32}{'from_neo, of a list':^32}")
    print(f"{'neurons':>8}" + f"{'ms':>10}{'one by one':>13}{'ratio':>9}" * 3)
    for neurons in SIZES:
        print(convert(neurons, rounds), flush=True)
    run(rounds)


if __name__ == "__main__":
    main()
