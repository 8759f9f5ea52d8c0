"""What it means that two targets agree; shared by the tests."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

import bioplast
from bioplast.program.output import Output

from . import networks

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
