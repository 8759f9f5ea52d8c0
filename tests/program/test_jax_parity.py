"""Target jax against Brian2's NumPy target, construct by construct.

Spikes are identical and states agree within 1e-9 of the largest magnitude of each variable: both do the same operations
in the same order in float64, so they differ by the rounding of exponentials and of sums over synapses, about 1e-16 a
step, over 300 steps of systems that forget (no network here is chaotic), and 1e-9 leaves room for their growth near
thresholds.
"""

from __future__ import annotations

import constructs
import numpy as np
import pytest
from brian2 import ms
from parity import assert_same

import bioplast
from bioplast.program import network as net
from bioplast.program import steps


def moves(out) -> bool:
    """Whether the run shows anything: spikes, or a state that changes."""
    spikes = sum(len(found.times) for found in out.spikes.values())
    changes = [np.ptp(a.astype(float)) for s in out.states.values() for v, a in s.items() if v != "t" and a.size]
    return spikes > 0 or max(changes, default=0) > 0


@pytest.mark.parametrize("name", constructs.NETWORKS)
def test_each_construct_is_that_of_brian2(name):
    network = constructs.NETWORKS[name]()
    expected = bioplast.compile(network, constructs.DURATION, "numpy", namespace={})(seed=1)
    assert moves(expected)
    found = bioplast.compile(network, constructs.DURATION, "jax", namespace={})(seed=1)
    assert_same(expected, found)


def numbers_of_brian2(program, seed: int) -> dict[str, np.ndarray]:
    """The random numbers that Brian2's NumPy target draws with this seed, by the name of the draw.

    Brian2 draws in the order of its schedule, for all neurons at once, from NumPy's old generator.
    """
    program(seed=0)  # makes the draws known
    simulation = program._simulation
    operations = {operation.name: operation for operation in program._steps.operations}
    spans = net.spans(program.network, program.duration, 0.0)
    count = max(span.end for span in spans.values())
    generator = np.random.RandomState(seed)
    numbers = {name: np.zeros((count, *shape)) for name, (_, shape) in simulation.sites.items()}
    for step in range(count):
        for name, (draw, shape) in simulation.sites.items():
            operation = operations[name.rpartition(".")[0]]
            assert isinstance(operation, steps.Update | steps.Threshold)  # others draw for some neurons only
            if step % simulation.ratios[operation.clock]:
                continue
            draws = {
                "rand": lambda shape: generator.rand(*shape),
                "randn": lambda shape: generator.randn(*shape),
                "normal": lambda shape, draw=draw: generator.normal(*draw.parameters, shape),
                "binomial": lambda shape, draw=draw: generator.binomial(
                    int(draw.parameters[0]), draw.parameters[1], shape
                ),
            }
            numbers[name][step] = draws[draw.kind](shape)
    return numbers


@pytest.mark.parametrize("name", constructs.RANDOM)
def test_with_the_same_random_numbers_the_result_is_that_of_brian2(name):
    network = constructs.RANDOM[name]()
    expected = bioplast.compile(network, constructs.DURATION, "numpy", namespace={})(seed=11)
    assert moves(expected)
    program = bioplast.compile(network, constructs.DURATION, "jax", namespace={})
    numbers = numbers_of_brian2(program, 11)
    assert numbers
    assert_same(expected, program._run({}, {}, {}, 11, 0.0, None, draws=numbers))


@pytest.mark.parametrize("name", ["several_clocks", "refractory_writes"])
def test_a_run_goes_on_where_another_ended(name):
    """In the middle of a step of the slower clock, with spikes on their way and refractory neurons."""
    network = constructs.NETWORKS[name]()
    part = 7.9 * ms
    expected = bioplast.compile(network, part, "numpy", namespace={})
    found = bioplast.compile(network, part, "jax", namespace={})
    first = expected()
    assert_same(first, found())
    assert_same(expected(first.final), found(first.final))
