"""Batches of target jax against runs one by one; float32, checkpoints and the compilations kept on disk."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, TimedArray, ms, volt
from jax.sharding import NamedSharding, PartitionSpec, SingleDeviceSharding
from support import constructs, interpreter, networks
from support.layers import LABELS, RASTERS, layers, loss
from support.parity import assert_same

import bioplast
from bioplast.errors import BioplastError
from bioplast.program.build import cache
from bioplast.program.jax import disk, disk_cache


@pytest.fixture(scope="module")
def program():
    return layers()


@pytest.fixture(autouse=True)
def _two_devices():
    assert len(jax.local_devices()) == 2  # tests/conftest.py asks JAX for them


# Batches -------------------------------------------------------------------------------------------------------------


def test_a_batch_of_inputs_is_that_of_runs_one_by_one(program):
    """Five runs on two devices: the last is made once more, and left out."""
    outputs = program.batch(inputs={"source": RASTERS})
    assert len(outputs) == 5
    assert outputs.raster("spikes").sum() > 50
    for raster, found in zip(RASTERS, outputs, strict=True):
        assert_same(program(inputs={"source": raster}), found)


def test_every_value_may_have_a_batch_axis():
    """Weights, delays, spikes on their way and the time, each its own in every run."""
    network = networks.driven()
    program = bioplast.compile(network, 10 * ms, "jax", namespace={})
    ahead = program(seed=1, inputs={"poisson": np.random.default_rng(0).random((100, 10)) < 0.05}).final
    delay = np.array([[2e-3], [3.1e-3]])
    values = {
        "from_poisson.q": np.random.default_rng(1).random((2, len(ahead["from_poisson.q"]))),
        "from_poisson_pre.delay": delay[:, 0] if np.ndim(ahead["from_poisson_pre.delay"]) == 0 else delay,
        "network.t": np.array([0.0, 10e-3]),
    }
    assert len(ahead["from_poisson_pre.queue"])
    inputs = {"drive": np.random.default_rng(2).random((2, 200, 5))}
    outputs = program.batch(values, inputs, seed=[3, 4])
    for k, found in enumerate(outputs):
        one = program({key: value[k] for key, value in values.items()}, {"drive": inputs["drive"][k]}, 3 + k)
        assert_same(one, found)
    plain = program.batch({"second.v": np.zeros((2, 4)), "from_poisson_pre.queue": ahead["from_poisson_pre.queue"]},
                          seed=[3, 3])  # fmt: skip
    assert_same(program({"second.v": np.zeros(4), "from_poisson_pre.queue": ahead["from_poisson_pre.queue"]}, seed=3),
                plain[0])  # fmt: skip


def test_random_numbers_of_a_batch_are_those_of_its_seeds():
    program = bioplast.compile(constructs.RANDOM["additive_noise"](), 2 * ms, "jax", namespace={})
    outputs = program.batch({"cells.v": np.zeros((3, 4))}, seed=7)
    assert len({out.seed for out in outputs}) == 3
    for out in outputs:
        assert_same(program({"cells.v": np.zeros(4)}, seed=out.seed), out)
    with jax.enable_x64(True):
        keys = jax.random.split(jax.random.key(1), 3)
        mapped = jax.jit(lambda keys: program.batch(seed=keys))(keys).states["cells_states"]["v"]
        for key, states in zip(keys, mapped, strict=True):
            np.testing.assert_allclose(jax.jit(lambda key: program(seed=key))(key).states["cells_states"]["v"], states,
                                       rtol=1e-12)  # fmt: skip


def test_the_gradient_of_a_batch_is_the_sum_of_those_of_its_runs(program):
    keys = ("first.w", "second.w", "cells.v")
    rng = np.random.default_rng(6)
    with jax.enable_x64(True):
        values = {key: jnp.asarray(program.values[key]) for key in keys}
        values["cells.v"] = jnp.asarray(rng.random((5, 40)))  # of each run its own
        found = jax.jit(
            jax.grad(lambda values, rasters: loss(program.batch(values, {"source": rasters}), LABELS))
        )(values, RASTERS)  # fmt: skip
        single = jax.jit(jax.grad(lambda v, raster, y: loss(program(v, {"source": raster}), y)))
        runs = [
            jax.device_get(single({**values, "cells.v": values["cells.v"][k]}, RASTERS[k].astype(float), LABELS[k]))
            for k in range(5)
        ]
    expected = {key: sum(run[key] for run in runs) for key in ("first.w", "second.w")}
    expected["cells.v"] = np.stack([run["cells.v"] for run in runs])
    for key in keys:
        assert np.abs(expected[key]).max() > 0
        # the same sums of some hundred terms in another order
        np.testing.assert_allclose(found[key], expected[key], rtol=0, atol=1e-11 * np.abs(expected[key]).max())


def test_a_batch_is_spread_over_all_devices(program):
    with jax.enable_x64(True):
        out = jax.jit(lambda w: program.batch({"first.w": w}, {"source": RASTERS}))(program.values["first.w"])
        assert len(out.states["trace"]["u"].sharding.device_set) in (1, 2)
        even = jax.jit(lambda w: program.batch({"first.w": w}, {"source": RASTERS[:4]}))(program.values["first.w"])
        assert len(even.states["trace"]["u"].sharding.device_set) == 2
        with jax.default_device(jax.devices()[1]):
            one = jax.jit(lambda w: program.batch({"first.w": w}, {"source": RASTERS[:4]}))(program.values["first.w"])
        assert one.states["trace"]["u"].sharding.device_set == {jax.devices()[1]}
    np.testing.assert_array_equal(even.raster("spikes"), one.raster("spikes"))
    np.testing.assert_array_equal(even.final["second.w"], np.tile(program.values["second.w"], (4, 1)))


def trained(program, place):
    """Losses of three steps of Adam, and how often JAX compiled something after the first."""
    adam, compiled = optax.adam(1e-3), []

    def listen(event, *_, **__):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(event)

    @jax.jit
    def step(w, state, rasters):
        value, slope = jax.value_and_grad(lambda w: loss(program.batch({"first.w": w}, {"source": rasters}), LABELS))(w)
        change, state = adam.update(slope, state, w)
        return optax.apply_updates(w, change), state, value

    w = program.values["first.w"].astype(np.float32)
    w, state = place((w, adam.init(w)))
    told = []
    for _ in range(3):
        w, state, value = step(w, state, RASTERS)
        told.append(float(value))
        if len(told) == 1:
            jax.monitoring.register_event_duration_secs_listener(listen)
    jax.monitoring.unregister_event_duration_listener(listen)
    return told, len(compiled)


def test_a_training_step_is_compiled_once_for_replicated_values(narrow):
    values, again = trained(narrow, narrow.replicated)
    assert not again
    expected, _ = trained(narrow, lambda tree: tree)
    np.testing.assert_allclose(values, expected, rtol=1e-5)  # sums of some hundred numbers of float32
    assert values[2] < values[1] < values[0]


def test_replicated_values_are_where_a_batch_is(program):
    def places(tree):
        return {leaf.sharding for leaf in jax.tree.leaves(program.replicated(tree))}

    everywhere = NamedSharding(jax.make_mesh((2,), ("x",)), PartitionSpec())
    (found,) = places({"a": np.zeros(3), "b": [jnp.ones(2), 1.0, jax.random.key(1)]})
    assert found.is_equivalent_to(everywhere, 1)
    with jax.default_device(jax.devices()[1]):
        assert places(np.zeros(3)) == {SingleDeviceSharding(jax.devices()[1])}
    with jax.set_mesh(jax.make_mesh((2,), ("own",))):
        (found,) = places(np.zeros(3))
    assert found.mesh.axis_names == ("own",)
    assert found.is_fully_replicated


def test_batches_of_any_size_take_what_another_batch_was_trained_with():
    """On three devices with batches of four, two and one."""
    code = """
