"""A TimedArray that is given one row is the same at all times: a state then goes on without the time, when traced."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, TimedArray, ms

import bioplast
from bioplast.errors import BioplastError


def program(equations="dv/dt = (drive(t, i) - v)/(5*ms) : 1"):
    drive = TimedArray(np.zeros((1, 2)), dt=1 * ms, name="drive")
    cells = NeuronGroup(2, equations, method="euler", dt=1 * ms, name="cells", namespace={"drive": drive})
    return bioplast.compile(Network(cells), 3 * ms, "jax", namespace={}, dtype="float32")


def traced(made, table):
    return jax.jit(lambda v, table: made({"cells.v": v}, {"drive": table}).final["cells.v"])(
        np.array([0.5, 2.0], dtype=np.float32), np.asarray(table, dtype=np.float32)
    )


def test_a_row_is_held_for_ever():
    expected = np.array([0.5, 2.0])
    for _ in range(3):
        expected = expected + (np.array([1.0, -1.0]) - expected) / 5
    np.testing.assert_allclose(traced(program(), [[1.0, -1.0]]), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("equations", "table", "reason"),
    [
        ("dv/dt = (drive(t, i) - v)/(5*ms) : 1", [[1.0, -1.0], [0.0, 0.0]], "has a TimedArray"),
        ("dv/dt = (drive(t, i) + t/second - v)/(5*ms) : 1", [[1.0, -1.0]], "depends on the time"),
        ("dv/dt = (drive(t + 1*ms, i) - v)/(5*ms) : 1", [[1.0, -1.0]], "depends on the time"),
    ],
)
def test_what_depends_on_the_time_needs_it(equations, table, reason):
    with pytest.raises(BioplastError, match=reason):
        traced(program(equations), table)
