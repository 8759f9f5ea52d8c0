"""Inputs that are made batch by batch against the same inputs made at once, and what an encoder must not do."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from brian2 import mV
from support.training import DT, SAMPLES, SPIKES, STEPS, WANTED, integrators, squares, train

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError

NUMBERS = np.arange(SAMPLES)


@pytest.fixture(scope="module")
def program():
    return bioplast.compile(integrators(), STEPS * DT, "jax", namespace={})


def looked_up(numbers, rng):
    return {"source": SPIKES[numbers]}


def test_training_is_that_with_all_inputs_at_once(program):
    held_out = NUMBERS[17:], WANTED[17:]
    at_once = train(program, validation=({"source": SPIKES[17:]}, held_out[1]))
    encoded = train(
        program,
        learning.Encoded(NUMBERS[:17], looked_up),
        validation=(learning.Encoded(held_out[0], looked_up), held_out[1]),
    )
    for name, expected in at_once.history.items():
        np.testing.assert_array_equal(encoded.history[name], expected)
    np.testing.assert_array_equal(encoded.values["weights.w"], at_once.values["weights.w"])


def test_prediction_is_that_with_all_inputs_at_once(program):
    def potential(out):
        return out.final["cells.v"]

    values = {"weights.w": np.arange(6) * 1e-3}
    expected = learning.predict(program, {"source": SPIKES}, potential, values, batch=8)
    found = learning.predict(program, learning.Encoded(NUMBERS, looked_up), potential, values, batch=8)
    np.testing.assert_array_equal(found, expected)


def drawn(numbers, rng):
    """Half of the spikes."""
    return {"source": SPIKES[numbers] & (rng.random((len(numbers), STEPS, 3)) < 0.5)}


def test_what_is_drawn_is_new_in_each_epoch_and_the_same_when_training_is_resumed(program, tmp_path):
    seen = []

    def watched(numbers, rng):
        seen.append(deepcopy(rng).random())
        return drawn(numbers, rng)

    whole = train(program, learning.Encoded(NUMBERS[:17], drawn), epochs=4)
    file = tmp_path / "training.npz"
    train(program, learning.Encoded(NUMBERS[:17], watched), epochs=2, checkpoint=file)
    assert len(set(seen[-8:])) == 8  # four batches in each of two epochs
    resumed = train(program, learning.Encoded(NUMBERS[:17], drawn), epochs=4, checkpoint=file)
    np.testing.assert_array_equal(resumed.history["loss"], whole.history["loss"])
    np.testing.assert_array_equal(resumed.values["weights.w"], whole.values["weights.w"])


def test_a_checkpoint_of_other_samples_is_refused(program, tmp_path):
    file = tmp_path / "training.npz"
    train(program, learning.Encoded(NUMBERS[:17], looked_up), epochs=1, checkpoint=file)
    with pytest.raises(BioplastError, match="inputs or labels"):
        train(program, learning.Encoded(NUMBERS[1:18], looked_up), epochs=2, checkpoint=file)


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_all_members_of_a_generation_have_the_same_inputs(program, target):
    """A loss that knows nothing but the inputs is the same for all."""
    if target == "numpy":
        program = bioplast.compile(integrators(), STEPS * DT, "numpy", namespace={})
    found = learning.evolve(
        program,
        learning.Encoded(NUMBERS[:6], drawn),
        WANTED[:6],
        train={"weights.w": learning.Trainable(2 * mV, low=0 * mV, high=1e-9 * mV)},
        values={"weights.w": np.zeros(6)},
        loss=squares,
        strategy="cem",
        population=4,
        generations=2,
        batch=3,
    )
    np.testing.assert_allclose(found.history["loss"], found.history["best_loss"], rtol=1e-6)


@pytest.mark.parametrize(
    ("encode", "message"),
    [
        (lambda n, rng: {"sauce": SPIKES[n]}, "sauce"),
        (lambda n, rng: {"source": SPIKES[n][:, 1:]}, r"has shape \(1, 11, 3\)"),
        (lambda n, rng: SPIKES[n], "gives a mapping such as .* not ndarray"),
        (lambda n, rng: {"source": SPIKES[:2]}, "was given 1 samples and gives {'source': 2}"),
        (lambda n, rng: 1 / 0, "the encoder ended in ZeroDivisionError"),
    ],
)
def test_what_an_encoder_gives_is_checked(program, encode, message):
    with pytest.raises(BioplastError, match=message):
        train(program, learning.Encoded(NUMBERS[:17], encode))


def test_batches_of_other_inputs_are_refused():
    from support.training import CLASS_STEPS, CURRENTS, spiking

    program = bioplast.compile(spiking(), CLASS_STEPS * DT, "jax", namespace={})

    def shorter(numbers, rng):
        return {"stim": CURRENTS[numbers][:, : 20 if len(numbers) == 1 else 19]}

    with pytest.raises(BioplastError, match=r"samples of {'stim': \(19, 3\)}, of {'stim': \(20, 3\)} before"):
        learning.predict(program, learning.Encoded(np.arange(8), shorter), lambda out: out.final["cells.v"])


def test_what_is_no_array_or_no_function_is_refused():
    with pytest.raises(BioplastError, match="an axis of samples in front"):
        learning.Encoded(3, looked_up)
    with pytest.raises(BioplastError, match=r"a function encode\(samples, rng\) is accepted"):
        learning.Encoded(NUMBERS, {"source": SPIKES})
    with pytest.raises(BioplastError, match="the same number of samples"):
        train(bioplast.compile(integrators(), STEPS * DT, "jax", namespace={}), learning.Encoded(NUMBERS, looked_up))
