"""Quantities of a wrong unit are refused wherever training and prediction take them, whatever they are packed in."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, TimedArray, ms, nA
from hypothesis import given, settings
from hypothesis import strategies as st
from support.units import FORMS, UNITS, packed

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError
from bioplast.learning import Trainable


@pytest.fixture(scope="module")
def program():
    drive = TimedArray([1, 2] * nA, dt=1 * ms)
    cells = NeuronGroup(
        2, "dv/dt = -v/tau + 0*drive(t)*mV/ms/nA : volt\ntau : second (constant)", method="euler", dt=1 * ms,
        name="cells", namespace={"drive": drive},
    )  # fmt: skip
    cells.tau = 10 * ms
    return bioplast.compile(
        Network(cells, SpikeGeneratorGroup(2, [], [] * ms, name="source")), 2 * ms, "jax", namespace={}
    )


def fit(program, inputs=None, **options):
    given = {"train": {"cells.tau": 10 * ms}, "loss": lambda out, wanted: out.final["cells.v"].sum(), **options}
    return learning.fit(program, inputs, np.zeros(2), epochs=1, **given)


def read(out):
    return out.final["cells.v"]


# By the name in the message: the unit that is expected, and every way in.
ENTRANCES = {
    "'drive' is given in": (
        "nA",
        [
            lambda program, value: fit(program, {"drive": [value, value]}),
            lambda program, value: fit(program, validation=({"drive": [value, value]}, np.zeros(2))),
            lambda program, value: learning.predict(program, {"drive": [value, value]}, read),
        ],
    ),
    "'source' is given in": (
        "ms",
        [
            lambda program, value: fit(program, {"source": [([], []), (value, [0, 1])]}),
            lambda program, value: learning.predict(program, {"source": [(value, [0, 1])]}, read),
        ],
    ),
    "'cells.v' is given in": (
        "mV",
        [
            lambda program, value: fit(program, values={"cells.v": value}),
            lambda program, value: learning.predict(program, {"drive": [[1e-9]]}, read, {"cells.v": value}),
        ],
    ),
}


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(list(ENTRANCES)), unit=st.sampled_from(list(UNITS)), form=st.sampled_from(FORMS))
def test_a_wrong_unit_is_refused_at_every_entrance(program, name, unit, form):
    right, calls = ENTRANCES[name]
    if unit != right:
        for call in calls:
            with pytest.raises(BioplastError, match=name):
                call(program, packed(unit, form))


@settings(max_examples=40, deadline=None)
@given(part=st.sampled_from(["unit", "low", "high"]), unit=st.sampled_from([u for u in UNITS if u != "ms"]))
def test_a_trainable_of_a_wrong_unit_is_refused(program, part, unit):
    wrong = {"unit": 10 * ms, "low": 1 * ms, "high": 100 * ms, part: 2 * getattr(brian2, unit)}
    with pytest.raises(BioplastError, match=r"'cells\.tau': the .* is 2 .*: one number in second is accepted"):
        fit(program, train={"cells.tau": Trainable(**wrong)})


@pytest.mark.parametrize("form", FORMS)
def test_the_right_unit_gives_the_right_numbers(program, form):
    found = learning.predict(program, {"drive": [[1e-9]]}, read, {"cells.v": packed("mV", form)})
    np.testing.assert_allclose(found[0], np.array([0.5e-3, 1e-3]) * 0.9**2, rtol=1e-12)  # two steps of Euler's
    learning.predict(program, {"drive": [packed("nA", form)], "source": [(packed("ms", form), [0, 1])]}, read)
