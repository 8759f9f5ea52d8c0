"""A batch on target native: each run is that of a single call, whatever the number of threads."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, ms
from support import constructs
from support.parity import assert_same

import bioplast
from bioplast.errors import BioplastError

pytestmark = pytest.mark.build


def compiled(network, duration, **options):
    return bioplast.compile(network, duration, "native", namespace={}, **options)


@pytest.fixture(scope="module")
def layers():
    return constructs.NETWORKS["all_to_all_of_many"]()


def drawn(runs):
    rng = np.random.default_rng(5)
    return {"there.w": rng.random((runs, 240)) * 0.2}, {"generator": rng.random((runs, 200, 6)) < 0.05}


def test_each_run_of_a_batch_is_that_of_a_single_call_on_numpy(layers):
    values, inputs = drawn(3)
    outs = compiled(layers, 20 * ms).batch(values, inputs, seed=[1, 2, 3])
    single = bioplast.compile(layers, 20 * ms, "numpy", namespace={})
    for k, out in enumerate(outs):
        given = ({name: a[k] for name, a in found.items()} for found in (values, inputs))
        assert assert_same(single(*given, seed=k + 1), out).spikes > 0


@pytest.mark.parametrize("varied", ["cells.tau", "cells.scale", "both"])
def test_numbers_that_are_made_once_are_those_of_each_run(varied):
    """Decays are kept from one run of a thread to the next, unless a parameter of theirs is another."""
    equations = "dv/dt = (3*scale - v*scale)/tau : 1\ntau : second (constant)\nscale : 1 (shared, constant)"
    cells = NeuronGroup(3, equations, threshold="v > 1", reset="v = 0", method="exact", name="cells")
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    taus = np.array([[5, 6, 7], [5, 6, 7], [2, 9, 4], [5, 6, 7]]) * ms
    each = {"cells.tau": taus, "cells.scale": [1.0, 2.0, 1.0, 3.0]}
    given = {name: value for name, value in each.items() if varied in (name, "both")}
    start = {"cells.tau": 5 * ms, "cells.scale": 1.0}
    single = bioplast.compile(network, 20 * ms, "numpy", namespace={})
    outs = compiled(network, 20 * ms, threads=1).batch(start | given)
    assert len(outs) == 4
    for k, out in enumerate(outs):
        assert assert_same(single(start | {name: value[k] for name, value in given.items()}), out).spikes > 0


@pytest.mark.parametrize("name", ["poisson_groups", "additive_noise"])
def test_the_number_of_threads_changes_no_digit(name):
    network = constructs.RANDOM[name]()
    found = [compiled(network, 20 * ms, threads=threads).batch(seed=range(7)) for threads in (1, 2, 5)]
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            for key, value in one.final.items():
                np.testing.assert_array_equal(two.final[key], value)
            for name in one.spikes:
                np.testing.assert_array_equal(two.events(name), one.events(name))


def test_runs_with_delays_and_lengths_of_their_own(layers):
    delays = np.array([0.1, 2.5, 0.0]) * ms
    program, single = compiled(layers, 20 * ms), bioplast.compile(layers, 9 * ms, "numpy", namespace={})
    outs = program.batch({"there_pre.delay": delays}, duration=9 * ms)
    for delay, out in zip(delays, outs, strict=True):
        assert_same(single({"there_pre.delay": delay}), out)
    outs = program.batch({"network.t": np.array([0.0, 3.0]) * ms}, duration=9 * ms)
    for start, out in zip((0, 3), outs, strict=True):
        assert_same(single({"network.t": start * ms}), out)


def test_float32_is_close_and_refuses_what_it_cannot_tell_apart():
    network = constructs.NETWORKS["all_to_all"]()
    wide, narrow = compiled(network, 10 * ms), compiled(network, 10 * ms, dtype="float32")
    assert narrow.dtype == np.float32
    expected, found = wide().states["cells_states"]["v"], narrow().states["cells_states"]["v"]
    assert found.dtype == np.float32
    assert 0 < np.abs(found - expected).max() < 1e-5
    with pytest.raises(BioplastError, match="dtype is 'float16': 'float32' and 'float64' are accepted"):
        compiled(network, 10 * ms, dtype="float16")
    held = Network(*constructs.NETWORKS["refractory_time"]().objects)
    with pytest.raises(BioplastError, match="float32 tells the steps of this network apart up to step 8192"):
        compiled(held, 10 * ms, dtype="float32")(duration=1000 * ms)


def test_fast_math_keeps_the_numbers_of_a_system_that_forgets():
    network = constructs.NETWORKS["units"]()
    exact, fast = compiled(network, 10 * ms)(), compiled(network, 10 * ms, fast_math=True)()
    np.testing.assert_allclose(fast.states["cells_states"]["v"], exact.states["cells_states"]["v"], rtol=1e-9)


def test_fast_math_leaves_the_arithmetic_of_python_alone():
    """A library that gcc before 13 has linked with -ffast-math lets the whole thread take tiny numbers for zero."""
    tiny = np.full(3, np.finfo(np.float64).smallest_subnormal)
    out = compiled(constructs.NETWORKS["units"](), 1 * ms, fast_math=True)()
    assert out.states["cells_states"]["v"].size
    assert (tiny * 3 > 0).all()


def test_within_jit_xla_calls_c_and_not_python(layers):
    program = compiled(layers, 5 * ms, dtype="float32")
    weights = np.zeros((2, 240), dtype=np.float32)
    text = jax.jit(lambda w: program.batch({"there.w": w}).final["cells.v"]).lower(weights).as_text()
    assert "bioplast_native_float32" in text
    assert "callback" not in text


def test_a_network_of_several_clocks_runs_within_jit_as_it_does_outside():
    network = constructs.NETWORKS["several_clocks"]()
    program = compiled(network, 5 * ms)
    with jax.enable_x64(True):
        key = sorted(key for key, variable in program._variables.items() if variable.dtype.kind == "f")[0]
        value = program.values[key]
        found = jax.jit(lambda given: program({key: given}).final)(value)
        for name, expected in program({key: value}).final.items():
            if not name.endswith((".queue", "network.t")) and name in found:
                np.testing.assert_allclose(found[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_networks_and_samples_mapped_over_have_the_gradients_of_each_alone(layers):
    """P networks of S samples, from P and S arrays: sums over the samples of each network by itself."""
    program = compiled(layers, 5 * ms, surrogate=dict.fromkeys(("cells", "others"), bioplast.SuperSpike(beta=3)))
    rng = np.random.default_rng(3)
    with jax.enable_x64(True):
        weights, rasters = rng.random((3, 240)) * 0.2, rng.random((5, 50, 6)) < 0.1

        def loss(w, given):
            return (program.batch({"there.w": w}, {"generator": given}).final["cells.v"] ** 2).sum()

        together = jax.jit(jax.vmap(jax.grad(loss), (0, None)))(weights, rasters)
        for own, found in zip(weights, together, strict=True):
            each = sum(np.asarray(jax.grad(loss)(own, rasters[k : k + 1])) for k in range(5))
            assert np.abs(each).max() > 0
            np.testing.assert_allclose(found, each, rtol=1e-9, atol=1e-9 * np.abs(each).max())
