"""Runs of a few steps, which are no loop: step by step what Brian2 computes, with the derivatives of a loop."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms, second
from support import constructs
from support.parity import assert_same

import bioplast
from bioplast.program.jax import checkpoints


@pytest.mark.parametrize("steps", [2, 3, 4])
@pytest.mark.parametrize("name", ["several_clocks", "clocks_without_a_common_step"])
def test_a_few_steps_are_those_of_brian2(name, steps):
    network = constructs.NETWORKS[name]()
    duration = steps * min(float(thing.clock.dt_) for thing in network.sorted_objects) * second
    expected, found = (bioplast.compile(network, duration, target, namespace={})(seed=1) for target in ("numpy", "jax"))
    assert_same(expected, found)


def recurrent():
    cells = NeuronGroup(
        5,
        "dv/dt = (1.5 - v)/(3*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
        dt=1 * ms,
        name="cells",
    )
    cells.v = "0.9 + 0.05*i"
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", delay=1 * ms, dt=1 * ms, name="synapses")
    synapses.connect()
    synapses.w = "0.1*(i - j)"
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"))


def test_a_gradient_through_a_few_steps_is_that_of_a_loop(monkeypatch):
    """With spikes in flight; but for the order in which derivatives are added."""
    found = []
    for unrolled in (4, 0):
        monkeypatch.setattr(checkpoints, "UNROLLED", unrolled)
        slope = bioplast.SuperSpike(beta=10)
        program = bioplast.compile(recurrent(), 4 * ms, "jax", namespace={}, surrogate=slope)
        assert program().raster("spikes").sum() > 3

        def loss(w, v, program=program):
            out = program({"synapses.w": w, "cells.v": v, "network.t": 0 * second})
            return (out.final["cells.v"] ** 2).sum() + (out.raster("spikes") * np.arange(5.0)).sum()

        with jax.enable_x64(True):
            start = program.values["synapses.w"], program.values["cells.v"]
            found.append(jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))(*start))
    assert all((np.abs(slope) > 1e-3).any() for slope in found[0][1])
    for one, other in zip(jax.tree.leaves(found[0]), jax.tree.leaves(found[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
