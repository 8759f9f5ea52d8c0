"""Which column of a TimedArray a number names: outside of them there is NaN, as in Brian2's C++ and Cython code."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, TimedArray, ms

import bioplast

EQUATIONS = """
own = drive(t, i) : 1
last = drive(t, N - 1) : 1
before = drive(t, i - 1) : 1
negative = drive(t, -1) : 1
beyond = drive(t, i + 1) : 1
"""
NAMES = ["own", "last", "before", "negative", "beyond"]
TABLES = {"one row": [[3.0, -4.0]], "several rows": [[3.0, -4.0], [5.0, 6.0]]}


def network(table):
    drive = TimedArray(table, dt=1 * ms, name="drive")
    cells = NeuronGroup(2, EQUATIONS, dt=1 * ms, name="cells", namespace={"drive": drive})
    return Network(cells, StateMonitor(cells, NAMES, record=True, name="seen", dt=1 * ms))


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("target", ["jax", "native", pytest.param("cpp", marks=pytest.mark.long)])
def test_outside_the_columns_is_nan(target, table):
    """Also before the first, where Brian2's NumPy code takes the last: `findings/brian2_timed_array_columns.sh`."""
    found = bioplast.compile(network(TABLES[table]), 2 * ms, target, namespace={})().states["seen"]
    first, second = (np.array(TABLES[table])[[0, -1]]).T
    nan = np.full(2, np.nan)
    expected = {
        "own": [first, second],
        "last": [second, second],
        "before": [nan, first],
        "negative": [nan, nan],
        "beyond": [second, nan],
    }
    for name in NAMES:
        np.testing.assert_array_equal(found[name], np.transpose(expected[name]), err_msg=name)
