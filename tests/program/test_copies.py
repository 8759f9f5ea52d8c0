"""Copies of programs, in this process and in others: equal outputs from networks of their own."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, TimedArray, check_units, linked_var, ms
from support import constructs, networks
from support.parity import assert_same

import bioplast
from bioplast.definition import definition_of
from bioplast.errors import BioplastError, Unsupported
from bioplast.models import lif
from bioplast.program import targets
from bioplast.program.network.copies import frozen, thawed

WAYS = {
    "pickle": lambda program: pickle.loads(pickle.dumps(program)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}
# `driven` is built by test_parity.py for cpp, too; a module for each object is compiled for cython
TARGETS = [
    pytest.param(target, marks=[pytest.mark.build] + [pytest.mark.long] * (target in ("cython", "openmp")))
    for target in targets.TARGETS
    if target != "cuda"
]


def programs_of(target):
    make, _ = networks.SHARED["plastic" if target in ("cython", "openmp") else "driven"]
    threads = 1 if target == "openmp" else None
    return bioplast.compile(make(), 10 * ms, target, namespace={}, threads=threads)


@pytest.mark.parametrize("target", TARGETS)
def test_a_copy_gives_the_same_output_as_the_program_also_in_a_process_of_its_own(target):
    program = programs_of(target)
    half = program(seed=3)
    expected = [program(seed=3), program(half.final, seed=4, duration=5 * ms)]
    for way in WAYS.values():
        other = way(program)
        assert_same(expected[0], other(seed=3))
        assert_same(expected[1], other(half.final, seed=4, duration=5 * ms))
        again = way(other)
        assert_same(expected[0], again(seed=3))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert_same(expected[0], pool.submit(program, seed=3).result())
        assert_same(expected[1], pool.submit(program, half.final, None, 4, duration=5 * ms).result())


@pytest.mark.parametrize("name", [*constructs.NETWORKS, *constructs.RANDOM])
def test_each_construct_is_copied(name):
    network = {**constructs.NETWORKS, **constructs.RANDOM}[name]()
    program = bioplast.compile(network, 6 * ms, "numpy", namespace={})
    other = pickle.loads(pickle.dumps(program))
    first = program(seed=5)
    assert_same(first, other(seed=5))
    assert_same(program(first.final, seed=6), other(first.final, seed=6))


def single(**options):
    cells = NeuronGroup(3, "dv/dt = (drive*gain(t) - v)/tau : 1", name="cells", **options)
    cells.v = [0, 0.1, 0.2]
    return Network(cells, StateMonitor(cells, "v", record=True, name="states"))


@pytest.mark.parametrize("way", ["pickle", "deepcopy"])
def test_a_deep_copy_shares_nothing_with_the_first(way):
    network = single(threshold="v > 1", reset="v = 0", method="euler")
    drive, tau, gain = 2.0, 10 * ms, TimedArray([1, 2, 3], dt=1 * ms)
    unrelated, big = open(__file__), np.zeros(10**6)  # noqa: F841, SIM115 - stay where they are
    program = bioplast.compile(network, 3 * ms, "numpy")
    unrelated.close()
    assert len(pickle.dumps(program)) < 10**5
    other = WAYS[way](program)
    before = program(seed=0)
    other.write_back({"cells.v": 0.9})
    other.network["cells"].v = [0.3, 0.6, 0.9]
    assert_same(before, program(seed=0))
    assert other(seed=0).states["states"]["v"][0].tolist() == [0.3, 0.6, 0.9]
    given = {"gain": np.array([3.0, 2, 1])}
    other.write_back(program.values)
    assert_same(program(inputs=given, seed=0), other(inputs=given, seed=0))
    # Brian2 itself runs both
    other.network.run(3 * ms, namespace={"drive": drive, "tau": tau, "gain": gain})
    np.testing.assert_array_equal(np.asarray(other.network["states"].v).T, before.states["states"]["v"])


def test_a_plain_copy_has_the_same_network():
    program = bioplast.compile(networks.plastic(), 1 * ms, "numpy", namespace={})
    assert copy.copy(program).network is program.network


def test_spikes_on_their_way_and_the_time_are_copied():
    program = bioplast.compile(networks.plastic(), 5 * ms, "numpy", namespace={})
    program.write_back(program(seed=1).final)
    other = pickle.loads(pickle.dumps(program))
    assert len(other.values["stdp_pre.queue"]) > 0 and other.values["network.t"] == 5e-3
    for key, value in program.values.items():
        np.testing.assert_array_equal(other.values[key], value, key)
    assert_same(program(seed=2), other(seed=2))


def test_a_network_that_has_run_is_copied():
    network = networks.plastic()
    network.run(3 * ms, namespace={})
    program = bioplast.compile(network, 5 * ms, "numpy", namespace={})
    assert_same(program(seed=2), pickle.loads(pickle.dumps(program))(seed=2))
    network.run(1 * ms, namespace={})  # and goes on


def test_a_users_function_is_copied_wherever_it_was_defined():
    factor = 3.0

    @check_units(x=1, result=1)
    def scaled(x):
        return factor * x

    group = NeuronGroup(2, "x : 1", name="group", namespace={"scaled": scaled})
    group.run_regularly("x = scaled(x) + 1", name="regular")
    program = bioplast.compile(Network(group), 0.2 * ms, "numpy", namespace={})
    assert pickle.loads(pickle.dumps(program))().final["group.x"].tolist() == [4, 4]


@pytest.mark.parametrize("target", ["numpy", "jax"])
def test_what_only_the_user_holds_is_held_by_the_copy(target):
    source = NeuronGroup(4, "x : 1", name="source")
    source.x = [1, 2, 3, 4]
    part = source[1:3]
    group = NeuronGroup(2, "y : 1 (linked)\nz : 1", name="group")
    group.y = linked_var(part, "x")
    group.run_regularly("z = 2*y", name="regular")
    program = bioplast.compile(Network(source, group), 0.2 * ms, target, namespace={})
    other = pickle.loads(pickle.dumps(program))
    del program, part
    gc.collect()
    assert other().final["group.z"].tolist() == [4, 6]
    assert pickle.loads(pickle.dumps(other))().final["group.z"].tolist() == [4, 6]


def test_definitions_stay_known():
    cells = lif.group(2, name="cells")
    program = bioplast.compile(Network(cells), 1 * ms, "numpy", namespace={})
    other = pickle.loads(pickle.dumps(program))
    assert definition_of(other.network["cells"]) == lif
    assert_same(program(), other())


def test_what_was_changed_after_compile_is_refused_in_the_copy_too():
    program = bioplast.compile(networks.plastic(), 1 * ms, "numpy", namespace={})
    other = pickle.loads(pickle.dumps(program))
    other.network["stdp"].active = False
    with pytest.raises(BioplastError, match=r"active of 'stdp.*' was changed after compile"):
        other()
    with pytest.raises(BioplastError, match=r"active of 'stdp.*' was changed after compile"):
        pickle.dumps(other)
    program(seed=1)


def test_a_network_operation_is_not_copied():
    network = networks.plastic()
    network.add(brian2.NetworkOperation(lambda: None, name="counting"))
    program = bioplast.compile(network, 1 * ms, "numpy", namespace={})
    with pytest.raises(Unsupported, match=r"'counting' is a Python function .* cannot be copied"):
        pickle.dumps(program)


def test_what_no_pickle_can_hold_is_told_in_one_line():
    group = NeuronGroup(1, "v : 1", name="group", namespace={"lock": threading.Lock()})
    program = bioplast.compile(Network(group), 1 * ms, "numpy", namespace={})
    with pytest.raises(BioplastError, match="the network cannot be copied") as caught:
        pickle.dumps(program)
    assert "\n" not in str(caught.value)


def test_another_device_of_brian2_is_told():
    content = frozen(networks.plastic(), None)
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        with pytest.raises(BioplastError, match=r"set_device\(CPPStandaloneDevice\) is in force"):
            thawed(content)
    finally:
        brian2.get_device().reinit()
        brian2.set_device("runtime")
