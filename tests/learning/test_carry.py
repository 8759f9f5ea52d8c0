"""States that go from batch to batch: the mean of what the samples of a batch ended with, by a recursion of NumPy."""

import numpy as np
import optax
import pytest
from brian2 import mV
from support import mpsl

from bioplast import learning
from bioplast.errors import BioplastError, UnknownName
from bioplast.program.jax import outer

START = mpsl.weights(4)
IMAGES = mpsl.images(4, samples=5)
CARRY = [f"w{n}.w_{k}" for n in (1, 2, 3) for k in (2, 3)]


@pytest.fixture(params=[0.0, np.inf], ids=["matrices", "products"])
def program(request, monkeypatch):
    """With a matrix of weights for each sample, and with the products that it is made of."""
    monkeypatch.setattr(outer, "WORTH", request.param)
    return mpsl.compiled(START, "jax")


def score(out):
    return (out.states["trace3"]["v"] ** 2).sum() / mpsl.V_TH**2


def fit(program, rate=0.0, **options):
    given = {
        "train": {"w3.w_1": 0.1 * mV},
        "loss": lambda out, label: score(out) + 0 * label,
        "optimiser": optax.sgd(rate),
        "batch": 2,
        "epochs": 2,
        "seed": 5,
        "carry": CARRY,
        **options,
    }
    return learning.fit(program, {"image": IMAGES}, np.zeros(5), **given)


def by_hand(epochs):
    """The weights after some epochs in which nothing is trained."""
    now = [[w.copy() for w in layer] for layer in START]
    for epoch in range(epochs):
        order = np.random.default_rng([5, epoch]).permutation(5)
        for chosen in (order[:2], order[2:4], order[4:]):
            ends = [mpsl.transcribed(now, IMAGES[k])[2] for k in chosen]
            for n, layer in enumerate(now):
                layer[1], layer[2] = (np.mean([end[n][k] for end in ends], axis=0) for k in (0, 1))
    return now


def test_a_batch_begins_with_the_mean_of_what_the_one_before_ended_with(program):
    found, expected = fit(program), by_hand(2)
    for n, layer in enumerate(expected, 1):
        for k in (2, 3):
            np.testing.assert_allclose(found.values[f"w{n}.w_{k}"], layer[k - 1].reshape(-1), rtol=1e-9, atol=1e-15)
    assert np.abs(expected[0][1] - START[0][1]).max() > 1e-6


def test_what_is_carried_has_no_derivative(program):
    once, alone = fit(program, 1e-3, epochs=1, batch=5), fit(program, 1e-3, epochs=1, batch=5, carry=())
    np.testing.assert_array_equal(once.values["w3.w_1"], alone.values["w3.w_1"])
    assert (once.values["w3.w_1"] != START[2][0].reshape(-1)).any()
    assert "w1.w_2" not in alone.values


def test_a_resumed_training_carries_on(program, tmp_path):
    file = tmp_path / "training.npz"
    fit(program, 1e-3, epochs=1, checkpoint=file)
    resumed, whole = fit(program, 1e-3, epochs=3, checkpoint=file), fit(program, 1e-3, epochs=3)
    for key in whole.values:
        np.testing.assert_array_equal(resumed.values[key], whole.values[key])


def test_validation_begins_with_what_is_carried(program):
    found = fit(program, validation=({"image": IMAGES[:1]}, np.zeros(1)))
    for epoch, loss in enumerate(found.history["validation_loss"], 1):
        U = mpsl.transcribed(by_hand(epoch), IMAGES[0])[1]
        assert loss == pytest.approx((U[2] ** 2).sum() / mpsl.V_TH**2, rel=1e-9)


@pytest.mark.parametrize(
    ("carry", "error", "message"),
    [
        (["w1.w_4"], UnknownName, "unknown state that a run changes, to carry 'w1.w_4'"),
        (["w1.w_1"], UnknownName, "'w1.w_1'"),
        ("w1.w_2", BioplastError, "keys of values are accepted"),
        (["w1.w_2"], BioplastError, "'w1.w_2' is trained"),
    ],
)
def test_what_cannot_be_carried_is_refused(program, carry, error, message):
    with pytest.raises(error, match=message):
        fit(program, carry=carry, train={"w1.w_2" if "trained" in message else "w3.w_1": 0.1 * mV})
