"""Target cuda on a processor: where its compiler is, a small network, and the sources that would be compiled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, TimedArray, ms

import bioplast
from bioplast.program.build import build

PROCESSOR = Path(__file__).parent / "cuda_on_cpu" / "bin"


def small(seed=0, more=0, **changes):
    """Delays of both kinds, a TimedArray, noise and a state that can blow up, in as few code objects as can be."""
    rng = np.random.default_rng(seed)
    constants = {
        "tau": 10 * ms,
        "drive": 1.5,
        "current": TimedArray(rng.random(30), dt=1 * ms, name="steps"),
        **changes,
    }
    cells = NeuronGroup(
        4,
        "dv/dt = (drive + current(t) - v)/tau : 1 (unless refractory)\ndx/dt = x**2/second : 1\nnoise : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=1 * ms,
        method="euler",
        namespace=constants,
        name="cells",
    )
    cells.v = rng.random(4)
    cells.run_regularly("noise = randn()")
    one = Synapses(cells, cells, "w : 1 (shared, constant)", on_pre="v += w", delay=3 * ms, namespace={}, name="one")
    one.connect(condition="i != j")
    one.w = 0.05
    many = Synapses(cells, cells, "w : 1", on_pre="v += w", namespace={}, name="many")
    # two of them between the same neurons
    many.connect(i=[0, 0, 1, 2, 3, 3] + [2] * more, j=[1, 1, 2, 3, 0, 1] + [0] * more)
    many.w = 0.1 * rng.random(6 + more)
    many.delay = [1, 2.5, 4, 0, 2, 2, *[0.5] * more] * ms
    return Network(
        cells,
        one,
        many,
        SpikeMonitor(cells, name="spikes"),
        StateMonitor(cells, ["v", "noise"], record=True, name="trace"),
    )


def compiled(network, duration, **options):
    return bioplast.compile(network, duration, "cuda", **{"namespace": {}, **options})


def sources(network):
    """What would be compiled."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "build", lambda texts, compiler: found.update(texts) or (Path("main"), False))
        compiled(network, 20 * ms)
    return found
