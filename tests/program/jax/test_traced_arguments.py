"""What a compiled function gives a program: refused by name where it would be misread."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    second,
)

import bioplast
from bioplast.errors import BioplastError, UnknownName


@pytest.fixture(scope="module")
def noisy():
    cells = NeuronGroup(2, "dv/dt = -v/(5*ms) : 1", method="exact", name="cells")
    events = SpikeGeneratorGroup(1, [], [] * ms, name="events")
    noise = PoissonInput(cells, "v", 20, 500 / second, 0.1)
    return bioplast.compile(Network(cells, events, noise), 1 * ms, "jax", namespace={}, dtype="float32")


def test_random_numbers_need_a_seed_while_they_are_traced(noisy):
    start = jnp.zeros(2)
    given = {"network.t": 0 * second}
    with pytest.raises(BioplastError, match="draws random numbers: while JAX traces a run it needs a seed or a key"):
        jax.jit(lambda v: noisy({**given, "cells.v": v}).final["cells.v"])(start)
    with pytest.raises(BioplastError, match="draws random numbers"):
        jax.jit(lambda v: noisy.batch({**given, "cells.v": v}).final["cells.v"])(jnp.zeros((3, 2)))
    keys = jax.random.split(jax.random.key(0), 20)
    found = jax.vmap(lambda key: noisy(seed=key).final["cells.v"])(keys)
    assert len(np.unique(found)) > 20


def test_containers_of_what_is_traced_are_refused(noisy):
    with pytest.raises(BioplastError, match=r"'cells\.v' is a list of what JAX traces: one array is accepted"):
        jax.jit(lambda v: noisy({"cells.v": [v, v]}, seed=1).final["cells.v"])(jnp.zeros(()))
    with pytest.raises(BioplastError, match="'events' is a tuple of what JAX traces"):
        jax.jit(lambda t: noisy(inputs={"events": (t, np.array([0]))}, seed=1).final["cells.v"])(jnp.zeros(1))
    with pytest.raises(BioplastError, match="'events' is a list of what JAX traces"):
        jax.jit(lambda t: noisy.batch(inputs={"events": [(t, [0]), ([], [])]}).final["cells.v"])(jnp.zeros(1))


def test_an_unknown_name_is_told_as_such(noisy):
    with pytest.raises(UnknownName, match=r"unknown value 'cells\.u': did you mean 'cells\.v'"):
        jax.jit(lambda v: noisy({"cells.u": v}, seed=1).final["cells.v"])(jnp.zeros(2))


@pytest.fixture(scope="module")
def counting():
    """Spikes that a cell counts, at once and 0.2 ms later."""
    events = SpikeGeneratorGroup(2, [], [] * ms, name="events")
    cells = NeuronGroup(1, "x : 1\ny : 1", name="cells")
    parts = [events, cells, SpikeMonitor(events, name="spikes"), StateMonitor(cells, "x", record=True, name="trace")]
    for name in "xy":
        parts.append(Synapses(events, cells, on_pre=f"{name}_post += 1", name=name))
        parts[-1].connect()
    parts[-1].delay = 0.2 * ms
    return bioplast.compile(Network(*parts), 0.5 * ms, "jax", namespace={}, dtype="float32")


@pytest.mark.parametrize("wrong", [2, 0.4, -1, np.nan])
def test_traced_numbers_that_are_no_spikes_are_never_taken_for_some(counting, wrong):
    right = np.zeros((5, 2), dtype=np.float32)
    right[[0, 2], [0, 1]] = 1
    run = jax.jit(lambda raster: counting(inputs={"events": raster}))
    out = run(right)
    assert out.final["cells.x"] == out.final["cells.y"] == 2
    np.testing.assert_array_equal(run(right.astype(bool)).states["trace"]["x"], out.states["trace"]["x"])
    slope = jax.grad(lambda raster: run(raster).final["cells.x"][0])(right)
    np.testing.assert_array_equal(slope, np.ones((5, 2)))
    bad = right.copy()
    bad[1, 1] = wrong
    with pytest.raises(BioplastError, match=r"0 and 1 are accepted|nan"):
        counting(inputs={"events": bad})
    out = run(bad)
    for found in (out.final["cells.x"], out.final["cells.y"], out.states["trace"]["x"], out.raster("spikes")):
        assert np.isnan(found).all()
    many = jax.jit(lambda raster: counting.batch(inputs={"events": raster}))(np.stack([right, bad]))
    np.testing.assert_array_equal(many.final["cells.x"], [[2], [np.nan]])


def test_so_are_traced_spikes_on_their_way(counting):
    begin = counting.carry()
    begin["y_pre.queue"] = np.zeros((2, 2), dtype=np.float32)
    run = jax.jit(lambda values: counting(values).final["cells.y"])
    assert run(begin) == 0
    begin["y_pre.queue"][1, 0] = 1
    assert run(begin) == 1
    begin["y_pre.queue"][1, 0] = 3
    assert np.isnan(run(begin)).all()


def test_traced_counts_are_refused(counting):
    run = jax.jit(lambda raster: counting(inputs={"events": raster}))
    with pytest.raises(
        BioplastError, match=r"'events' is of type int32 and traced: truth values are accepted, such as"
    ):
        run(np.zeros((5, 2), dtype=np.int32))
