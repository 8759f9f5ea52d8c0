"""Which target when: what a training step and a forward pass cost on jax and on native, side by side.

    python -m benchmarks.targets [--write] [SWEEP ...]

Around a network of 100-256-10 integrate-and-fire neurons, 100 steps, batch 256, float32, of which 2 % of the inputs
spike in a step, one thing is changed at a time (the sweeps): `hidden` neurons, `steps`, `batch`, `density` of the
input's spikes, `connected`, the share of the synapses of the first layer that there are, and `plastic`, where these
learn within each sample by pairs of spikes. Each network runs on each target in a process of its own, twice in turns;
what is told is the least time of a step, and the memory that a process has added by the end of its second training step
to what it held when all was imported. A step is gradients of all weights by cross entropy on spike counts, without an
optimiser. Where a batch needs a number for each synapse and run, as plasticity does, `batch` is 16.

`--write` puts the table into data/targets.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

TARGETS = ("jax", "native")
FOLDER = Path(__file__).resolve().parent.parent / "data" / "targets"


@dataclass(frozen=True)
class Case:
    """A network and its batch."""

    hidden: int = 256
    steps: int = 100
    batch: int = 256
    density: float = 0.02
    connected: float = 1.0
    plastic: bool = False


BASE = Case()
SWEEPS: dict[str, list[Case]] = {
    "hidden": [replace(BASE, hidden=n) for n in (64, 256, 1024)],
    "steps": [replace(BASE, steps=n) for n in (25, 100, 500, 2000)],
    "batch": [replace(BASE, batch=n) for n in (1, 16, 256, 1024)],
    "density": [replace(BASE, density=d) for d in (0.005, 0.02, 0.1, 0.5)],
    "connected": [replace(BASE, connected=share) for share in (0.01, 0.1, 0.5, 1.0)],
    "plastic": [replace(BASE, batch=16, plastic=learns) for learns in (False, True)],
}
PAIRS = {
    "model": """
        w : 1
        dapre/dt = -apre/(20*ms) : 1 (event-driven)
        dapost/dt = -apost/(20*ms) : 1 (event-driven)
        """,
    "on_pre": "v_post += w; apre += 0.01; w = w - apost",
    "on_post": "apost += 0.01; w = w + apre",
}


def network(case: Case) -> Any:
    """Groups "input", "hidden" and "output", Synapses "first" and "second", a SpikeMonitor "spikes"."""
    import brian2
    from brian2 import ms

    rng = np.random.default_rng(1)
    brian2.defaultclock.dt = 1 * ms
    given = brian2.SpikeGeneratorGroup(100, [], [] * ms, name="input")
    hidden, output = (
        brian2.NeuronGroup(
            size, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", namespace={}, name=name
        )
        for size, name in ((case.hidden, "hidden"), (10, "output"))
    )
    plain = {"model": "w : 1", "on_pre": "v_post += w"}
    first = brian2.Synapses(given, hidden, **(PAIRS if case.plastic else plain), namespace={}, name="first")
    second = brian2.Synapses(hidden, output, **plain, namespace={}, name="second")
    i, j = np.nonzero(rng.random((100, case.hidden)) < case.connected)
    first.connect(i=i, j=j) if case.connected < 1 else first.connect()
    second.connect()
    # each layer's neurons spike in some percent of the steps, whatever is changed
    first.w = rng.normal(0, 1 / np.sqrt(5 * 100 * case.connected * case.density), len(first))
    second.w = rng.normal(0, 1 / np.sqrt(5 * case.hidden * 0.05), len(second))
    return brian2.Network(given, hidden, output, first, second, brian2.SpikeMonitor(output, name="spikes"))


def peak() -> float:
    """The most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure(case: Case, target: str) -> dict[str, float]:
    """Seconds and MiB of a network on a target, in this process."""
    import bioplast
    from bioplast import learning

    program = bioplast.compile(
        network(case), case.steps * 1e-3 * _second(), target, surrogate=bioplast.SuperSpike(beta=1), dtype="float32",
        namespace={},
    )  # fmt: skip
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(2)
    # sample by sample: what drawing takes would hide what the program takes
    rasters = jnp.asarray(np.array([rng.random((case.steps, 100)) < case.density for _ in range(case.batch)]))
    labels = jnp.asarray(rng.integers(0, 10, case.batch))
    weights = {key: jnp.asarray(program.values[key], dtype=np.float32) for key in ("first.w", "second.w")}

    def loss(weights: Any) -> Any:
        counts = program.batch(weights, {"input": rasters}).raster("spikes").sum(axis=1)
        return jax.vmap(learning.cross_entropy)(counts, labels).mean()

    forward, step = jax.jit(loss), jax.jit(jax.value_and_grad(loss))
    weights = program.replicated(weights)
    before, begin = peak(), time.perf_counter()
    for _ in range(2):
        jax.block_until_ready(step(weights))
    first, added = time.perf_counter() - begin, peak() - before
    found = {"first": first, "added": added}
    for name, call in (("step", step), ("forward", forward)):
        times: list[float] = []
        while len(times) < 4 or (sum(times) < 1 and len(times) < 40):
            begin = time.perf_counter()
            jax.block_until_ready(call(weights))
            times.append(time.perf_counter() - begin)
        found[name] = min(times[1:])
    return found