import brian2
brian2.prefs.codegen.target = "numpy"
import jax
import numpy as np
from support.layers import LABELS, RASTERS, layers, loss
assert len(jax.devices()) == 3
program = layers(8, dtype="float32")
rasters, labels = RASTERS[:, :8], LABELS[:, :8]
slope = jax.jit(jax.grad(lambda w, r, y: loss(program.batch({"first.w": w}, {"source": r}), y)))
w = program.values["first.w"]
there = slope(w, rasters[:4], labels[:4])*0 + w.astype(np.float32)
assert len(there.sharding.device_set) == 3
single = sum(np.asarray(slope(there, rasters[k:k + 1], labels[k:k + 1])) for k in range(2))
found = np.asarray(slope(there, rasters[:2], labels[:2]))
assert np.abs(found).max() > 0
assert np.abs(found - single).max() <= 1e-5*np.abs(found).max()  # float32
"""
    interpreter.run(code, preamble="", JAX_NUM_CPU_DEVICES="3")


def test_jax_gets_a_device_for_each_core_unless_it_was_told_otherwise():
    code = """
import os
os.environ.pop("JAX_NUM_CPU_DEVICES", None)
import bioplast
from support import networks
from bioplast.machine import all_cores
from brian2 import ms, prefs
prefs.codegen.target = "numpy"
bioplast.compile(networks.single(), 1*ms, "jax", namespace={})
import jax
assert len(jax.devices()) == all_cores(), jax.devices()
"""
    interpreter.run(code, preamble="")


def test_a_batch_within_a_compiled_function_takes_and_checks_what_another_does(program):
    events = [(rows * ms, neurons) for rows, neurons in map(np.nonzero, RASTERS)]
    w = program.values["first.w"]
    with jax.enable_x64(True):
        spikes = jax.jit(lambda w: program.batch({"first.w": w}, {"source": events}).raster("spikes"))(w)
        np.testing.assert_array_equal(spikes, program.batch(inputs={"source": RASTERS}).raster("spikes"))
        for wrong, line in (
            ([*RASTERS[:4], RASTERS[4] * volt], "'source': one unit is accepted, not volt and no unit"),
            ([*RASTERS[:4], RASTERS[4] * np.nan], "input 'source' holds nan in sample 4"),
            ([*events[:4], ([0 * ms], [20])], "sample 4: input 'source' has neuron 20: neurons 0 to 19 are accepted"),
        ):
            with pytest.raises(BioplastError, match=line):
                jax.eval_shape(lambda w, wrong=wrong: program.batch({"first.w": w}, {"source": wrong}), w)


def test_what_does_not_fit_into_a_batch_is_refused(program):
    with pytest.raises(BioplastError, match=r"different lengths \(cells.v: 2, source: \d+\)"):
        program.batch({"cells.v": np.zeros((2, 40))}, {"source": RASTERS})
    with jax.enable_x64(True):
        with pytest.raises(BioplastError, match="so 0 and 1 are accepted"):
            jax.jit(lambda w: program.batch({"first.w": w}, {"source": RASTERS * 2}))(program.values["first.w"])
        with pytest.raises(BioplastError, match=r"input 'source' has shape \(29, 20\): \[30, 20\] is expected|29"):
            jax.jit(lambda w: program.batch({"first.w": w}, {"source": RASTERS[:, 1:]}))(program.values["first.w"])
    with pytest.raises(BioplastError, match="different numbers of steps"):
        odd = bioplast.compile(networks.single(), 1.05 * ms, "jax", namespace={})
        odd.batch({"network.t": np.array([0.0, 0.95e-3])})


# Precision -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exact(program):
    """In float64 the run of the first raster and the gradient of all."""
    with jax.enable_x64(True):
        w = jnp.asarray(program.values["first.w"])
        gradient = jax.grad(lambda w: loss(program.batch({"first.w": w}, {"source": RASTERS}), LABELS))(w)
        return program(inputs={"source": RASTERS[0]}), np.asarray(gradient)


@pytest.fixture(scope="module")
def narrow():
    return layers(dtype="float32")


@pytest.mark.parametrize("wide", [False, True])
def test_single_precision_whatever_the_setting_of_the_user(exact, narrow, wide):
    """A leaky neuron forgets a rounding error of 6e-8 of it within some dozen steps: below 1e-5 of the largest."""
    out, expected = exact
    with jax.enable_x64(wide):
        found = narrow(inputs={"source": RASTERS[0]})
        w = jnp.asarray(narrow.values["first.w"])
        gradient = jax.jit(jax.grad(lambda w: loss(narrow.batch({"first.w": w}, {"source": RASTERS}), LABELS)))(w)
    np.testing.assert_array_equal(found.raster("spikes"), out.raster("spikes"))
    assert found.states["trace"]["u"].dtype == np.float32
    u = out.states["trace"]["u"]
    np.testing.assert_allclose(found.states["trace"]["u"], u, rtol=0, atol=1e-5 * np.abs(u).max())
    assert {value.dtype for key, value in found.final.items() if key.endswith((".v", ".w", ".u"))} == {np.dtype(float)}
    # the surrogate's slope of 5 at the threshold, in sums of five runs
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    "name", ["refractory_time", "heterogeneous_delays", "event_driven_equations", "several_clocks"]
)
def test_constructs_in_single_precision(name):
    """Spikes may shift by a step where a margin is below rounding; these networks have none so close."""
    network = constructs.NETWORKS[name]()
    expected = bioplast.compile(network, 10 * ms, "numpy", namespace={})()
    found = bioplast.compile(network, 10 * ms, "jax", namespace={}, dtype=np.float32)()
    for monitor, spikes in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[monitor].steps, spikes.steps)
        np.testing.assert_array_equal(found.spikes[monitor].indices, spikes.indices)
    for monitor, states in expected.states.items():
        for variable, value in states.items():
            value = np.asarray(value, dtype=float)
            finite = np.isfinite(value)
            assert np.abs(found.states[monitor][variable] - value)[finite].max(initial=0) <= 1e-4 * np.abs(
                value[finite]
            ).max(initial=0)


def test_what_single_precision_cannot_tell_apart_is_refused():
    program = bioplast.compile(constructs.NETWORKS["refractory_time"](), 30 * ms, "jax", namespace={}, dtype="float32")
    program({"network.t": 0.7})
    with pytest.raises(BioplastError, match="float32 tells the steps of this network apart up to step 8192"):
        program({"network.t": 0.8})
    with pytest.raises(BioplastError, match="'float32' and 'float64' are accepted"):
        layers(dtype="float16")
    with pytest.raises(BioplastError, match="takes no option dtype: it is for 'jax'"):
        bioplast.compile(networks.single(), 1 * ms, "numpy", dtype="float32")


# Checkpoints ---------------------------------------------------------------------------------------------------------


def test_checkpoints_change_neither_values_nor_gradients():
    """Of 32 steps six parts of five, and two steps that are left."""
    steps = 32
    rasters = np.random.default_rng(3).random((2, steps, 20)) < 0.1
    with jax.enable_x64(True):
        told = []
        for remat in (False, True):
            program = layers(steps, remat=remat)
            w = jnp.asarray(program.values["first.w"])

            def squared(w, program=program):
                return (program.batch({"first.w": w}, {"source": rasters}).states["trace"]["u"] ** 2).sum()

            value = jax.jit(jax.value_and_grad(squared))(w)
            told.append((value, program(inputs={"source": rasters[0]})))
    assert_same(told[0][1], told[1][1])
    assert float(told[0][0][0]) == pytest.approx(float(told[1][0][0]), rel=1e-12)
    np.testing.assert_allclose(told[1][0][1], told[0][0][1], rtol=0, atol=1e-12 * np.abs(told[0][0][1]).max())


def test_memory_of_a_gradient_with_checkpoints_grows_with_the_square_root_of_the_steps():
    def needed(steps, remat):
        program = layers(steps, 200, remat=remat, dtype="float32")

        def told(w):
            return program({"first.w": w}).final["readout.u"].sum()

        lowered = jax.jit(jax.grad(told)).lower(program.values["first.w"].astype(np.float32))
        return lowered.compile().memory_analysis().temp_size_in_bytes

    # From 100 to 1600 steps a state for each step takes 16 times the memory, one for each and each of a part 4 times.
    assert needed(1600, True) < 6 * needed(100, True)
    assert needed(1600, False) > 6 * needed(100, True)


# On disk -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hits(monkeypatch, tmp_path):
    """The compilations that JAX found on disk, counted; in a cache of this test's own that keeps quick ones, too."""
    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path))
    monkeypatch.setitem(disk.SETTINGS, "jax_persistent_cache_min_compile_time_secs", 0.0)
    found = []

    def listen(event, **_):
        if event == "/jax/compilation_cache/cache_hits":
            found.append(event)

    jax.monitoring.register_event_listener(listen)
    yield found
    jax.monitoring.unregister_event_listener(listen)


