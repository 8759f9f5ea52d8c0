"""Programs and what they return, as a prompt shows them: what there is and how much of it, not all numbers."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, PopulationRateMonitor, SpikeMonitor, StateMonitor, ms

import bioplast


def network():
    cells = NeuronGroup(
        5, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells", dt=0.1 * ms
    )
    monitors = (
        SpikeMonitor(cells, "v", name="all"),
        SpikeMonitor(cells, record=False, name="counted"),
        StateMonitor(cells, "v", record=[1, 3], name="seen", dt=0.1 * ms),
        PopulationRateMonitor(cells, name="rate"),
    )
    return Network(cells, *monitors)


@pytest.mark.parametrize("target", ["numpy", "jax"])
def test_a_program_and_its_output(target):
    """A neuron spikes every 6.93 ms (ln 2 time constants), so twice in 20 ms."""
    made = bioplast.compile(network(), 20 * ms, target, namespace={})
    assert repr(made).endswith(f"of 0.02 s on target {target}: cells, all, counted, rate, seen>")
    lines = repr(made(seed=3)).splitlines()
    assert lines == [
        f"Output of 0.02 s on target {target}, seed 3",
        "  spikes['all']: 10 events of 5 neurons, v",
        "  counts['counted']: 10 events of 5 neurons",
        "  states['seen']: v [200, 2]",
        "  rates['rate']: rate [200]",
        f"  final: {len(made().final)} values",
    ]
    batch = repr(made.batch({"cells.v": np.zeros((3, 5))}, seed=[3, 4, 5]))
    assert batch == "3 runs, the first: " + "\n".join(lines)


def test_an_output_while_jax_traces():
    made = bioplast.compile(network(), 2 * ms, "jax", namespace={}, dtype="float32")
    shown = []

    def traced(v):
        shown.append(repr(made({"cells.v": v, "network.t": 0.0})))
        return v

    jax.vmap(traced)(np.zeros((3, 5), dtype=np.float32))
    expected = ["ArrayOutput", "  rasters: all [20, 5]", "  counts: counted [5]", "  states['seen']: v [20, 2]"]
    final = f"  final: {len(made().final)} values"
    assert shown[0].splitlines() == [*expected, "  rates['rate']: rate [20]", final]
    # JAX makes structures of other things than arrays
    out = jax.vmap(lambda v: made({"cells.v": v, "network.t": 0.0}))(np.zeros((3, 5), dtype=np.float32))
    assert repr(out).splitlines()[1] == "  rasters: all [3, 20, 5]"
    assert repr(jax.tree.map(lambda _: None, out)).startswith("ArrayOutput")
    assert "ArrayOutput" in str(jax.tree.structure(out))
