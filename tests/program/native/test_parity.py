"""Target native against Brian2's NumPy target, construct by construct: the operations of NumPy in NumPy's order.

Spikes are identical and states agree within 1e-9 of the largest magnitude of each variable; only exponentials and the
like may differ in their last digit.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    linked_var,
    ms,
)
from support import constructs
from support.constructs.making import generator
from support.fidelity import OUR_NUMPY, SAME_RANDOM_NUMBERS
from support.parity import assert_same, moves, numbers_of_brian2, put_on_record

import bioplast

pytestmark = pytest.mark.build


def compiled(network, duration=constructs.DURATION, **options):
    return bioplast.compile(network, duration, "native", namespace={}, **options)


@pytest.mark.parametrize("name", constructs.NETWORKS)
def test_each_construct_is_that_of_brian2(ledger, name):
    network = constructs.NETWORKS[name]()
    expected = bioplast.compile(network, constructs.DURATION, "numpy", namespace={})(seed=1)
    assert moves(expected)
    agreement = assert_same(expected, compiled(network)(seed=1))
    put_on_record(ledger, name, network, agreement, "native", kind="construct", against=OUR_NUMPY)


@pytest.mark.parametrize("name", constructs.RANDOM)
def test_with_the_same_random_numbers_the_result_is_that_of_brian2(ledger, name):
    network = constructs.RANDOM[name]()
    expected = bioplast.compile(network, constructs.DURATION, "numpy", namespace={})(seed=11)
    assert moves(expected)
    program = compiled(network)
    numbers = numbers_of_brian2(program, program.draws, 11)
    assert numbers
    call = program._call(None, None, 11, program.duration)
    agreement = assert_same(expected, program._run(dataclasses.replace(call, draws=numbers)))
    put_on_record(ledger, name, network, agreement, "native", kind="noise", against=SAME_RANDOM_NUMBERS)


@pytest.mark.parametrize("name", ["several_clocks", "refractory_writes", "clocks_without_a_common_step"])
def test_a_run_goes_on_where_another_ended(name):
    """In the middle of a step of the slower clock, with spikes on their way and refractory neurons."""
    network = constructs.NETWORKS[name]()
    part = 7.9 * ms
    expected = bioplast.compile(network, part, "numpy", namespace={})
    found = compiled(network, part)
    first = expected()
    assert_same(first, found())
    assert_same(expected(first.final), found(first.final))


def test_a_group_that_is_linked_to_itself_reads_what_was_before_the_step():
    """Neuron k follows neuron k - 1, which has been updated before it: a shift by one neuron in each step."""
    group = NeuronGroup(5, "x : 1\nbefore : 1 (linked)", namespace={}, name="group")
    group.before = linked_var(group, "x", index=np.array([4, 0, 1, 2, 3]))
    group.x = np.arange(5.0)
    group.run_regularly("x = before", when="start")
    network = Network(group, StateMonitor(group, "x", record=True, name="trace"))
    out = compiled(network, 0.3 * ms)()
    np.testing.assert_array_equal(out.states["trace"]["x"], [np.roll(np.arange(5.0), k) for k in (1, 2, 3)])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_groups_of_any_size_report_each_event_once(dtype, share):
    """Events are found in vectors of 64 and of 32 neurons, the rest one by one: every border, few events and all."""
    for size in (1, 2, 31, 32, 33, 63, 64, 65, 95, 96, 97, 255, 256, 257, 351, 600):
        rng = np.random.default_rng(size)
        due = rng.random((3, size)) < share
        cells = NeuronGroup(
            size,
            "a : 1\nb : 1\nc : 1\nn : 1",
            threshold="int(n == 1)*a + int(n == 2)*b + int(n == 3)*c > 0",
            reset="",
            name="cells",
        )
        cells.a, cells.b, cells.c = due.astype(float)
        cells.run_regularly("n = n + 1", when="start")
        network = Network(cells, SpikeMonitor(cells, name="spikes"))
        steps, neurons = np.nonzero(due)
        out = compiled(network, 0.3 * ms, dtype=dtype)()
        np.testing.assert_array_equal(out.spikes["spikes"].indices, neurons, err_msg=str(size))
        np.testing.assert_array_equal(out.spikes["spikes"].steps, steps, err_msg=str(size))


def test_random_numbers_have_the_right_distributions():
    """Means within 5 standard errors, variances within 5 of a normal distribution's: those here have lighter tails
    or nearly the same. A wrong one is off by far more, a right one fails once in two million tests."""
    group = NeuronGroup(4000, "a : 1\nb : 1\nc : 1\nd : 1\nfew : 1\nmany : 1", namespace={}, name="group")
    group.run_regularly("a += rand() - 0.5\nb += randn()\nc += poisson(3) - 3\nd += poisson(30) - 30")
    poisson = PoissonGroup(4000, 500 * Hz, name="poisson")
    few = PoissonInput(group, "few", N=20, rate=1000 * Hz, weight=1)  # binomial: 2 of 20 in a step
    many = PoissonInput(group, "many", N=2000, rate=1000 * Hz, weight=1)  # normal: 200 +- sqrt(180)
    network = Network(group, poisson, few, many, SpikeMonitor(poisson, name="spikes"))
    program = compiled(network, 2 * ms)
    out = program(seed=3)
    steps, number = 20, 4000
    moments = [("a", 0, 1 / 12), ("b", 0, 1), ("c", 0, 3), ("d", 0, 30), ("few", 2, 1.8), ("many", 200, 180)]
    for name, mean, variance in moments:
        found = out.final[f"group.{name}"] - steps * mean
        assert abs(found.mean()) < 5 * np.sqrt(steps * variance / number), name
        assert found.var() == pytest.approx(steps * variance, rel=5 * np.sqrt(2 / number)), name
    assert np.abs(np.corrcoef([out.final[f"group.{name}"] for name in "abcd"]) - np.eye(4)).max() < 5 / np.sqrt(number)
    assert out.raster("spikes").mean() == pytest.approx(0.05, abs=5 * np.sqrt(0.05 / (steps * number)))
    np.testing.assert_array_equal(program(seed=3).final["group.b"], out.final["group.b"])
    assert (program(seed=4).final["group.b"] != out.final["group.b"]).all()


def test_a_delay_along_each_synapse_is_kept_however_synapses_are_ordered():
    """Brute force: an event of neuron i arrives after each synapse's own steps."""
    rng = np.random.default_rng(2)
    source = generator(rate=0.1)
    target = NeuronGroup(3, "x : 1", namespace={}, name="target")
    synapses = Synapses(source, target, "w : 1", on_pre="x_post += w", namespace={}, name="synapses")
    pre, post = rng.integers(0, 6, 20), rng.integers(0, 3, 20)
    synapses.connect(i=pre, j=post)
    steps, weights = rng.integers(0, 40, 20), rng.random(20)
    synapses.delay, synapses.w = steps * 0.1 * ms, weights
    network = Network(source, target, synapses, StateMonitor(target, "x", record=True, name="trace", when="end"))
    out = compiled(network, 30 * ms)()
    expected = np.zeros((300, 3))
    times, neurons = np.asarray(source._spike_time), np.asarray(source._neuron_index)
    for time, neuron in zip(np.round(times / 1e-4).astype(int), neurons, strict=True):
        for k in np.flatnonzero(pre == neuron):
            expected[time + steps[k] :, post[k]] += weights[k]
    np.testing.assert_allclose(out.states["trace"]["x"], expected, rtol=1e-12)
