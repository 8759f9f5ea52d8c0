"""A Program: its values, inputs, seeds, outputs and batches, and that the user's network stays as it was."""

from __future__ import annotations

import functools
import itertools
import threading

import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, StateMonitor, TimedArray, ms, mV, prefs, second
from brian2.core.variables import ArrayVariable
from brian2.devices.device import get_device
from hypothesis import given, settings
from hypothesis import strategies as st
from support import networks

import bioplast
from bioplast.errors import BioplastError, UnknownName
from bioplast.program import network as net

TARGETS = ["numpy", "cpp"]
# For what does not take JAX long to compile.
WITH_JAX = [*TARGETS, "jax", "native"]
DT = 1e-4


def compiled(network, duration, target="numpy", **options):
    return bioplast.compile(network, duration, target, namespace={}, **options)


@pytest.fixture(scope="module")
def single():
    return compiled(networks.single(), 20 * ms)


def leaky(steps, tau=10e-3, drive=1.5, w=0.25, v=(0.0, 0.0), delay=30):
    """The network `single` by hand: both traces as they are at the start of each step, and the first cell's spikes."""
    v0, v1 = v
    trace, spikes = np.zeros((steps, 2)), []
    for n in range(steps):
        trace[n] = v0, v1
        v0 = v0 + DT * (drive - v0) / tau
        v1 = v1 + DT * (0 - v1) / tau
        if n - delay in spikes:
            v1 += w
        if v0 > 1:
            spikes.append(n)
            v0 = 0
    return trace, spikes


# Values ---------------------------------------------------------------------------------------------------------------


def test_values_have_brian2s_names_shapes_and_si_units(single):
    found = {key: (value.shape, value.dtype) for key, value in single.values.items()}
    assert found == {
        "cells.v": ((2,), np.dtype(float)),
        "cells.p": ((2,), np.dtype(float)),
        "synapse.w": ((1,), np.dtype(float)),
        "synapse_pre.delay": ((), np.dtype(float)),
        "synapse_pre.queue": ((0, 2), np.dtype(np.int32)),
        "network.t": ((), np.dtype(float)),
    }
    assert single.values["synapse_pre.delay"] == 3e-3


def test_values_follow_the_live_network():
    network = networks.single()
    program = compiled(network, 5 * ms)
    network["cells"].v = [0.3, 0.7]
    assert program.values["cells.v"].tolist() == [0.3, 0.7]
    assert program().states["trace"]["v"][0].tolist() == [0.3, 0.7]


@pytest.mark.parametrize("target", WITH_JAX)
def test_values_replace_those_of_the_network_for_one_run_only(target):
    program = compiled(networks.single(), 20 * ms, target)
    before = program.values
    changed = program({"cells.v": [0.5, 0.1], "synapse.w": [0.5], "synapse_pre.delay": 1 * ms})
    np.testing.assert_allclose(
        changed.states["trace"]["v"], leaky(200, w=0.5, v=(0.5, 0.1), delay=10)[0], rtol=1e-9, atol=1e-12
    )
    assert all(np.array_equal(program.values[key], before[key]) for key in before)
    np.testing.assert_allclose(program().states["trace"]["v"], leaky(200)[0], rtol=1e-9, atol=1e-12)


