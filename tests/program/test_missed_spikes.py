"""A SpikeGeneratorGroup whose run begins late, or within a period: all targets do what Brian2's NumPy does.

Brian2 takes spikes that are new within a period for missed and emits them in the first step; a run that goes on with
another one emits only what is due.
"""

from __future__ import annotations

import jax
import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, ms, prefs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bioplast
from bioplast.errors import BioplastError

TARGETS = ["numpy", pytest.param("cpp", marks=pytest.mark.long), "jax", "native"]
DT = 0.1e-3
DURATION = 2 * ms


def generator(times=(1, 2), period=5, begin=0.0):
    """A generator of four neurons, in a network whose clock shows `begin` seconds."""
    source = SpikeGeneratorGroup(4, np.arange(len(times)), np.array(times) * ms, period=period * ms, name="source")
    network = Network(source, SpikeMonitor(source, name="spikes"))
    network.t_ = begin
    return network


def emitted_by_brian2(network, duration):
    """Times and neurons of the spikes of plain Brian2 from now on, on its NumPy target."""
    before, prefs.codegen.target = prefs.codegen.target, "numpy"
    monitor = network["spikes"]
    earlier = len(monitor.t_)
    try:
        network.run(duration, namespace={})
    finally:
        prefs.codegen.target = before
    times, neurons = np.array(monitor.t_[earlier:]), np.array(monitor.i[earlier:])
    order = np.lexsort((neurons, times))
    return times[order], neurons[order]


@pytest.fixture(scope="module", params=TARGETS)
def program(request):
    return bioplast.compile(generator(), DURATION, request.param, namespace={})


@st.composite
def given_spikes(draw):
    """Neurons, steps and the period of spikes, in steps; no neuron twice in a step."""
    period = draw(st.sampled_from([0, 7, 20, 33]))
    pairs = draw(st.sets(st.tuples(st.integers(0, (period or 40) - 1), st.integers(0, 3)), max_size=5))
    steps, neurons = np.array(sorted(pairs), dtype=int).reshape(-1, 2).T
    return neurons, steps, period


@settings(deadline=None, max_examples=12, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.none() | given_spikes(), st.none() | st.integers(0, 90)), min_size=1, max_size=3))
def test_what_a_generator_emits_next_is_what_brian2_emits(program, runs):
    network = program.network
    for spikes, begin in runs:
        if spikes is not None:
            neurons, steps, period = spikes
            network["source"].set_spikes(neurons, steps * DT * 1e3 * ms, period=period * DT * 1e3 * ms)
        if begin is not None:  # by hand, whatever the generator has emitted before
            network.t_ = begin * DT
        try:
            found = program(seed=1).events("spikes")
        except BioplastError as refusal:
            assert "'source': the run begins at" in str(refusal)
            _, neurons = emitted_by_brian2(network, DT * 1e3 * ms)
            assert len(np.unique(neurons)) < len(neurons)
            continue
        expected = emitted_by_brian2(network, DURATION)
        for values, of_brian2 in zip(found, expected, strict=True):
            np.testing.assert_allclose(values, of_brian2, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("begin", [6.3e-3, 250000.0013])
def test_spikes_of_a_period_that_a_late_run_has_missed_come_in_its_first_step(program, begin):
    """Nine spikes in four periods: one that is due at 1 ms of the first period comes at 1.3 ms."""
    network = generator(begin=begin)
    late = bioplast.compile(network, 20 * ms, "numpy" if program.target == "cpp" else program.target, namespace={})
    times, neurons = late(seed=1).events("spikes")
    expected = emitted_by_brian2(network, 20 * ms)
    np.testing.assert_array_equal(neurons, expected[1])
    np.testing.assert_allclose(times, expected[0], rtol=1e-14)
    assert len(times) == 9


def test_a_run_in_chunks_misses_none(program):
    """Where a chunk ends within a period, the next one goes on."""
    network, values, found = program.network, None, []
    network["source"].set_spikes([0, 1], [1, 2] * ms, period=5 * ms)
    network.t_ = 0.0
    for _ in range(6):
        out = program(values, seed=1)
        values = out.final
        found.append(out.events("spikes")[0])
    np.testing.assert_allclose(np.concatenate(found) * 1e3, [1, 2, 6, 7, 11], atol=1e-9)


def test_two_missed_spikes_of_a_neuron_are_refused(program):
    network = program.network
    network["source"].set_spikes([2, 2, 1], [0.2, 0.5, 1.5] * ms, period=3 * ms)
    network.t_ = 4e-3
    told = r"'source': the run begins at 4 ms, within a period of 3 ms, .* neuron 2 more than once: begin the run with"
    with pytest.raises(BioplastError, match=told):
        program(seed=1)


def test_a_traced_time_is_refused_where_spikes_are_missed():
    network = generator(begin=6.3e-3)
    program = bioplast.compile(network, DURATION, "jax", namespace={})
    with jax.enable_x64(True), pytest.raises(BioplastError, match=r"'network.t' cannot be traced: 'source' "):
        jax.jit(lambda values: program(values).rasters)(program.carry())
