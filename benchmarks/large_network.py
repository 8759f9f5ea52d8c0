"""What a call of a large network costs besides its steps: a program for target cpp, called again and again.

    python benchmarks/large_network.py [NEURONS] [SYNAPSES PER NEURON]

By default 20,000 neurons and 20 million synapses with a weight and a delay each, about a gigabyte. Beside the calls
stands what reading and writing the weights and delays once takes, as each call would have to if nothing were kept.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2 import ms

import bioplast


def network(neurons: int, fan_out: int, plastic: bool) -> brian2.Network:
    rng = np.random.default_rng(0)
    cells = brian2.NeuronGroup(
        neurons, "dv/dt = (I - v)/(20*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    cells.I = rng.uniform(0.9, 1.1, neurons)
    code = "v_post += w\nw *= 0.999" if plastic else "v_post += w"
    synapses = brian2.Synapses(cells, cells, "w : 1", on_pre=code, name="synapses")
    synapses.connect(i=np.repeat(np.arange(neurons), fan_out), j=rng.integers(0, neurons, neurons * fan_out))
    synapses.w = 1e-5
    synapses.delay = rng.uniform(1, 5, neurons * fan_out) * ms
    return brian2.Network(cells, synapses, brian2.SpikeMonitor(cells[:100], name="spikes"))


def through_a_file(arrays: list[np.ndarray]) -> float:
    """The seconds that writing arrays to a file and reading them again takes."""
    with tempfile.TemporaryDirectory() as place:
        begin = time.perf_counter()
        for k, array in enumerate(arrays):
            (Path(place) / str(k)).write_bytes(array.tobytes())
        for k in range(len(arrays)):
            (Path(place) / str(k)).read_bytes()
        return time.perf_counter() - begin


def around(program: Any, **given: Any) -> float:
    """The seconds of a call beside those of its steps."""
    begin = time.perf_counter()
    out = program(seed=1, **given)
    return time.perf_counter() - begin - out.seconds


def main(neurons: int, fan_out: int) -> None:
    print(f"{neurons:,} neurons, {neurons * fan_out:,} synapses; seconds beside the steps, least of three")
    for plastic in (False, True):
        net = network(neurons, fan_out, plastic)
        program = bioplast.compile(net, 5 * ms, "cpp", namespace={})
        print("plastic weights" if plastic else "weights that stay")
        print(f"  first call                       {around(program):6.3f}")
        current = {"values": {"cells.I": np.full(neurons, 1.05)}}
        weights = {"values": {"synapses.w": np.full(neurons * fan_out, 2e-5)}}
        rows: dict[str, Callable[[], float]] = {
            "other parameters and another seed": lambda: around(program, **current),  # noqa: B023
            "other weights": lambda: around(program, **weights),  # noqa: B023
            "weights and delays through a file": lambda: through_a_file(
                [program.values["synapses.w"], program.values["synapses_pre.delay"]]  # noqa: B023
            ),
        }
        for name, measure in rows.items():
            print(f"  {name:32} {min(measure() for _ in range(3)):6.3f}")


if __name__ == "__main__":
    main(*(int(text) for text in [*sys.argv[1:], *["20000", "1000"][len(sys.argv) - 1 :]]))