def _second() -> Any:
    from brian2 import second

    return second


def in_turns(case: Case) -> dict[str, dict[str, float]]:
    """The figures of each target: the least of two processes each, of memory as well."""
    found: dict[str, dict[str, float]] = {}
    for _ in range(2):
        for target in TARGETS:
            call = [
                sys.executable,
                "-W",
                "ignore",
                "-m",
                "benchmarks.targets",
                "--here",
                target,
                json.dumps(asdict(case)),
            ]
            done = subprocess.run(call, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{case} on {target}: {done.stderr.strip().splitlines()[-1]}")
            now = json.loads(done.stdout.splitlines()[-1])
            known = found.setdefault(target, now)
            found[target] = {name: min(known[name], value) for name, value in now.items()}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweeps", nargs="*", metavar="SWEEP", help=", ".join(SWEEPS))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--here", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(measure(Case(**json.loads(options.here[1])), options.here[0])))
        return
    if unknown := sorted(set(options.sweeps) - set(SWEEPS)):
        parser.error(f"{unknown[0]!r} is no sweep: {', '.join(SWEEPS)}")
    rows: list[dict[str, Any]] = []
    known: dict[Case, dict[str, dict[str, float]]] = {}
    print(f"{'':20} {'training step, ms':>25} {'forward, ms':>22} {'added, MiB':>17}")
    print(
        f"{'':20} {'jax':>8} {'native':>8} {'ratio':>7} {'jax':>7} {'native':>7} {'ratio':>6} {'jax':>8} {'native':>8}"
    )
    for sweep in options.sweeps or SWEEPS:
        for case in SWEEPS[sweep]:
            known[case] = known.get(case) or in_turns(case)
            one, other = (known[case][target] for target in TARGETS)
            rows.append({"sweep": sweep, **asdict(case)})
            for name, unit, scale in (("step", "ms", 1e3), ("forward", "ms", 1e3), ("added", "MiB", 1)):
                rows[-1] |= {f"{t}_{name}_{unit}": f"{known[case][t][name] * scale:.4g}" for t in TARGETS}
            print(
                f"{sweep:10} {getattr(case, sweep)!s:9} {one['step'] * 1e3:8.1f} {other['step'] * 1e3:8.1f} "
                f"{one['step'] / other['step']:7.2f} {one['forward'] * 1e3:7.1f} {other['forward'] * 1e3:7.1f} "
                f"{one['forward'] / other['forward']:6.2f} {one['added']:8.0f} {other['added']:8.0f}",
                flush=True,
            )
    if options.write:
        from bioplast.files import write_text

        FOLDER.mkdir(parents=True, exist_ok=True)
        text = io.StringIO()
        table = csv.DictWriter(text, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        write_text(FOLDER / "targets.csv", text.getvalue())


if __name__ == "__main__":
    main()
