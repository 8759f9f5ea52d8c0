"""Every neuron of the registry in one network: the same spikes and states on NumPy, in C++ and on JAX."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from brian2 import ms
from support.fidelity import EVERYTHING, OUR_NUMPY
from support.zoo import CELLS, DRIVES, DTS, NEURONS, zoo

import bioplast


@functools.cache
def reference():
    """150 ms on numpy, with a look at all states in the middle and at the end."""
    program = bioplast.compile(zoo(), 75 * ms, "numpy", namespace={})
    first = program(seed=1)
    return first, program(values=first.final, seed=1)


def test_every_drive_is_that_of_a_neuron_of_the_registry():
    assert set(DRIVES) <= set(NEURONS)


@pytest.mark.build
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.long
@pytest.mark.parametrize("target", ["cpp", "jax", "native"])
def test_the_whole_zoo_gives_the_same_result_as_on_numpy(ledger, target):
    program = bioplast.compile(zoo(), 75 * ms, target, namespace={})
    found = None
    fired = {name: set() for name in NEURONS}
    for expected in reference():
        found = program(values=found and found.final, seed=1)
        for name in NEURONS:
            theirs = expected.spikes[f"{name.replace('-', '_')}_spikes"]
            ours = found.spikes[f"{name.replace('-', '_')}_spikes"]
            np.testing.assert_array_equal(ours.steps, theirs.steps, name)
            np.testing.assert_array_equal(ours.indices, theirs.indices, name)
            fired[name] |= set(theirs.indices)
        assert set(found.final) == set(expected.final)
        for key, value in expected.final.items():
            name = key.partition(".")[0].replace("_", "-")
            if name not in NEURONS or not np.any(value):  # counts and clocks, and what stays zero
                np.testing.assert_array_equal(found.final[key], value, key)
                continue
            ledger(name, quantity=EVERYTHING, against=OUR_NUMPY, target=target,
                   found=found.final[key], expected=value, of_largest=1e-9, dt=DTS[name], duration=150)  # fmt: skip
    assert all(cells == set(range(CELLS)) for cells in fired.values()), fired
