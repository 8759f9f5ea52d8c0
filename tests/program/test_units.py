"""Values of a wrong unit are refused wherever they come in, whatever they are packed in."""

from __future__ import annotations

import brian2
import neo
import numpy as np
import pytest
import quantities as pq
from brian2 import Network, NeuronGroup, Quantity, SpikeGeneratorGroup, StateMonitor, TimedArray, ms, mV
from hypothesis import given
from hypothesis import strategies as st
from support.units import FORMS, packed

import bioplast
from bioplast.definition.quantities import NotAQuantity, as_quantity
from bioplast.errors import BioplastError


@pytest.fixture(scope="module")
def program():
    drive = TimedArray([1, 2] * brian2.nA, dt=1 * ms)
    cells = NeuronGroup(
        2, "dv/dt = -v/tau + 0*drive(t)*mV/ms/nA : volt\ntau : second (constant)", method="euler", name="cells",
        namespace={"drive": drive},
    )  # fmt: skip
    cells.tau = 10 * ms
    source = SpikeGeneratorGroup(2, [], [] * ms, name="source")
    network = Network(cells, source, StateMonitor(cells, "v", record=True, name="trace"))
    return bioplast.compile(network, 2 * ms, "numpy", namespace={})


@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_unit_is_named(program, form):
    with pytest.raises(BioplastError, match=r"'cells.v' is given in s: V is expected"):
        program({"cells.v": packed("ms", form)})


@pytest.mark.parametrize("form", FORMS)
def test_the_right_unit_gives_the_right_numbers(program, form):
    out = program({"cells.v": packed("mV", form)})
    np.testing.assert_allclose(out.states["trace"]["v"][0], [0.5e-3, 1e-3], rtol=1e-12)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1 * mV, 2 * ms], "one unit is accepted, not second and volt"),
        ([1 * mV, 2], "one unit is accepted, not volt and no unit"),
        ([1, 2] * pq.mV, "a Quantity of the package quantities is not accepted"),
        ([[1], [2, 3]], "rows of one length are accepted"),
        (["1", "2"], "numbers are accepted, not str"),
        ([1 + 2j, 0], "numbers are accepted, not complex"),
        (neo.AnalogSignal([1, 2], units="mV", sampling_rate=1 * pq.Hz), "package neo is not accepted"),
    ],
)
def test_what_is_no_quantity_of_one_unit_is_refused(program, value, message):
    with pytest.raises(BioplastError, match=message):
        program({"cells.v": value})


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=1, max_size=4))
def test_nested_lists_are_the_array_of_their_numbers(rows):
    with_units = [[x * mV for x in row] for row in rows]
    numbers, dimensions = as_quantity(with_units)
    np.testing.assert_array_equal(numbers, np.asarray(np.array(rows) * mV))
    assert dimensions is mV.dim
    numbers, dimensions = as_quantity(rows)
    np.testing.assert_array_equal(numbers, rows)
    assert dimensions is Quantity(1).dim


def test_whole_numbers_and_truth_values_stay_what_they_are():
    assert as_quantity([1, 2])[0].dtype.kind == "i"
    assert as_quantity([True, False])[0].dtype == bool
    with pytest.raises(NotAQuantity):
        as_quantity(None)
