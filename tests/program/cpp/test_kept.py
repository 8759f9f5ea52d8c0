"""Large arrays stay in files between calls: the same run, whatever changes and whoever holds on to what."""

from __future__ import annotations

import copy
import functools
import gc
import os
from pathlib import Path

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms
from hypothesis import given
from hypothesis import strategies as st

import bioplast
from bioplast.program.codegen import kept
from bioplast.program.codegen.kept import Kept
from bioplast.program.codegen.lowered import Lowered

RNG = np.random.default_rng(3)
PRE, POST = RNG.integers(0, 12, 90), RNG.integers(0, 20, 90)  # in no order


def network() -> Network:
    """Cells 4 to 15 reach all twenty by synapses in no order: with delays of their own, with one, and plastic ones."""
    cells = NeuronGroup(
        20, "dv/dt = (I - v)/(10*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    cells.I = np.linspace(1.1, 2.5, 20)
    some = cells[4:16]
    spread = Synapses(some, cells, "w : 1", on_pre="v_post += w", name="spread")
    single = Synapses(some, cells, "w : 1 (constant)", on_pre="v_post -= w", delay=0.7 * ms, name="single")
    plastic = Synapses(some, cells, "w : 1", on_pre="v_post += w\nw *= 0.9", on_post="w += 0.001", name="plastic")
    for synapses in (spread, single, plastic):
        synapses.connect(i=PRE, j=POST)
        synapses.w = np.linspace(0.01, 0.2, 90)
    spread.delay = np.linspace(0, 3.2, 90) * ms
    plastic.pre.delay = np.linspace(2, 0.1, 90) * ms
    return Network(cells, spread, single, plastic, SpikeMonitor(cells, name="spikes"))


@pytest.fixture(scope="module")
def everything_is_large():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "LARGE", 1)
        yield


@pytest.fixture(scope="module")
def programs(everything_is_large):
    """Makes a program for a target, of a network of its own; always the same one."""
    options = {"numpy": {}, "cpp": {}, "openmp": {"threads": 3}}

    @functools.cache
    def program(target):
        return bioplast.compile(network(), 30 * ms, target, namespace={}, **options[target])

    return program


def assert_same(one, other):
    np.testing.assert_array_equal(one.spikes["spikes"].indices, other.spikes["spikes"].indices)
    np.testing.assert_array_equal(one.spikes["spikes"].times, other.spikes["spikes"].times)
    assert one.final.keys() == other.final.keys()
    for key, value in one.final.items():
        np.testing.assert_allclose(other.final[key], value, rtol=1e-12, atol=1e-15, err_msg=key)


@pytest.mark.parametrize("target", ["cpp", pytest.param("openmp", marks=pytest.mark.long)])
def test_a_program_that_maps_its_arrays_runs_as_brian2_does(programs, target):
    truth, program = programs("numpy"), programs(target)
    whole = truth(seed=1)
    assert len(whole.spikes["spikes"].times) > 50
    for _ in range(2):  # files are written, and found
        assert_same(whole, program(seed=1))
    values = {"spread.w": np.linspace(0.2, 0.0, 90), "spread_pre.delay": np.linspace(1, 0, 90) * ms}
    assert_same(truth(values, seed=1), program(values, seed=1))
    assert_same(whole, program(seed=1))  # what was given is not kept
    half = program(seed=1, duration=15 * ms)
    assert len(half.final["spread_pre.queue"]) > 0
    assert_same(truth(half.final, duration=15 * ms), program(half.final, duration=15 * ms))


def test_a_program_sees_what_changes_in_the_network(programs):
    truth, program = programs("numpy"), programs("cpp")
    before = program(seed=1)
    held = before.final["spread.w"].copy()
    for changed in (truth.network, program.network):
        changed["spread"].w = np.linspace(0.3, 0.1, 90)
    assert_same(truth(seed=1), program(seed=1))
    np.testing.assert_array_equal(before.final["spread.w"], held)  # an output keeps what it was given


def test_what_a_run_only_reads_is_neither_written_nor_watched(programs):
    lowered: Lowered = programs("cpp")._lowered
    written = {a.key for a in lowered.arrays if a.written and a.key}
    assert {"cells.v", "plastic.w"} <= written
    assert not {"cells.I", "spread.w", "single.w", "spread_pre.delay"} & written
    assert {key for _, key, _ in lowered.watched} == {"cells.v", "plastic.w"}


def test_an_output_cannot_change_what_is_kept(programs):
    out = programs("cpp")(seed=1)
    with pytest.raises(ValueError, match="read-only"):
        out.final["single.w"][0] = 1
    out.final["plastic.w"][0] = 1  # the run's own


def test_files_go_with_the_program_and_with_what_takes_their_place(everything_is_large):
    keep = Kept()
    first = keep.array("w", np.arange(3.0))
    path = keep.path(first)
    assert path is not None
    assert keep.array("w", np.arange(3.0)) is first
    second = keep.array("w", np.array([0.0, 1.0, np.nan]))
    assert keep.array("w", np.array([0.0, 1.0, np.nan])) is second
    assert keep.path(second[:2]) is None
    assert os.path.exists(path)  # as long as somebody may open it
    del first
    gc.collect()
    assert not os.path.exists(path)
    folder = Path(keep.path(second)).parent
    assert list(folder.iterdir()) == [Path(keep.path(second))]
    other = copy.deepcopy(keep)
    assert other.path(second) is None
    del keep
    gc.collect()
    assert not folder.exists()
    np.testing.assert_array_equal(second, [0.0, 1.0, np.nan])


@given(st.lists(st.sampled_from([0.0, -0.0, 1.5, np.nan, np.inf]), min_size=1), st.data())
def test_arrays_are_equal_when_their_bits_are(values, data):
    one = np.array(values)
    other = one.copy()
    assert kept._equal(one, other)
    place = data.draw(st.integers(0, len(values) - 1))
    other[place] = 7.0
    assert not kept._equal(one, other)
