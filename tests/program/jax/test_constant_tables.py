"""A TimedArray that is given one row is the same at all times: a state then goes on without the time, when traced."""

from __future__ import annotations

import re

import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, TimedArray, ms

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


def test_columns_by_number_and_by_name_are_those_of_the_row():
    """Beyond the last column there is NaN, as in Brian2's C++."""
    equations = """
    first = drive(t, 0) : 1
    other = drive(t, 1) : 1
    own = drive(t, i) : 1
    beyond = drive(t, 2) : 1
    further = drive(t, i + 1) : 1
    """
    drive = TimedArray([[0.0, 0.0]], dt=1 * ms, name="drive")
    cells = NeuronGroup(2, equations, dt=1 * ms, name="cells", namespace={"drive": drive})
    names = ["first", "other", "own", "beyond", "further"]
    monitor = StateMonitor(cells, names, record=True, name="seen", dt=1 * ms)
    made = bioplast.compile(Network(cells, monitor), 3 * ms, "jax", namespace={})
    found = made(None, {"drive": [[3.0, -4.0]]}).states["seen"]
    expected = {"first": [3, 3], "other": [-4, -4], "own": [3, -4], "beyond": [np.nan] * 2, "further": [-4, np.nan]}
    for name in names:
        np.testing.assert_array_equal(found[name], [expected[name]] * 3, err_msg=name)


def test_a_row_of_one_number_is_held_as_well():
    drive = TimedArray([2.5], dt=1 * ms, name="drive")
    cells = NeuronGroup(3, "v = drive(t) : 1", dt=1 * ms, name="cells", namespace={"drive": drive})
    made = bioplast.compile(
        Network(cells, StateMonitor(cells, "v", record=True, name="seen", dt=1 * ms)), 2 * ms, "jax", namespace={}
    )
    np.testing.assert_array_equal(made().states["seen"]["v"], np.full((2, 3), 2.5))
    np.testing.assert_array_equal(made(None, {"drive": [7.0]}).states["seen"]["v"], np.full((2, 3), 7.0))


def test_what_a_row_decides_is_computed_once_for_all_steps():
    """A division by a time constant within the loop over the steps costs more than all else there."""
    made = program("dv/dt = (drive(t, 0)/(2 + i) - v)/(5*ms) : 1")
    step = jax.jit(lambda v, table: made({"cells.v": v}, {"drive": table}, duration=20 * ms).final["cells.v"])
    text = step.lower(np.zeros(2, dtype=np.float32), np.ones((1, 2), dtype=np.float32)).compile().as_text()
    body = re.search(r" while\(.*body=%?([\w.\-]+)", text).group(1)
    inside, called = "", [body]
    for name in called:
        part = re.search(rf"^%?{re.escape(name)} .*?^}}", text, re.S | re.M).group()
        inside += part
        called += [other for other in re.findall(r"(?:calls|to_apply)=%?([\w.\-]+)", part) if other not in called]
    assert "multiply" in inside  # or the loop was not found
    assert "divide" not in inside
