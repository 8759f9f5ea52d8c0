"""A state that turns NaN or infinite ends a run on target native with a line: which one, where, in which run, when."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms

import bioplast
from bioplast.errors import NonFiniteError

pytestmark = pytest.mark.build
DT = 1e-4


def growing():
    cells = NeuronGroup(3, "dv/dt = v**2/second : 1\nlimit : 1", method="euler", name="cells", namespace={})
    cells.limit = np.inf
    synapses = Synapses(cells, cells, "dg/dt = g**2/second : 1 (clock-driven)", method="euler", name="synapses")
    synapses.connect(i=[0, 1], j=[1, 2])
    return Network(cells, synapses)


@pytest.fixture(scope="module")
def network():
    return growing()


def compiled(network, duration=20 * ms, **options):
    return bioplast.compile(network, duration, "native", namespace={}, **options)


def first_infinite_step(x):
    """Euler's steps of dx/dt = x**2 by hand: how many until the result is not finite."""
    step = 0
    with np.errstate(over="ignore"):
        while np.isfinite(x):
            x, step = x + DT * np.float64(x) ** 2, step + 1
    return step


@pytest.mark.parametrize(("key", "told"), [("cells.v", "v of neuron 1 in 'cells'"), ("synapses.g", "g of synapse 1")])
def test_the_variable_the_element_and_the_time_are_told(network, key, told):
    step = first_infinite_step(100.0)
    values = {key: [0.0, 100.0, 0.0][: 3 if key == "cells.v" else 2]}
    with pytest.raises(NonFiniteError) as caught:
        compiled(network, step * 0.1 * ms, watch=0.1 * ms)(values)
    assert told in str(caught.value)
    assert f"is inf at {step / 10:.10g} ms" in str(caught.value)
    compiled(network, (step - 1) * 0.1 * ms, watch=0.1 * ms)(values)  # until then all is well


def test_the_time_lies_between_two_looks(network):
    found = -(-first_infinite_step(100.0) // 30) * 3  # the next look, every 30 steps
    with pytest.raises(NonFiniteError) as caught:
        compiled(network, watch=3 * ms)({"cells.v": [0, 100, 0]})
    assert f"is inf at {found} ms (last finite at {found - 3} ms)" in str(caught.value)


def test_without_a_watch_the_run_goes_on_and_what_was_infinite_is_no_error(network):
    assert compiled(network, watch=None)({"cells.v": [0, 100, 0]}).final["cells.v"].tolist() == [0, np.inf, 0]
    assert np.isinf(compiled(network)().final["cells.limit"]).all()
    assert compiled(network)({"cells.v": np.inf}).final["cells.v"].tolist() == [np.inf] * 3


def test_the_first_run_of_a_batch_that_fails_is_told(network):
    program = compiled(network, watch=0.1 * ms, threads=2)
    v = np.zeros((6, 3))
    v[3, 1], v[4, 2] = 100, 1e4  # the later one is sooner
    with pytest.raises(NonFiniteError, match=r"in run 3 of the batch, v of neuron 1 in 'cells' is inf at \d+"):
        program.batch({"cells.v": v})
