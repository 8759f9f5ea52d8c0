"""How often each neuron spiked, from monitors that record and from those that only count."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from brian2 import EventMonitor, Network, NeuronGroup, SpikeMonitor, ms

import bioplast
from bioplast.errors import BioplastError


def network():
    cells = NeuronGroup(
        5, "dv/dt = (rate - v)/(3*ms) : 1\nrate : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells",
        events={"high": "v > 0.9"},
    )  # fmt: skip
    cells.rate = [0.5, 1.2, 2, 3, 5]
    return Network(
        cells,
        SpikeMonitor(cells, name="whole"),
        SpikeMonitor(cells, record=False, name="counted"),
        SpikeMonitor(cells[1:4], record=False, name="part"),
        EventMonitor(cells, "high", record=False, name="events"),
    )


@pytest.mark.parametrize("target", ["numpy", "cpp", "jax", "native"])
def test_counts_are_those_of_the_spikes_of_each_run(target):
    program = bioplast.compile(network(), 20 * ms, target, namespace={})
    out = program()
    for _ in range(2):
        expected = out.raster("whole").sum(axis=0)
        assert expected.max() > 10
        for name in ("whole", "counted"):
            np.testing.assert_array_equal(out.counts[name], expected)
        np.testing.assert_array_equal(out.counts["part"], expected[1:4])
        assert (out.counts["events"] >= expected).all()
        out = program(out.final)  # counted from its own start
    both = program.batch({"cells.rate": np.array([[0.5, 1.2, 2, 3, 5], [0, 0, 0, 0, 9]])})
    np.testing.assert_array_equal(both.counts["counted"], both.raster("whole").sum(axis=1))
    with pytest.raises(BioplastError, match=r"the monitor 'counted' has record=False .*: counts\['counted'\] has them"):
        out.events("counted")


def test_counts_within_jit_are_those_of_a_call():
    program = bioplast.compile(network(), 20 * ms, "jax", namespace={})
    expected = program().counts
    with jax.enable_x64(True):
        found = jax.jit(lambda values: program(values).counts)(program.carry())
    assert set(found) == {"counted", "part", "events"}
    for name, counts in found.items():
        np.testing.assert_array_equal(counts, expected[name])
