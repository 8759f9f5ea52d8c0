"""What training returns is finite and within its bounds; where it cannot be, one line says why."""

from __future__ import annotations

import re
import warnings

import numpy as np
import optax
import pytest
from brian2 import ms, mV, second
from brian2.units.fundamentalunits import get_dimensions
from support.training import CLASSES, CURRENTS, classify, compiled_spiking, counted

from bioplast import learning
from bioplast.errors import BioplastError, NonFiniteError, RunError
from bioplast.learning import Trainable
from bioplast.program.inputs import sampled_inputs


@pytest.fixture(scope="module")
def program():
    return compiled_spiking()


def with_nan(sample):
    currents = CURRENTS.copy()
    currents[sample, 4, 1] = np.nan
    return {"stim": currents}


LINE = "sample 3: v of neuron 1 in 'cells' is nan at 20 ms (last finite at 0 ms)"


def test_nan_in_a_timed_array_of_one_sample_is_found_as_a_call_finds_it(program):
    with pytest.raises(NonFiniteError, match="v of neuron 1 in 'cells' is nan"):
        program(inputs={"stim": with_nan(3)["stim"][3]})
    with pytest.raises(NonFiniteError, match="v of neuron 1 in 'cells' is nan"):
        program.batch(inputs=with_nan(3))
    with pytest.raises(NonFiniteError, match=re.escape(f"epoch 1, {LINE}")) as told:
        classify(program, with_nan(3))
    assert str(told.value) == f"epoch 1, {LINE}; its input 'stim' is not finite"
    with pytest.raises(NonFiniteError, match=re.escape(f"epoch 1, validation, {LINE}")):
        classify(program, validation=(with_nan(3), CLASSES))
    with pytest.raises(NonFiniteError, match=re.escape(LINE)):
        learning.predict(program, with_nan(3), learning.Count("spikes"), batch=3)


def test_without_the_search_values_that_are_none_are_not_returned():
    program = compiled_spiking(watch=None)
    with pytest.raises(
        RunError, match=r"'cells\.tau' is nan after a step in epoch 1: the derivative of the loss in it is"
    ):
        classify(program, with_nan(3))
    cleaned = optax.chain(optax.zero_nans(), optax.sgd(0.01))
    with pytest.warns(RuntimeWarning, match="the derivative of the loss in 'cells.tau' is nan"):
        assert np.isfinite(classify(program, with_nan(3), optimiser=cleaned).values["cells.tau"]).all()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            {"optimiser": optax.sgd(float("nan"))},
            "'cells.tau' is nan after a step in epoch 1: the optimiser makes it so",
        ),
        (
            {
                "optimiser": optax.sgd(float("inf")),
                "train": {"cells.th": Trainable(10 * mV, low=5 * mV, high=15 * mV)},
            },
            "inf after a step in epoch 1: the optimiser makes it so",
        ),
        ({"optimiser": optax.sgd(1e30)}, "times its typical size 5 ms: a smaller learning rate or bounds may help"),
        ({"loss": lambda out, y: counted(out, y) * np.where(True, np.nan, 1)}, "the loss is nan for sample"),
        (
            {"loss": lambda out, y: counted(out, y[0]) * y[1], "labels": (CLASSES, np.where(CLASSES == 2, np.inf, 1))},
            "the loss is inf for sample",
        ),
        (
            {"score": lambda out, y: np.nan, "validation": ({"stim": CURRENTS}, CLASSES)},
            "the validation score is nan for sample 0 in epoch 1",
        ),
        (
            {
                "loss": lambda out, y: counted(out, y[0]) * y[1],
                "labels": (CLASSES, np.ones(8)),
                "validation": ({"stim": CURRENTS}, (CLASSES, np.where(np.arange(8) == 6, np.nan, 1))),
                "patience": 2,
            },
            "the validation loss is nan for sample 6 in epoch 1",
        ),
        (
            {"loss": lambda out, y: counted(out, y) * 1e200, "optimiser": "adam"},
            "the state of the optimiser is no longer finite in epoch 1",
        ),
    ],
)
def test_what_is_not_finite_ends_the_training(program, options, line):
    with pytest.raises(RunError, match=re.escape(line)), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        classify(program, **options)


