"""What it means that two targets agree; shared by the tests."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from brian2 import ms

import bioplast
from bioplast.program import network as net
from bioplast.program.output import Output
from bioplast.program.steps import moments, steps

from . import constructs, networks

# Of the largest magnitude of each variable: rounding over some hundred steps of systems that forget, with room for its
# growth near thresholds.
TOLERANCE = 1e-9


class Agreement(NamedTuple):
    """How many spikes were compared, all the same, and how far the states are apart at most (of the largest)."""

    spikes: int
    deviation: float


def assert_same(expected: Output, found: Output) -> Agreement:
    apart = [0.0]
    for name, spikes in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[name].steps, spikes.steps, name)
        np.testing.assert_array_equal(found.spikes[name].indices, spikes.indices, name)
        for variable, values in spikes.variables.items():
            apart.append(assert_close(values, found.spikes[name].variables[variable], f"{name}.{variable}"))
    for kind in ("states", "rates"):
        for name, states in getattr(expected, kind).items():
            for variable, values in states.items():
                apart.append(assert_close(values, getattr(found, kind)[name][variable], f"{name}.{variable}"))
    assert set(expected.final) == set(found.final)
    for key, value in expected.final.items():
        apart.append(assert_close(value, found.final[key], key))
    return Agreement(sum(len(spikes.steps) for spikes in expected.spikes.values()), max(apart))


def assert_close(expected: np.ndarray, found: np.ndarray, name: str) -> float:
    """The largest difference, of the largest magnitude that is expected."""
    expected, found = np.asarray(expected, dtype=float), np.asarray(found, dtype=float)
    assert expected.shape == found.shape, name
    if not expected.size:
        return 0.0
    apart, largest = np.abs(expected - found).max(), np.abs(expected).max()
    assert apart <= TOLERANCE * largest, name
    return float(apart / largest) if apart else 0.0


RASTER = {"poisson": np.random.default_rng(1).random((2000, 10)) < 0.01}


@functools.cache
def reference(case: str) -> tuple[object, Output]:
    """A network and what comes of it on numpy."""
    make, duration = networks.SHARED[case]
    network = make()
    program = bioplast.compile(network, duration, "numpy", namespace={})
    return network, program(seed=3, inputs=RASTER if case == "driven" else None)


def moves(out) -> bool:
    """Whether the run shows anything: spikes, or a state that changes."""
    spikes = sum(len(found.times) for found in out.spikes.values())
    changes = [np.ptp(a.astype(float)) for s in out.states.values() for v, a in s.items() if v != "t" and a.size]
    return spikes > 0 or max(changes, default=0) > 0


def put_on_record(ledger, name, network, agreement, target, **options):
    """Put on record that a network of `constructs` is the same on a target."""
    ledger.network(
        name.replace("_", " "),
        covers="; ".join(constructs.what_it_has(network)),
        target=target,
        dt=constructs.steps_of(network),
        duration=constructs.DURATION / ms,
        tolerance=TOLERANCE,
        **agreement._asdict(),
        **options,
    )


def numbers_of_brian2(program, sites, seed: int) -> dict[str, np.ndarray]:
    """The random numbers that Brian2's NumPy target draws with this seed, by the name of the draw.

    `sites` has each draw and the shape of its numbers by its name. Brian2 draws in the order of its schedule, for all
    neurons at once, from NumPy's old generator.
    """
    operations = {operation.name: operation for operation in program._steps.operations}
    run = moments.read_moments(net.spans(program.network, program.duration, 0.0))
    generator = np.random.RandomState(seed)
    numbers = {name: np.zeros((run.count, *shape)) for name, (_, shape) in sites.items()}
    for moment in range(run.count):
        for name, (draw, shape) in sites.items():
            operation = operations[name.rpartition(".")[0]]
            assert isinstance(operation, steps.Update | steps.Threshold)  # others draw for some neurons only
            if not run.due[operation.clock][moment]:
                continue
            draws = {
                "rand": lambda shape: generator.rand(*shape),
                "randn": lambda shape: generator.randn(*shape),
                "normal": lambda shape, draw=draw: generator.normal(*draw.parameters, shape),
                "binomial": lambda shape, draw=draw: generator.binomial(
                    int(draw.parameters[0]), draw.parameters[1], shape
                ),
            }
            numbers[name][moment] = draws[draw.kind](shape)
    return numbers
