"""Prediction: the same from every form of input and on every target, and one line for what does not fit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from brian2 import ms, mV
from support.training import CURRENTS, DT, SPIKES, STEPS, compiled_spiking, integrators

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError, UnknownName

count = learning.Count("spikes")


@pytest.fixture(scope="module")
def programs():
    return {target: compiled_spiking(target) for target in ("jax", "numpy")}


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_event_lists_predict_as_rasters_do(target):
    program = bioplast.compile(integrators(), STEPS * DT, target, namespace={})
    events = [tuple(np.nonzero(raster)) for raster in SPIKES]
    read = lambda out: out.final["cells.v"]  # noqa: E731
    found = learning.predict(program, {"source": [(rows * DT, neurons) for rows, neurons in events]}, read)
    np.testing.assert_array_equal(found, learning.predict(program, {"source": SPIKES}, read))


@pytest.mark.parametrize("target", ["jax", "numpy"])
@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"inputs": {}}, "at least one, along the first axis of each (no inputs)"),
        ({"inputs": None}, "(no inputs)"),
        ({"inputs": {"stim": CURRENTS[0]}}, "'stim' has shape (20, 3): values [samples, steps, 3] are accepted"),
        ({"inputs": {"stim": CURRENTS * mV}}, "'stim' is given in V: A is expected"),
        ({"readout": None}, "readout is None: a function readout(out) is accepted"),
        ({"readout": "spikes"}, "readout is 'spikes': a function"),
        ({"readout": lambda out: None}, "the readout of a sample is an array or several, not None"),
        ({"readout": lambda out: "a"}, "the readout of a sample is an array or several, not a str"),
        ({"readout": lambda out: 1 / 0}, "the readout ended in ZeroDivisionError: division by zero"),
        ({"readout": learning.Count("spike")}, "unknown spike monitor 'spike': did you mean 'spikes'"),
        ({"values": {"cells.tau": np.ones((8, 3)) * ms}}, "'cells.tau' has shape (8, 3): (3,) is expected"),
        ({"values": {"cells.tau": 1 * mV}}, "'cells.tau' is given in V: s is expected"),
        ({"values": [1]}, "values: a mapping by the keys of Program.values is accepted, not a list"),
        ({"batch": 0}, "batch is 0: a whole number from 1 is accepted"),
        ({"batch": True}, "batch is True"),
        ({"seed": 2**70}, "a whole number from 0 to 2**32 - 1 is accepted"),
    ],
)
def test_what_does_not_fit_is_refused(programs, target, options, line):
    given = {"inputs": {"stim": CURRENTS}, "readout": count, **options}
    with pytest.raises(BioplastError, match=re.escape(line)):
        learning.predict(programs[target], **given)


def test_only_programs_predict(programs):
    with pytest.raises(BioplastError, match=r"a program that bioplast\.compile made is accepted, not a Network"):
        learning.predict(programs["numpy"].network, {}, count)


# Readouts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_a_readout_in_another_unit_than_the_variable_is_refused(programs, target):
    program = programs[target]
    np.testing.assert_array_equal(
        learning.Trace("trace", unit=1 * mV)(program()), program().states["trace"]["v"] / 1e-3
    )
    for read in (learning.Trace, learning.Maximum, learning.Mean):
        line = f"{read.__name__}: unit is 1 ms, but v of 'trace' is in volt"
        for call in (
            lambda read=read: read("trace", unit=1 * ms)(program()),
            lambda read=read: read("trace", unit=1 * ms)(program.batch(seed=[1, 2])),
            lambda read=read: learning.predict(program, {"stim": CURRENTS}, read("trace", unit=1 * ms)),
        ):
            with pytest.raises(BioplastError, match=re.escape(line)):
                call()


@pytest.mark.parametrize(
    ("call", "error", "line"),
    [
        (lambda out: learning.Trace(5)(out), UnknownName, "unknown state monitor '5': accepted: trace"),
        (lambda out: learning.Trace("trace", 5)(out), UnknownName, "unknown variable of trace '5': accepted: v"),
        (lambda out: learning.Raster(None)(out), BioplastError, "by its name, not by a NoneType: None"),
        (lambda out: learning.Trace("trace")(None), BioplastError, "Trace: what a program gives is read, not None"),
        (lambda out: learning.Count("spikes")(3), BioplastError, "Count: what a program gives is read, not 3"),
        (lambda out: learning.Trace("trace", unit="mV"), BioplastError, "Trace: unit is 'mV': a positive quantity"),
        (
            lambda out: learning.Trace("trace", unit=[1, 2] * mV),
            BioplastError,
            "Trace: unit is array([1., 2.]) * mvolt",
        ),
        (lambda out: learning.Trace("trace", unit=np.nan * mV), BioplastError, "Trace: unit is nan V"),
        (lambda out: bioplast.SuperSpike("a"), BioplastError, "SuperSpike: beta is 'a': a positive number"),
        (lambda out: bioplast.SuperSpike(beta=1 * mV), BioplastError, "beta is 1 mV: a number without unit"),
        (lambda out: bioplast.SuperSpike(unit="mV"), BioplastError, "SuperSpike: unit is 'mV': a positive quantity"),
    ],
)
def test_readouts_and_surrogates_that_are_none_are_refused(programs, call, error, line):
    with pytest.raises(error, match=re.escape(line)):
        call(programs["numpy"]())
