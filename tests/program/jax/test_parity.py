"""Target jax against Brian2's NumPy target, construct by construct.

Spikes are identical and states agree within 1e-9 of the largest magnitude of each variable: both do the same operations
in the same order in float64, but JAX fuses products with sums, multiplies by the reciprocal of constants and has
exponentials of its own. That is about 1e-16 a step, over 300 steps of systems that forget (no network here is chaotic),
and 1e-9 leaves room for their growth near thresholds.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, PoissonGroup, PoissonInput, SpikeMonitor, ms
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.stateupdaters.base import StateUpdateMethod
from support import constructs
from support.fidelity import OUR_NUMPY, SAME_RANDOM_NUMBERS
from support.parity import assert_same, moves, numbers_of_brian2, put_on_record

import bioplast


def test_every_method_and_function_of_brian2_is_looked_for():
    """Those of the GNU Scientific Library exist in C++ only; numbers by poisson() are checked by their distribution."""
    methods = set(StateUpdateMethod.stateupdaters)
    assert {name for name in methods if not name.startswith("gsl")} == {*constructs.METHODS}
    made = [constructs.NETWORKS[name]() for name in ("arithmetic", "functions", "subexpressions", "linked_variables")]
    made += [constructs.RANDOM[name]() for name in ("random_thresholds", "shared_and_own_random_numbers")]
    called = set().union(*(constructs.functions_of(network.sorted_objects) for network in made))
    assert called == set(DEFAULT_FUNCTIONS) - {"poisson"}


@pytest.mark.parametrize("name", constructs.NETWORKS)
def test_each_construct_is_that_of_brian2(ledger, name):
    network = constructs.NETWORKS[name]()
    expected = bioplast.compile(network, constructs.DURATION, "numpy", namespace={})(seed=1)
    assert moves(expected)
    found = bioplast.compile(network, constructs.DURATION, "jax", namespace={})(seed=1)
    agreement = assert_same(expected, found)
    put_on_record(ledger, name, network, agreement, "jax", kind="construct", against=OUR_NUMPY)


@pytest.mark.parametrize("name", constructs.RANDOM)
def test_with_the_same_random_numbers_the_result_is_that_of_brian2(ledger, name):
    network = constructs.RANDOM[name]()
    expected = bioplast.compile(network, constructs.DURATION, "numpy", namespace={})(seed=11)
    assert moves(expected)
    program = bioplast.compile(network, constructs.DURATION, "jax", namespace={})
    program(seed=0)  # makes the draws known
    numbers = numbers_of_brian2(program, program._simulation.sites, 11)
    assert numbers
    call = program._call(None, None, 11, program.duration)
    agreement = assert_same(expected, program._run(dataclasses.replace(call, draws=numbers)))
    put_on_record(ledger, name, network, agreement, "jax", kind="noise", against=SAME_RANDOM_NUMBERS)


@pytest.mark.parametrize("name", ["several_clocks", "refractory_writes", "clocks_without_a_common_step"])
def test_a_run_goes_on_where_another_ended(name):
    """In the middle of a step of the slower clock, with spikes on their way and refractory neurons."""
    network = constructs.NETWORKS[name]()
    part = 7.9 * ms
    expected = bioplast.compile(network, part, "numpy", namespace={})
    found = bioplast.compile(network, part, "jax", namespace={})
    first = expected()
    assert_same(first, found())
    assert_same(expected(first.final), found(first.final))


def test_random_numbers_from_a_key_have_the_right_distributions():
    """Means within 5 standard errors: a wrong one is off by far more, a right one fails once in two million tests."""
    group = NeuronGroup(2000, "a : 1\nb : 1\nc : 1\nfew : 1\nmany : 1", namespace={}, name="group")
    group.run_regularly("a += rand() - 0.5\nb += randn()\nc += poisson(3) - 3")
    poisson = PoissonGroup(2000, 500 * Hz, name="poisson")
    few = PoissonInput(group, "few", N=20, rate=1000 * Hz, weight=1)  # binomial: 2 of 20 in a step
    many = PoissonInput(group, "many", N=2000, rate=1000 * Hz, weight=1)  # normal: 200 +- sqrt(180)
    network = Network(group, poisson, few, many, SpikeMonitor(poisson, name="spikes"))
    program = bioplast.compile(network, 2 * ms, "jax", namespace={})
    out = program(seed=3)
    steps_, number = 20, 2000
    for name, mean, variance in [("a", 0, 1 / 12), ("b", 0, 1), ("c", 0, 3), ("few", 2, 1.8), ("many", 200, 180)]:
        found = out.final[f"group.{name}"] - steps_ * mean
        error = np.sqrt(steps_ * variance / number)
        assert abs(found.mean()) < 5 * error, name
        assert found.var() == pytest.approx(steps_ * variance, rel=5 * np.sqrt(2 / number)), name
    assert out.raster("spikes").mean() == pytest.approx(0.05, abs=5 * np.sqrt(0.05 / (steps_ * number)))
    np.testing.assert_array_equal(program(seed=3).final["group.b"], out.final["group.b"])
    assert (program(seed=4).final["group.b"] != out.final["group.b"]).all()