def test_what_was_compiled_is_found_on_disk_again(hits):
    expected = layers(17)()
    assert not hits
    kept = list(cache.compilations().glob("*"))
    assert kept
    jax.clear_caches()
    assert_same(expected, layers(17)())
    assert hits
    assert jax.config.jax_compilation_cache_dir is None
    assert cache.size() >= sum(path.stat().st_size for path in kept)
    for path in kept:
        path.write_bytes(path.read_bytes()[:-100])
    jax.clear_caches()
    with pytest.warns(UserWarning, match="cache"):
        assert_same(expected, layers(17)())
    cache.clear()
    assert not cache.compilations().exists()


def test_the_least_recent_compilations_give_way(hits, monkeypatch):
    layers(18)()
    kept = set(cache.compilations().glob("*"))
    assert kept
    monkeypatch.setenv("BIOPLAST_CACHE_LIMIT", "1")
    with disk_cache():
        pass
    assert set(cache.compilations().glob("*")) == kept
    layers(19)()
    assert not kept & set(cache.compilations().glob("*"))


def test_a_folder_that_the_user_has_chosen_is_used(hits, tmp_path):
    own = tmp_path / "own"
    jax.config.update("jax_compilation_cache_dir", str(own))
    try:
        with disk_cache():
            assert jax.config.jax_compilation_cache_dir == str(own)
    finally:
        jax.config.update("jax_compilation_cache_dir", None)
    assert not cache.compilations().exists()


