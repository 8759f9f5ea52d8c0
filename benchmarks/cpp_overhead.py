"""What bioplast's C++ target costs beside plain Brian2 C++ standalone, and what a second program of one network costs.

Runs the same CUBA network in turn as plain Brian2 and as bioplast, without and with the watch for NaN, and prints the
median ratio of simulation times; then compiles and runs it once from an empty cache and once more, in a new process,
with other parameters, connections, seed and duration.

    python benchmarks/cpp_overhead.py [--rounds 9] [--seconds 30]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def build_plain(folder: str, seconds: float) -> None:
    """Plain Brian2: build the project, to be run by the parent."""
    import brian2
    from cuba import cuba

    brian2.set_device("cpp_standalone", directory=folder, build_on_run=False)
    network = cuba()
    network.run(seconds * brian2.second)
    brian2.device.build(directory=folder, compile=True, run=False)


def run_plain(folder: str) -> float:
    subprocess.run(["./main"], cwd=folder, check=True)
    return float((Path(folder) / "results" / "last_run_info.txt").read_text().split()[0])


def once(changed: bool) -> dict[str, object]:
    """Compile and run in this process; with other parameters, connections, seed and duration when `changed`."""
    import brian2
    from cuba import cuba

    import bioplast

    changes = {"taum": 18 * brian2.ms, "we": 1.7 * brian2.mV, "Vr": -61 * brian2.mV} if changed else {}
    network = cuba(seed=2 if changed else 1, probability=0.021 if changed else 0.02, **changes)
    begin = time.perf_counter()
    program = bioplast.compile(network, (0.7 if changed else 1.0) * brian2.second, "cpp", namespace={})
    out = program(seed=5)
    elapsed = time.perf_counter() - begin
    return {"seconds": elapsed, "compiled": program.compiled_now, "spikes": len(out.events("spikes")[0])}


def child(*arguments: str, cache: str) -> dict[str, object]:
    call = [sys.executable, __file__, *arguments]
    done = subprocess.run(call, env={**os.environ, "BIOPLAST_CACHE": cache}, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--plain", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--once", choices=["first", "changed"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.plain:
        return build_plain(options.plain, options.seconds)
    if options.once:
        return print(json.dumps(once(options.once == "changed")))

    with tempfile.TemporaryDirectory() as folder:
        cache = os.path.join(folder, "cache")
        first = child("--once", "first", cache=cache)
        again = child("--once", "changed", cache=cache)
        print(f"first compile + run      {first['seconds']:.2f} s (compiled: {first['compiled']})")
        print(f"other values, new process {again['seconds']:.2f} s (compiled: {again['compiled']})")
        print(f"ratio                    {again['seconds'] / first['seconds']:.3f}")

        plain = os.path.join(folder, "plain")
        call = [sys.executable, __file__, "--plain", plain, "--seconds", str(options.seconds)]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
        import brian2
        from cuba import cuba

        import bioplast

        os.environ["BIOPLAST_CACHE"] = cache
        network = cuba()
        duration = options.seconds * brian2.second
        programs = {
            "without watch": bioplast.compile(network, duration, "cpp", namespace={}, watch=None),
            "with watch": bioplast.compile(network, duration, "cpp", namespace={}),
        }
        times: dict[str, list[float]] = {"plain Brian2": [], **{name: [] for name in programs}}
        for _ in range(options.rounds):
            times["plain Brian2"].append(run_plain(plain))
            for name, program in programs.items():
                times[name].append(program(seed=1).seconds)
        for name, values in times.items():
            ratios = [v / p for v, p in zip(values, times["plain Brian2"], strict=True)]
            print(f"{name:14} median {statistics.median(values):.3f} s, ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