def test_a_quantity_must_have_the_variables_unit():
    program = compiled(networks.plastic(neurons=50), 1 * ms)
    assert program({"cells.tau": 20 * ms}).final["cells.tau"] == 0.02
    assert program({"cells.tau": 0.02}).final["cells.tau"] == 0.02
    with pytest.raises(BioplastError, match=r"'cells.tau' is given in V: s is expected"):
        program({"cells.tau": 20 * mV})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"cells.vv": 0}, "unknown value 'cells.vv': did you mean 'cells.v'"),
        ({3: 0}, "unknown value '3'"),
        ([1, 2], "values is of type list: a dict by name is accepted"),
        ({"cells.v": [1, 2, 3]}, r"'cells.v' has shape \(3,\): \(2,\) is expected"),
        ({"cells.v": "high"}, "'cells.v': numbers are accepted, not str"),
        ({"synapse_pre.delay": -1 * ms}, "'synapse_pre.delay': delays that are finite and not negative"),
        ({"synapse_pre.delay": np.nan}, "'synapse_pre.delay': delays that are finite and not negative"),
        ({"synapse_pre.delay": 1e300}, "'synapse_pre.delay': delays of fewer than 2\\*\\*31 steps"),
        ({"synapse_pre.queue": [[0, 0]]}, "'synapse_pre.queue': rows of"),
        ({"synapse_pre.queue": [[1.5, 0]]}, "'synapse_pre.queue': rows of"),
        ({"synapse_pre.queue": "none"}, "'synapse_pre.queue': numbers are accepted"),
        ({"synapse_pre.queue": [[1, 1]]}, "'synapse_pre.queue': synapses 0 to 0 are accepted"),
        ({"synapse_pre.queue": [[1, -1]]}, "'synapse_pre.queue': synapses 0 to 0 are accepted"),
        ({"synapse_pre.queue": [[2**40, 0]]}, "'synapse_pre.queue': rows of"),
        ({"synapse_pre.queue": [[1, 0, 0]]}, r"'synapse_pre.queue' has shape \(1, 3\): rows of .* \[spikes, 2\]"),
        ({"cells.v": [10**30, 1]}, "'cells.v': whole numbers of 64 bits are accepted"),
        ({"cells.v": np.ma.array([1, 2], mask=[0, 1])}, "'cells.v': numbers are accepted, not an array with masked"),
        ({"network.t": -1 * second}, "'network.t': a time that is finite and not negative"),
        ({"network.t": np.nan}, "'network.t': a time that is finite and not negative"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(single, values, message):
    with pytest.raises(BioplastError, match=message):
        single(values)


def test_whole_numbers_and_truth_values_are_not_rounded():
    program = compiled(networks.varied(), 1 * ms)
    assert program({"a.k": np.full(10, 7.0)}).final["a.k"].min() >= 7
    with pytest.raises(BioplastError, match=r"'a\.k' has 1.5: whole numbers \(int32\) are accepted"):
        program({"a.k": 1.5})
    with pytest.raises(BioplastError, match=r"'a\.b' has 2: True and False are accepted"):
        program({"a.b": 2})


@pytest.mark.parametrize("target", WITH_JAX)
def test_synapses_made_after_the_compilation_are_told(target):
    network = networks.single()
    program = compiled(network, 5 * ms, target)
    network["synapse"].connect(i=[1], j=[0])
    with pytest.raises(BioplastError, match="the connectivity of 'synapse' was changed after compile"):
        program()


def test_another_dt_after_the_compilation_is_told():
    network = networks.single()
    program = compiled(network, 5 * ms, "cpp")
    network["trace"].clock.dt = 0.2 * ms
    try:
        with pytest.raises(BioplastError, match="dt of 'cells' was changed after compile: compile the network again"):
            program()
    finally:
        network["trace"].clock.dt = 0.1 * ms


# Inputs ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", WITH_JAX)
def test_spikes_given_for_a_group_are_those_that_it_emits(target):
    rng = np.random.default_rng(0)
    program = compiled(networks.driven(), 10 * ms, target)
    generator, poisson = rng.random((100, 3)) < 0.1, rng.random((100, 10)) < 0.1
    out = program(inputs={"generator": generator, "poisson": poisson})
    np.testing.assert_array_equal(out.raster("generator_spikes"), generator)
    np.testing.assert_array_equal(out.raster("poisson_spikes"), poisson)
    times, neurons = [0.5, 2.0, 2.0, 9.9] * ms, [2, 1, 0, 0]
    for name in ("generator", "poisson"):
        found = program(inputs={name: (times, neurons)}).events(f"{name}_spikes")
        np.testing.assert_allclose(found[0], [0.5e-3, 2e-3, 2e-3, 9.9e-3], rtol=1e-12)
        assert found[1].tolist() == [2, 0, 1, 0]
        assert program(inputs={name: ([], [])}).raster(f"{name}_spikes").sum() == 0


def test_times_between_two_steps_fall_into_the_step_that_brian2_chooses():
    times = np.array([0.16, 0.1, 1.2999999, 1.29]) * 1e-3
    network = networks.driven()
    out = compiled(network, 2 * ms)(inputs={"generator": (times, [0, 1, 2, 1])})
    network["generator"].set_spikes([0, 1, 2, 1], times * second)
    network.run(2 * ms, namespace={})
    np.testing.assert_array_equal(out.events("generator_spikes")[0], np.sort(network["generator_spikes"].t_[:]))


@pytest.mark.parametrize("target", WITH_JAX)
def test_values_given_for_a_timed_array_of_any_length_drive_the_equations(target):
    program = compiled(networks.driven(), 10 * ms, target)
    rng = np.random.default_rng(1)
    stimulus, gain = rng.random((7, 5)) * 0.3, rng.random(3)
    found = program(inputs={"stimulus": stimulus, "gain": gain}).states["first_states"]["v"]
    v = np.zeros(5)
    for n in range(100):
        np.testing.assert_allclose(found[n], v, rtol=1e-9, atol=1e-15)
        # the last value stays; stimulus changes every 1 ms, gain every 2 ms
        v = v + DT / 10e-3 * (2 * stimulus[min(n // 10, 6)] * gain[min(n // 20, 2)] - v)
    again = program(inputs={"drive": stimulus, "gain": gain}).states["first_states"]["v"]
    np.testing.assert_array_equal(again, found)  # by the array's own name


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"generato": np.zeros((100, 3))}, "unknown input 'generato': did you mean 'generator'"),
        ({3: np.zeros((100, 3))}, "unknown input '3'"),
        ("generator", "inputs is of type str: a dict by name is accepted"),
        ({"generator": np.zeros((100, 4))}, r"has shape \(100, 4\): spikes \[steps, neurons\] = \[100, 3\]"),
        ({"generator": np.full((100, 3), 2)}, "at most once in a step, so 0 and 1 are accepted"),
        ({"generator": np.full((100, 3), np.nan)}, "at most once in a step, so 0 and 1 are accepted"),
        ({"generator": np.full((100, 3), "x")}, "'generator': numbers are accepted"),
        ({"generator": ([1] * mV, [0])}, "'generator' is given in V: s is expected"),
        ({"generator": ([1, 2] * ms, [0])}, "finite times and as many neurons"),
        ({"generator": ([np.nan], [0])}, "finite times and as many neurons"),
        ({"generator": ([1] * ms, [0.5])}, "neurons are whole numbers"),
        ({"generator": ([1] * ms, [3])}, "has neuron 3: neurons 0 to 2 are accepted"),
        ({"generator": ([10] * ms, [0])}, "spikes outside the run's 100 steps: in steps 100 to 100 of it"),
        ({"generator": ([1, 1.01] * ms, [0, 0])}, "at most once in a step"),
        ({"gain": np.zeros((3, 2))}, r"has shape \(3, 2\): values \[steps\]"),
        ({"stimulus": np.zeros((3, 2))}, r"has shape \(3, 2\): values \[steps, 5\]"),
        ({"gain": []}, r"has shape \(0,\): values \[steps\]"),
        ({"gain": [1, 2] * mV}, "'gain' is given in V: no unit is expected"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(inputs, message):
    program = compiled(networks.driven(), 10 * ms)
    with pytest.raises(BioplastError, match=message):
        program(inputs=inputs)


def test_a_name_that_means_two_timed_arrays_is_not_an_input():
    groups = [
        NeuronGroup(1, "v = drive(t) : 1", namespace={"drive": TimedArray([1.0], dt=1 * ms, name=f"drive{k}")})
        for k in range(2)
    ]
    monitors = [StateMonitor(group, "v", record=True, name=f"seen{k}") for k, group in enumerate(groups)]
    program = compiled(Network(groups, monitors), 1 * ms)
    with pytest.raises(UnknownName, match="accepted: drive0, drive1"):
        program(inputs={"drive": [5.0]})
    out = program(inputs={"drive1": [5.0]})
    assert [out.states[f"seen{k}"]["v"][0, 0] for k in range(2)] == [1.0, 5.0]


@pytest.mark.parametrize("target", TARGETS)
def test_spikes_set_after_the_compilation_are_those_of_the_run(target):
    network = networks.driven()
    program = compiled(network, 10 * ms, target)
    network["generator"].set_spikes([2, 1], [3, 4] * ms)
    times, neurons = program().events("generator_spikes")
    np.testing.assert_allclose(times, [3e-3, 4e-3])
    assert neurons.tolist() == [2, 1]


# Seeds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_a_seed_gives_brian2s_own_random_numbers(target):
    # Brian2's C++ standalone and NumPy draw uniform numbers of 53 bits and normal ones in the same way
    raster = compiled(networks.driven(), 30 * ms, target)(seed=42).raster("poisson_spikes")
    uniform = np.random.RandomState(42).rand(300, 10)
    assert raster.sum() > 10
    np.testing.assert_array_equal(raster, uniform < 100 * DT)
    noise = compiled(networks.fragile(), 5 * ms, target)(seed=2**32 - 1).states["noises"]["noise"]
    np.testing.assert_allclose(noise, np.random.RandomState(2**32 - 1).randn(50, 3), rtol=1e-12)


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_seed_gives_the_same_output_and_another_seed_another(target):
    program = compiled(networks.fragile(), 2 * ms, target)
    first, same, other = (program(seed=seed).states["noises"]["noise"] for seed in (1, np.int64(1), 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).all()


@pytest.mark.parametrize("target", TARGETS)
def test_a_seed_that_was_drawn_is_told_and_repeats_the_run(target):
    program = compiled(networks.fragile(), 2 * ms, target)
    first, second_ = program(), program()
    assert first.seed != second_.seed
    again = program(seed=first.seed)
    np.testing.assert_array_equal(first.states["noises"]["noise"], again.states["noises"]["noise"])


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "one"])
def test_a_seed_that_is_no_whole_number_of_32_bits_is_refused(single, seed):
    with pytest.raises(BioplastError, match=r"whole number from 0 to 2\*\*32 - 1"):
        single(seed=seed)


@pytest.mark.parametrize("target", WITH_JAX)
def test_the_users_random_numbers_are_untouched(target):
    np.random.seed(5)
    expected = np.random.rand(4)
    np.random.seed(5)
    program = compiled(networks.fragile(target), 2 * ms, target)
    program(seed=1)
    program()
    np.testing.assert_array_equal(np.random.rand(4), expected)


# Outputs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", WITH_JAX)
def test_the_output_is_what_the_equations_say_step_by_step(target):
    out = compiled(networks.single(), 40 * ms, target)()
    trace, spikes = leaky(400)
    assert len(spikes) == 3
    np.testing.assert_allclose(out.states["trace"]["v"], trace, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(out.states["trace"]["t"], np.arange(400) * DT, rtol=1e-12)
    raster = np.zeros((400, 2), dtype=bool)
    raster[spikes, 0] = True
    np.testing.assert_array_equal(out.raster("spikes"), raster)
    times, neurons = out.events("spikes")
    np.testing.assert_allclose(times, np.array(spikes) * DT, rtol=1e-12)
    assert neurons.tolist() == [0, 0, 0]
    assert out.final["network.t"] == 0.04
    assert (out.target, out.start, out.duration) == (target, 0.0, 0.04)


@pytest.mark.parametrize("target", WITH_JAX)
def test_a_run_of_no_duration_records_nothing_and_changes_nothing(target):
    program = compiled(networks.single(), 0 * ms, target)
    out = program()
    assert out.raster("spikes").shape == (0, 2)
    assert out.states["trace"]["v"].shape == (0, 2)
    assert all(np.array_equal(out.final[key], value) for key, value in program.values.items())


@pytest.mark.parametrize("target", WITH_JAX)
def test_a_monitor_that_is_switched_off_is_empty(target):
    out = compiled(networks.fragile(target), 2 * ms, target)()
    assert out.raster("silent_spikes").shape == (20, 3)
    assert not out.raster("silent_spikes").any()
    assert out.states["silent_states"]["v"].shape == (0, 3)


def test_an_unknown_monitor_is_told_with_the_near_match(single):
    with pytest.raises(UnknownName, match="unknown spike monitor 'spike': did you mean 'spikes'"):
        single().raster("spike")


def assert_continues(whole, parts, rtol):
    """Two runs one after the other are one run of the sum."""
    for name, spikes in whole.spikes.items():
        steps = np.concatenate([parts[0].spikes[name].steps, parts[1].spikes[name].steps + parts[0].steps[name]])
        np.testing.assert_array_equal(steps, spikes.steps)
        indices = np.concatenate([part.spikes[name].indices for part in parts])
        np.testing.assert_array_equal(indices, spikes.indices)
        assert len(steps)
    for key, value in whole.final.items():
        np.testing.assert_allclose(parts[1].final[key], value, rtol=rtol, atol=0 if rtol == 0 else 1e-12, err_msg=key)


@pytest.mark.parametrize(("first", "then"), [*itertools.product(TARGETS, TARGETS), ("jax", "numpy"), ("numpy", "jax")])
def test_the_final_values_fed_to_the_next_call_continue_the_run_exactly(first, then):
    network = networks.plastic()
    whole = compiled(network, 40 * ms, then)()
    half = compiled(network, 20 * ms, first)()
    assert len(half.final["stdp_pre.queue"]) and len(half.final["stdp_post.queue"])  # spikes in flight
    rest = compiled(network, 20 * ms, then)(half.final)
    assert rest.start == 0.02
    assert_continues(whole, (half, rest), rtol=0 if first == then == "numpy" else 1e-9)


@pytest.mark.parametrize("target", TARGETS)
def test_a_network_that_brian2_has_run_is_continued(target):
    whole = compiled(networks.plastic(), 40 * ms, target)()
    network = networks.plastic()
    network.run(20 * ms, namespace={})
    rest = compiled(network, 20 * ms, target)()
    late = whole.spikes["spikes"].steps >= 200
    assert 0 < late.sum() < len(late)
    np.testing.assert_array_equal(rest.spikes["spikes"].steps + 200, whole.spikes["spikes"].steps[late])
    np.testing.assert_array_equal(rest.spikes["spikes"].indices, whole.spikes["spikes"].indices[late])
    for key, value in whole.final.items():
        np.testing.assert_allclose(rest.final[key], value, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize(("target", "before"), [*itertools.product(TARGETS, [0, 12]), ("jax", 12)])
def test_a_spike_generator_goes_on_where_a_run_ended_and_starts_anew_at_time_zero(target, before):
    # neurons 0, 1, 2, 0 at 1, 5, 7, 11 ms of every 20 ms
    every = [(1, 0), (5, 1), (7, 2), (11, 0), (21, 0), (25, 1), (27, 2), (31, 0)]
    network = networks.driven()
    if before:
        network.run(before * ms, namespace={})
    program = compiled(network, 6 * ms, target)

    def found(out):
        return [(round(t * 1e3), int(i)) for t, i in zip(*out.events("generator_spikes"), strict=True)]

    out = program()
    for start in range(before, before + 18, 6):
        assert found(out) == [(t, i) for t, i in every if start <= t < start + 6]
        out = program(out.final)
    assert found(program({"network.t": 0 * ms})) == [(1, 0), (5, 1)]


@pytest.mark.parametrize("target", TARGETS)
def test_values_written_back_are_where_brian2_goes_on(target):
    network, reference = networks.plastic(), networks.plastic()
    program = compiled(network, 20 * ms, target)
    program.write_back(program().final)
    reference.run(20 * ms, namespace={})
    for key, value in compiled(reference, 0 * ms).values.items():
        np.testing.assert_allclose(program.values[key], value, rtol=1e-9, atol=1e-12, err_msg=key)
    for each in (network, reference):
        each.run(20 * ms, namespace={})
    late = reference["spikes"].t_[:] >= 0.02 - DT / 2
    np.testing.assert_allclose(network["spikes"].t_[:], reference["spikes"].t_[:][late], rtol=1e-12)
    np.testing.assert_array_equal(network["spikes"].i[:], reference["spikes"].i[:][late])


def test_nothing_is_written_back_when_one_value_is_refused(single):
    before = single.values
    with pytest.raises(BioplastError):
        single.write_back({"cells.v": [5.0, 5.0], "synapse.w": [1.0, 2.0]})
    assert all(np.array_equal(single.values[key], before[key]) for key in before)


# Batches --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", WITH_JAX)
def test_a_batch_is_the_single_runs(target):
    rng = np.random.default_rng(2)
    program = compiled(networks.driven(), 2 * ms, target)
    rasters, weights = rng.random((3, 20, 3)) < 0.2, rng.random((3, 20))
    gain = rng.random(4)
    outs = program.batch({"summed.c": weights}, {"generator": rasters, "gain": gain}, seed=[7, 8, 9])
    assert [out.seed for out in outs] == [7, 8, 9]
    for k, out in enumerate(outs):
        alone = program({"summed.c": weights[k]}, {"generator": rasters[k], "gain": gain}, seed=7 + k)
        for key, value in alone.final.items():
            np.testing.assert_array_equal(out.final[key], value, key)
        np.testing.assert_array_equal(outs.raster("poisson_spikes")[k], alone.raster("poisson_spikes"))
        np.testing.assert_array_equal(outs.states["first_states"]["v"][k], alone.states["first_states"]["v"])
        np.testing.assert_array_equal(outs.final["second.v"][k], alone.final["second.v"])
        np.testing.assert_array_equal(outs.events("generator_spikes")[k], alone.events("generator_spikes"))
    np.testing.assert_array_equal(outs.raster("generator_spikes"), rasters)


def test_one_seed_gives_every_run_of_a_batch_its_own():
    program = compiled(networks.single(), 1 * ms)
    values = {"synapse.w": np.zeros((4, 1))}
    first, again, other = (program.batch(values, seed=seed) for seed in (3, 3, 4))
    assert len({out.seed for out in first}) == 4
    assert [out.seed for out in first] == [out.seed for out in again]
    assert not {out.seed for out in first} & {out.seed for out in other}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "no value and no input is given, and no list of seeds"),
        ({"values": {"cells.v": [1.0, 2.0]}}, r"'cells.v' has shape \(2,\); one number for each run is \[runs, 1\]"),
        (
            {"values": {"cells.v": np.zeros((2, 2)), "synapse.w": np.zeros((3, 1))}},
            r"lengths \(cells.v: 2, synapse.w: 3\)",
        ),
        ({"values": {"cells.v": np.zeros((2, 2))}, "seed": [1, 2, 3]}, r"lengths \(cells.v: 2, seed: 3\)"),
        (
            {"values": {"cells.v": [1, 2, 3, 4]}},
            r"'cells.v' has shape \(4,\): in a batch, one number for each run is \[4, 1\], one for each neuron and run "
            r"\[4, 2\]; \[2\] or one number is the same in every run",
        ),
        ({"values": {"synapse.w": np.zeros((5, 3))}}, r"one for each synapse and run \[5, 1\]"),
        (
            {"values": {"synapse_pre.delay": [[1e-3], [2e-3]]}},
            r"has shape \(2, 1\): .* one number for each run is \[2\]$",
        ),
        ({"values": {"cells.v": np.zeros((0, 2))}}, "the batch axis of 'cells.v' has length 0: at least one run"),
        ({"values": {"cells.v": [[1, 2], [1]]}}, "'cells.v' has rows of different lengths: one number for each run"),
        ({"values": {"cells.v": ["a", "b", "c"]}}, "'cells.v': numbers are accepted, not str"),
        ({"values": {"cells.u": [[1], [2]]}}, "unknown value 'cells.u': did you mean 'cells.v'"),
        ({"values": {1: [[1], [2]]}}, "unknown value '1'"),
        ({"values": [1, 2]}, "values is of type list: a dict by name is accepted"),
        ({"inputs": "drive"}, "inputs is of type str: a dict by name is accepted"),
        (
            {"values": {"synapse_pre.queue": [[1, 0], [2, 0]]}},
            r"shape \(2, 2\); a list with rows of \(steps until delivery",
        ),
    ],
)
def test_a_batch_needs_one_axis_of_one_length(single, arguments, told):
    with pytest.raises(BioplastError, match=told) as caught:
        single.batch(**arguments)
    assert "\n" not in str(caught.value)


def test_a_batch_runs_side_by_side_on_cpp(monkeypatch):
    program = compiled(networks.single(), 5 * ms, "cpp")
    together = threading.Barrier(2)
    execute = program._execute

    def met(*arguments):
        together.wait(timeout=60)  # broken unless two runs are under way at once
        execute(*arguments)

    monkeypatch.setattr(program, "_execute", met)
    monkeypatch.setattr(program, "parallel_runs", 2)
    assert len(program.batch(seed=[1, 2, 3, 4])) == 4


# The user's network ---------------------------------------------------------------------------------------------------


def snapshot(network):
    """All that a user can see of a network, and what Brian2 keeps in it between runs."""
    objects = {obj.name: obj for obj in network.sorted_objects}
    seen = {"t": network.t_, "names": sorted(objects), "codegen": prefs.codegen.target, "device": get_device()}
    for name, obj in objects.items():
        # Brian2's own mark of an object that somebody uses
        seen[name, "attributes"] = sorted(set(obj.__dict__) - {"group"})
        seen[name, "network"] = obj._network
        seen[name, "code"] = list(obj._code_objects)
        for clock_variable in ("t", "dt", "timestep"):
            seen[obj.clock.name, clock_variable] = obj.clock.variables[clock_variable].get_value().item()
        for variable in getattr(obj, "variables", {}).values():
            if isinstance(variable, ArrayVariable):
                seen[name, variable.name] = np.array(variable.get_value())
        if hasattr(obj, "queue"):
            seen[name, "queue"] = net.pending_spikes(obj).tolist()
    return seen


def assert_same(before, after):
    assert before.keys() == after.keys()
    for key, value in before.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(after[key], value, str(key))
        else:
            assert after[key] == value, key


@pytest.mark.parametrize(
    ("target", "make", "before"),
    [
        *itertools.product(TARGETS, [networks.plastic, networks.driven, networks.varied], [0, 5]),
        ("jax", networks.driven, 5),
    ],
)
def test_compiling_and_running_leave_the_network_as_it_was(target, make, before):
    network, untouched = make(), make()
    for each in (network, untouched):
        if before:
            np.random.seed(1)
            each.run(before * ms, namespace={})
    seen = snapshot(network)
    program = compiled(network, 2 * ms, target)
    assert_same(seen, snapshot(network))
    program(seed=1)
    program(program.values, seed=2)
    assert_same(seen, snapshot(network))
    for each in (network, untouched):
        np.random.seed(2)
        each.run(5 * ms, namespace={})
    expected, found = snapshot(untouched), snapshot(network)
    for key, value in expected.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(found[key], value, str(key))


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("target", WITH_JAX)
def test_a_run_that_fails_leaves_the_network_as_it_was(target):
    network = networks.fragile(target)
    program = compiled(network, 5 * ms, target)
    seen = snapshot(network)
    with pytest.raises(bioplast.BioplastError):
        program({"cells.v": [0, 1e9, 0]})
    assert_same(seen, snapshot(network))


@pytest.mark.parametrize("target", TARGETS)
def test_the_objects_of_a_compiled_network_can_go_to_another_network(target):
    network = networks.single()
    compiled(network, 5 * ms, target)()
    other = Network(network.objects)
    other.run(40 * ms, namespace={})
    np.testing.assert_allclose(other["spikes"].t_[:], np.array(leaky(400)[1]) * DT)


@pytest.mark.parametrize("target", TARGETS)
def test_two_programs_of_the_same_objects_do_not_disturb_each_other(target):
    network = networks.single()
    short, long = compiled(network, 5 * ms, target), compiled(network, 20 * ms, target)
    other = compiled(Network(network.objects), 20 * ms, "numpy")
    expected = leaky(200)[0]
    for program in (long, short, other, long):
        trace = program().states["trace"]["v"]
        np.testing.assert_allclose(trace, expected[: len(trace)], rtol=1e-9, atol=1e-12)


def test_a_state_variable_called_group_can_still_be_read():
    cells = NeuronGroup(2, "group : 1", name="grouped")
    cells.group = [3, 4]
    compiled(Network(cells), 1 * ms)
    assert cells.group[:].tolist() == [3, 4]


# Progress and names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("target", "duration"), [("numpy", 0.2 * second), ("cpp", 100 * second)])
def test_progress_rises_to_one(target, duration):
    told = []
    compiled(networks.single(), duration, target)(progress=lambda done, elapsed: told.append((done, elapsed)))
    fractions, elapsed = zip(*told, strict=True)
    assert all(a < b for a, b in itertools.pairwise(fractions))
    assert list(elapsed) == sorted(elapsed)
    assert fractions[0] >= 0
    assert fractions[-1] == 1.0


def without_constants():
    network = networks.single()
    network["cells"].namespace.clear()
    return network


@pytest.mark.parametrize("target", WITH_JAX)
def test_names_come_from_the_namespace_or_from_where_compile_is_called(target):
    expected = leaky(200, tau=5e-3, drive=3.0)[0]
    constants = {"tau": 5 * ms, "drive": 3.0}
    network = without_constants()
    given = bioplast.compile(network, 20 * ms, target, namespace=constants)
    tau, drive = 5 * ms, 3.0
    here = bioplast.compile(network, 20 * ms, target)

    def inner(tau, drive):
        return bioplast.compile(network, 20 * ms, target)

    for program in (given, here, inner(5 * ms, 3.0)):
        np.testing.assert_allclose(program().states["trace"]["v"], expected, rtol=1e-9, atol=1e-12)
    assert tau > 0 and drive
    block = bioplast.run(network, 20 * ms, target)
    assert len(block.segments[0].spiketrains[0]) == len(leaky(200, tau=5e-3, drive=3.0)[1]) > 1


def test_a_name_found_nowhere_is_told():
    with pytest.raises(BioplastError, match=r"'cells': The identifier \"(drive|tau)\" could not be resolved"):
        bioplast.run(without_constants(), 20 * ms, "numpy", namespace={})


# Properties -----------------------------------------------------------------------------------------------------------


@functools.cache
def steps_network():
    return Network(NeuronGroup(1, "x : 1", dt=0.1 * ms, name="clocked"))


queue_network = functools.cache(networks.plastic)


@settings(max_examples=200, deadline=None)
@given(
    dt=st.sampled_from([0.01, 0.025, 0.1, 1 / 3, 0.5, 1.0]),
    start=st.integers(0, 10**6),
    shift=st.sampled_from([0.0, 1e-9, 4e-5, 2e-4, 0.3, 0.5, -4e-5]),
    length=st.integers(0, 10**5),
)
def test_the_steps_of_a_run_are_those_of_brian2s_clock(dt, start, shift, length):
    network = steps_network()
    clock = network["clocked"].clock
    clock.dt_ = dt * 1e-3
    clock.set_interval(0 * ms, 0 * ms)  # Brian2 refuses another dt at a time that it does not divide
    begin, duration = max((start + shift) * dt * 1e-3, 0.0), length * dt * 1e-3
    span = net.spans(network, duration, begin)[clock.name]
    clock.set_interval(begin * second, (begin + duration) * second)
    assert (span.start, span.end) == (clock.variables["timestep"].get_value().item(), clock._i_end)


def test_more_steps_than_have_a_time_of_their_own_are_refused():
    with pytest.raises(BioplastError, match=r"a run may end at .* s at most with steps of .* s, not at 1e\+300 s"):
        net.spans(steps_network(), 1e300, 0.0)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(1, 300), st.integers(0, 40)), max_size=60))
def test_spikes_on_their_way_are_read_as_they_were_set(rows):
    pathway = queue_network()["stdp_pre"]
    net.set_pending_spikes(pathway, np.array(rows).reshape(-1, 2))
    assert net.pending_spikes(pathway).tolist() == sorted(map(list, rows))


def test_rates_are_in_hertz():
    out = compiled(networks.driven(), 10 * ms)(seed=1)
    spikes = out.raster("first_spikes").sum(axis=1)
    np.testing.assert_allclose(out.rates["rate"]["rate"], spikes / 5 / DT)
    assert out.about["monitors"]["rate"]["dimensions"]["rate"] == list(net.exponents(Hz))