@pytest.mark.parametrize("how", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_what_a_compiled_function_captures_may_be_of_either_kind(how):
    source = SpikeGeneratorGroup(2, [], [] * ms, name="source", dt=1 * ms)
    cell = NeuronGroup(1, "dv/dt = (I(t) - v)/(5*ms) : 1", method="exact", name="cell", dt=1 * ms, namespace={
        "I": TimedArray([0.0, 0.5], dt=2 * ms)})  # fmt: skip
    synapses = Synapses(source, cell, "w : 1", on_pre="v_post += w", name="synapses", dt=1 * ms)
    synapses.connect()
    program = bioplast.compile(Network(source, cell, synapses), 4 * ms, "jax", namespace={}, dtype="float32")
    spikes = np.zeros((2, 4, 2), dtype=bool)
    spikes[0, 0, 0] = spikes[1, 1, 1] = True
    inputs = {"source": how(spikes), "I": how(np.array([[0.0, 0.5], [1.0, 0.0]]))}
    start = how(np.array([[0.1], [0.2]], dtype=np.float32))

    def loss(weights):
        out = program.batch({"synapses.w": weights, "cell.v": start}, inputs)
        return out.final["cell.v"].sum()

    gradient = jax.jit(jax.grad(loss))(jnp.asarray([1.0, 2.0]))
    np.testing.assert_allclose(gradient, np.exp([-3 / 5, -2 / 5]), rtol=1e-5)