def test_huge_values_are_accepted_where_they_were_before(program):
    """What is large is measured by what the value began with, too."""
    fitted = classify(
        program, values={"cells.tau": 1e5 * second}, train={"cells.tau": 1 * ms}, optimiser=optax.sgd(1e-9)
    )
    assert (fitted.values["cells.tau"] > 1e4).all()


# Bounds ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_are_within_their_bounds_to_the_last_bit(dtype):
    """Of a thousand bounds and units, of which every second product of the quotient passes the bound by rounding."""
    rng = np.random.default_rng(5)
    kind = np.dtype(dtype).type
    passed = 0
    for _ in range(1000):
        unit = 10.0 ** rng.integers(-12, 3) * rng.integers(1, 100)
        low = -unit * rng.random() * 10
        high = unit * rng.random() * 10
        scaled = Trainable(unit, low=low, high=high).scaled("x", np.zeros(1), get_dimensions(1), np.dtype(dtype))
        passed += float(kind(low / unit) * kind(unit)) < low
        for number, outward in ((scaled.low, -np.inf), (scaled.high, np.inf)):
            assert low <= float(scaled.values(number)) <= high
            beyond = float(kind(np.nextafter(number, kind(outward))) * kind(unit))
            assert not low < beyond < high or beyond == float(scaled.values(number))
    assert passed > 50


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_training_puts_to_a_bound_is_accepted_as_a_start(dtype):
    program = compiled_spiking(dtype=dtype)
    bounded = {"cells.th": Trainable(10 * mV, low=9.9 * mV, high=10.1 * mV)}
    fitted = classify(program, train=bounded, optimiser=optax.adam(0.5), epochs=4)
    th = fitted.values["cells.th"].astype(float)
    assert ((th >= float(9.9 * mV)) & (th <= float(10.1 * mV))).all()
    assert (np.isclose(th, 9.9e-3, rtol=1e-6) | np.isclose(th, 10.1e-3, rtol=1e-6)).any()
    again = classify(program, train=bounded, values={"cells.th": fitted.values["cells.th"]}, epochs=1)
    assert np.isfinite(again.history["loss"]).all()


def test_a_start_on_a_bound_stays_there():
    start = np.array([-51e-3, -49e-3])
    scaled = Trainable(10 * mV, low=-51 * mV, high=-49 * mV).scaled("x", start, mV.dim, np.dtype("float64"))
    np.testing.assert_allclose(scaled.values(scaled.start), start, rtol=1e-15)
    assert (scaled.values(scaled.start) >= start[0]).all()
    assert (scaled.values(scaled.start) <= start[1]).all()


# Inputs of TimedArrays ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (CURRENTS * mV, "'stim' is given in V: A is expected"),
        ([sample * mV for sample in CURRENTS], "'stim' is given in V: A is expected"),
        (CURRENTS[0], "input 'stim' has shape (20, 3): values [samples, steps, 3] are accepted"),
        (CURRENTS[:, :, 0], "input 'stim' has shape (8, 20): values [samples, steps, 3] are accepted"),
        (CURRENTS[:, :, :2], "input 'stim' has shape (8, 20, 2): values [samples, steps, 3]"),
        (CURRENTS[:, :0], "input 'stim' has shape (8, 0, 3)"),
    ],
)
def test_a_timed_array_of_a_wrong_unit_or_shape_is_refused(program, given, line):
    for call in (
        lambda: classify(program, {"stim": given}),
        lambda: classify(program, validation=({"stim": given}, CLASSES)),
        lambda: learning.predict(program, {"stim": given}, learning.Count("spikes")),
    ):
        with pytest.raises(BioplastError, match=re.escape(line)):
            call()


def test_samples_are_what_a_call_takes(program):
    found = sampled_inputs(program.network, program._namespace, {"stim": list(CURRENTS)}, 0.0, program.duration)
    np.testing.assert_array_equal(found["stim"], CURRENTS)
