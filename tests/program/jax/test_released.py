"""What synapses add, as products of vectors and a matrix or a list of weights: against Brian2's NumPy.

The sums have some dozen terms of a size of one in float64, so that all orders agree to 1e-12.
"""

from __future__ import annotations

import brian2
import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms

import bioplast
from bioplast.program.jax import blocks, outer
from bioplast.program.jax.simulation import Simulation

RNG = np.random.default_rng(0)
#: What a synapse does, and whether that is a sum of products.
KINDS = {
    "v_post += w*x_pre": True,
    "v_post -= 2*w*x_pre*y_post": True,
    "v_post += w*(1.5 - y_post)": True,
    "sent = w*x_pre\nv_post += sent\nu_post += sent*y_post/(1 + y_post)": True,
    "v_post += w": True,
    "v_post += exp(w*x_pre)": False,
    "v_post += w*x_pre\nw *= 0.9": False,
    "v_post += w*x_pre\nn_post += 1": True,  # but n is a whole number
}


def network(code, delay=0 * ms, subgroups=False, sparse=False):
    rng = np.random.default_rng(3)
    source = SpikeGeneratorGroup(6, [0, 2, 3, 5, 1, 2], [0, 0, 1, 1, 2, 4] * ms, name="source", dt=1 * ms)
    before = NeuronGroup(6, "x : 1\nz : 1", threshold="z > 0.5", reset="z = 0", name="before", dt=1 * ms, namespace={})
    sent = Synapses(source, before, on_pre="z_post = 1", name="sent", dt=1 * ms, namespace={})
    sent.connect(j="i")
    before.x = rng.normal(size=6)
    after = NeuronGroup(
        5,
        "dv/dt = -v/(5*ms) : 1 (unless refractory)\nu : 1\ny : 1\nn : integer",
        threshold="v > 0.8",
        reset="v = 0",
        refractory=2 * ms,
        method="exact",
        name="after",
        dt=1 * ms,
        namespace={},
    )
    after.y = rng.uniform(0.5, 1.5, 5)
    ends = (before[1:5], after[2:]) if subgroups else (before, after)
    late = {} if delay is None else {"delay": delay}
    synapses = Synapses(*ends, "w : 1", on_pre=code, name="synapses", dt=1 * ms, namespace={}, **late)
    if sparse:  # in no order, with two synapses between the same neurons
        synapses.connect(i=[3, 0, 0, 2, 1, 3, 0], j=[0, 2, 1, 2, 0, 2, 1])
    else:
        synapses.connect()
    synapses.w = rng.normal(0.4, 0.5, len(synapses))
    states = StateMonitor(after, ["v", "u"], record=True, name="states", dt=1 * ms)
    return Network(source, before, sent, after, synapses, states, SpikeMonitor(after, name="spikes"))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("subgroups", [False, True])
@pytest.mark.parametrize("delay", [0 * ms, 2 * ms])
@pytest.mark.parametrize("code", KINDS)
def test_states_and_spikes_are_those_of_brian2(code, delay, subgroups, sparse):
    made = network(code, delay, subgroups, sparse)
    programs = [bioplast.compile(made, 9 * ms, target, namespace={}) for target in ("numpy", "jax")]
    assert ("synapses_pre" in programs[1]._simulation.released) == KINDS[code]
    expected, found = (program() for program in programs)
    for name in ("v", "u"):
        np.testing.assert_allclose(found.states["states"][name], expected.states["states"][name], rtol=0, atol=1e-12)
    assert np.abs(expected.states["states"]["v"]).max() > 0.1
    for one, other in zip(expected.events("spikes"), found.events("spikes"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_delays_of_their_own_and_spikes_on_their_way():
    made = network("v_post += w*x_pre", delay=None)
    made["synapses"].delay = RNG.integers(0, 3, len(made["synapses"])) * ms
    programs = [bioplast.compile(made, 4 * ms, target, namespace={}) for target in ("numpy", "jax")]
    first = [program() for program in programs]
    second = [program(values=out.final) for program, out in zip(programs, first, strict=True)]
    for expected, found in (first, second):
        np.testing.assert_allclose(found.states["states"]["v"], expected.states["states"]["v"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("code", [code for code, sum_of_products in KINDS.items() if sum_of_products])
def test_derivatives_are_those_of_a_number_for_each_synapse(code, sparse, monkeypatch):
    def slopes():
        made, surrogate = network(code, sparse=sparse), bioplast.SuperSpike(beta=5)
        program = bioplast.compile(made, 9 * ms, "jax", surrogate=surrogate, namespace={})
        values = {key: program.values[key] for key in ("synapses.w", "before.x", "after.y")}

        def loss(values):
            out = program.batch(values, {"source": rasters})
            return (out.states["states"]["v"] ** 2).sum() + out.states["states"]["u"].sum() + out.raster("spikes").sum()

        return jax.device_get(jax.grad(loss)(values))

    brian2.seed(0)
    rasters = RNG.random((2, 9, 6)) < 0.3
    with jax.enable_x64(True):
        found = slopes()
        monkeypatch.setattr(outer, "released", lambda steps: {})
        monkeypatch.setattr(blocks, "all_to_all", lambda sources, targets: None)
        monkeypatch.setattr(blocks.Run, "several", staticmethod(lambda index: False))
        expected = slopes()
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-10, atol=1e-11)
    assert np.abs(expected["synapses.w"]).max() > 1e-3


@pytest.mark.parametrize("sparse", [False, True])
def test_no_number_is_made_for_each_synapse_and_run(sparse):
    made = network("v_post += w*x_pre", sparse=sparse)
    program = bioplast.compile(made, 9 * ms, "jax", namespace={}, dtype="float32")
    assert isinstance(program._simulation, Simulation)
    rasters = np.zeros((3, 9, 6), dtype=bool)
    text = jax.jit(lambda r: program.batch(inputs={"source": r}).states["states"]["v"]).lower(rasters).as_text()
    assert "3x6x5x" not in text
    assert "3x30x" not in text
    assert "3x7x" not in text


@pytest.mark.parametrize("part", [1, 11, 13])
@pytest.mark.parametrize("code", ["v_post += w*v_pre", "v_post += w"])
def test_refractory_neurons_of_one_group_are_held_back_as_by_brian2(code, part):
    cells = NeuronGroup(
        13,
        "dv/dt = (1.5 - v)/(8*ms) : 1 (unless refractory)",
        threshold="v > 1",
        reset="v = 0",
        refractory=2 * ms,
        method="exact",
        name="cells",
        namespace={},
    )
    cells.v = "i/13."
    synapses = Synapses(cells, cells[:part], "w : 1", on_pre=code, name="synapses", namespace={})
    synapses.connect()
    synapses.w = RNG.uniform(0, 0.2, len(synapses))
    states = StateMonitor(cells, "v", record=True, name="states")
    made = Network(cells, synapses, states, SpikeMonitor(cells, name="spikes"))
    expected, found = (bioplast.compile(made, 20 * ms, target, namespace={})() for target in ("numpy", "jax"))
    np.testing.assert_allclose(found.states["states"]["v"], expected.states["states"]["v"], rtol=0, atol=1e-12)
    assert len(expected.events("spikes")[0]) > 5
