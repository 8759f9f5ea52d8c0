"""What scoring costs beside simulating: 10,000 Izhikevich candidates of one pattern.

    python benchmarks/plausibility.py [candidates]

The same cells with the same inputs and a SpikeMonitor are simulated in C++, once bare and once with the reduction of
the potential while it runs and the verdict on every candidate. Five rounds of each, in turn; the medians are compared.
"""

from __future__ import annotations

import sys
import time

import brian2
import numpy as np
from brian2 import Network, SpikeMonitor, second

from bioplast import program as programs
from bioplast.models import izhikevich_2003
from bioplast.plausibility import PATTERNS, Scale
from bioplast.plausibility.cells.population import Population
from bioplast.plausibility.cells.reduction import SPIKE, Reduction
from bioplast.plausibility.verdict.space import Space

ROUNDS, DT = 5, 1e-4


def main() -> None:
    brian2.prefs.codegen.target = "numpy"
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    pattern, scale = PATTERNS["A"], Scale(2e-3, 2.7, 0.01)
    space = Space.of(izhikevich_2003, pattern)
    points = np.random.default_rng(1).random((size, space.size))
    parameters, sweep = space.parameters_at(points), pattern.sweep(space.knobs_at(points), scale, DT)

    scored = Population(izhikevich_2003, size, sweep, dt=DT)
    reduction = Reduction(izhikevich_2003, size, aftermath=False)
    events = {name: event for name, event in reduction.definition.events.items() if name != SPIKE}
    group = reduction.definition.replace(events=events).group(size, name="candidates", dt=DT * second)
    reduction.attach(group, features=False)
    spikes = SpikeMonitor(group, name="candidates_spikes")
    duration = (int(np.ceil(sweep.end.max() / DT)) + 1) * DT
    bare = programs.compile(Network(group, spikes), duration * second, "cpp", namespace={}, watch=None, fast_math=True)
    begun, tables = reduction.values(sweep, DT)
    values = {f"candidates.{name}": value for name, value in (parameters | begun).items()}

    times: dict[str, list[float]] = {"bare": [], "scored": []}
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        bare(values, tables, seed=0)
        times["bare"].append(time.perf_counter() - begin)
        begin = time.perf_counter()
        features = scored(parameters, sweep, tau=2e-3, scale=0.01)
        shown = pattern.score(features, sweep).met.sum()
        times["scored"].append(time.perf_counter() - begin)
    one, other = (float(np.median(times[kind])) for kind in ("bare", "scored"))
    print(f"{size} candidates, {round(duration / DT)} steps, {features.spikes.count.sum()} spikes, {shown} shown")
    print(f"with a spike monitor alone {one:.2f} s, scored {other:.2f} s: {other / one:.2f} times")


if __name__ == "__main__":
    main()
