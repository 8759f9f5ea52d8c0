"""How fast neurons of the zoo are in C++: plain Brian2 standalone, bioplast's exact arithmetic, and its fast one.

A population of each model, at rest, without synapses and monitors, so that nothing but the equations is timed. The
three programs are run in turn; printed are medians of the simulation times and their ratios, and written to
data/zoo_speed.csv with --write.

    python benchmarks/zoo_speed.py [--cells 1000] [--steps 20000] [--rounds 7] [--write]
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
MODELS = (
    "izhikevich_2004",
    "adex",
    "fitzhugh_nagumo",
    "hindmarsh_rose",
    "morris_lecar",
    "wilson",
    "hodgkin_huxley",
    "wang_buzsaki",
)


def network(model: str, cells: int, steps: int):
    """The population, and how long it is simulated."""
    import brian2

    import bioplast

    neuron = bioplast.load(model)
    return brian2.Network(neuron.group(cells, name="cells")), steps * (neuron.dt or 0.1 * brian2.ms)


def build_plain(model: str, folder: str, cells: int, steps: int) -> None:
    """Plain Brian2: build the project, to be run by the parent."""
    import brian2

    brian2.set_device("cpp_standalone", directory=folder, build_on_run=False)
    population, duration = network(model, cells, steps)
    population.run(duration)
    brian2.device.build(directory=folder, compile=True, run=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--plain", nargs=2, metavar=("MODEL", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        return build_plain(*options.plain, options.cells, options.steps)

    from cpp_overhead import run_plain

    import bioplast

    rows = []
    for model in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            size = ["--cells", str(options.cells), "--steps", str(options.steps)]
            subprocess.run([sys.executable, __file__, "--plain", model, folder, *size], check=True)
            population, duration = network(model, options.cells, options.steps)
            ours = [
                bioplast.compile(population, duration, "cpp", namespace={}, watch=None, fast_math=fast)
                for fast in (False, True)
            ]
            times: list[list[float]] = [[], [], []]
            for _ in range(options.rounds):
                times[0].append(run_plain(folder))
                for k, program in enumerate(ours, 1):
                    times[k].append(program(seed=1).seconds)
        plain, exact, fast = (statistics.median(found) for found in times)
        each = 1e9 / options.cells / options.steps
        rows.append(
            {
                "model": model,
                "brian2_ns_per_cell_and_step": round(plain * each, 2),
                "exact_ns": round(exact * each, 2),
                "fast_ns": round(fast * each, 2),
                "brian2_over_exact": round(plain / exact, 2),
                "brian2_over_fast": round(plain / fast, 2),
            }
        )
        print(*rows[-1].values(), flush=True)
    if options.write:
        with open(HERE.parent / "data" / "zoo_speed.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
