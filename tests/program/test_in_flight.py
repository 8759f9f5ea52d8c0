"""Spikes on their way when the time step or a delay is changed between two runs arrive when Brian2 lets them arrive."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, Synapses, defaultclock, ms

import bioplast
from bioplast.errors import BioplastError, Unsupported

TARGETS = ["numpy", "cpp", "jax", "native"]
BEFORE, AFTER = 3 * ms, 8 * ms


@pytest.fixture(autouse=True)
def _default_clock():
    yield
    defaultclock.dt = 0.1 * ms


def begun(on_pre="x_post += w"):
    """Two cells that count what arrives from three sources; a run has begun, and spikes are on their way."""
    defaultclock.dt = 0.1 * ms
    times = [1.0, 1.1, 2.0, 3.4, 3.8, 4.0, 5.0]
    source = SpikeGeneratorGroup(3, [0, 1, 2, 0, 0, 1, 2], times * ms, name="source")
    cells = NeuronGroup(2, "x : 1", name="cells")
    synapses = Synapses(source, cells, "w : 1", on_pre=on_pre, name="synapses")
    synapses.connect()
    synapses.delay = "(3 + i + j)*ms"
    synapses.w = "1 + i + 3*j"
    network = Network(source, cells, synapses, StateMonitor(cells, "x", record=True, name="trace"))
    network.run(BEFORE, namespace={})
    return network


def plain(network):
    """What plain Brian2 records from now on."""
    before = len(network["trace"].t)
    network.run(AFTER, namespace={})
    return np.array(network["trace"].x[:, before:]).T


def in_chunks(program, duration, count):
    values, found = None, []
    for _ in range(count):
        out = program(values, duration=duration / count, seed=1)
        values = out.final
        found.append(out.states["trace"]["x"])
    return np.concatenate(found)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dt", [0.05, 0.1 / 3, 0.1])
def test_the_time_of_arrival_stays_when_dt_is_changed(target, dt):
    network, reference = begun(), begun()
    network["source"].clock.dt = dt * ms
    program = bioplast.compile(network, AFTER, target, namespace={})
    assert len(program.values["synapses_pre.queue"]) == 6
    out, again = program(seed=1), program(seed=2)  # a call leaves the network as it was
    chunks = in_chunks(program, AFTER, 4)
    reference["source"].clock.dt = dt * ms
    expected = plain(reference)
    assert expected[-1, 0] > expected[0, 0]
    for found in (out.states["trace"]["x"], again.states["trace"]["x"], chunks):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(plain(network), expected)  # the user's own network, too


@pytest.mark.parametrize("target", TARGETS)
def test_spikes_that_brian2_would_lose_are_refused(target):
    network = begun()
    network["source"].clock.dt = 0.2 * ms
    program = bioplast.compile(network, AFTER, target, namespace={})
    told = r"'synapses_pre': Brian2 loses spikes that are on their way when dt is changed from 0.1 to 0.2 ms: .* "
    with pytest.raises(BioplastError, match=told + r"write_back\(\{'synapses_pre.queue': ...\}\)"):
        program(seed=1)
    program.write_back({"synapses_pre.queue": [[3, 0]]})
    found = program(seed=1).states["trace"]["x"][:, 0]
    np.testing.assert_array_equal(np.flatnonzero(np.diff(found))[0], 2)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("delay", ["0.7*ms", "(0.5 + 0.3*j)*ms", "0*ms", "6*ms"])
def test_spikes_arrive_that_were_sent_before_a_delay_was_changed(target, delay):
    network, reference = begun(), begun()
    network["synapses"].delay = reference["synapses"].delay = delay
    program = bioplast.compile(network, AFTER, target, namespace={})
    expected = plain(reference)
    np.testing.assert_array_equal(program(seed=1).states["trace"]["x"], expected)
    np.testing.assert_array_equal(in_chunks(program, AFTER, 4), expected)
    queue = program.values["synapses_pre.queue"]
    both = program.batch({"synapses_pre.queue": [queue, queue[:0]]}, seed=1)
    np.testing.assert_array_equal(both[0].states["trace"]["x"], expected)
    assert (both[1].states["trace"]["x"][-1] < expected[-1]).all()


def test_two_spikes_reach_a_synapse_in_one_step():
    """The second of source 0, with the shorter delay, meets its first: plain Brian2's C++ halves the weight twice."""
    found = {}
    for target in TARGETS:
        network = begun("x_post += w; w *= 0.5")
        network["synapses"].delay = 0.6 * ms
        program = bioplast.compile(network, AFTER, target, namespace={})
        if target == "numpy":
            told = r"'synapses_pre.queue': .* Brian2's NumPy code changes 'w' once then; use target 'cython', 'cpp' or"
            with pytest.raises(Unsupported, match=told):
                program(seed=1)
            continue
        found[target] = program(seed=1)
        weights = found[target].final["synapses.w"]
        np.testing.assert_array_equal(weights, network["synapses"].w_[:] / [8, 8, 4, 4, 4, 4])
    np.testing.assert_array_equal(found["jax"].states["trace"]["x"], found["cpp"].states["trace"]["x"])
    steps = np.diff(found["jax"].states["trace"]["x"][:, 0])
    assert 1 + 0.5 in steps  # both at once, the second with half of the weight


def test_such_spikes_are_refused_by_name_while_a_run_is_traced():
    network = begun()
    network["synapses"].delay = 0.7 * ms
    program = bioplast.compile(network, AFTER, "jax", namespace={})
    told = r"'synapses_pre.queue': while JAX traces a run, each spike is accepted once, none further away than"
    with jax.enable_x64(True):
        with pytest.raises(BioplastError, match=told):
            program.carry()
        with pytest.raises(BioplastError, match=told):
            jax.jit(lambda w: program({"synapses.w": w}).final["cells.x"])(jnp.ones(6))
        longer = {**program.carry({"synapses_pre.queue": []}), "synapses_pre.queue": jnp.zeros((8, 6), dtype=bool)}
        del longer["synapses_pre.delay"]
        told = r"'synapses_pre.queue' has shape \(8, 6\): at most 7 steps of 6 synapses"
        with pytest.raises(BioplastError, match=told):
            jax.jit(lambda values: program(values).final["cells.x"])(longer)
