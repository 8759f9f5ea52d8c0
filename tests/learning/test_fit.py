"""The training loop against descent done by hand, against itself when interrupted, and against the target cpp."""

from __future__ import annotations

import signal

import numpy as np
import optax
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, ms, mV, nA, volt
from support import interpreter
from support.training import DT, SPIKES, STEPS, WANTED, integrators, squares, train

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError
from bioplast.models import exponential_current, exponential_synapse, lif


@pytest.fixture(scope="module")
def program():
    return bioplast.compile(integrators(), STEPS * DT, "jax", namespace={})


@pytest.fixture(scope="module")
def whole(program):
    return train(program)


def test_training_is_descent_along_the_mean_of_each_batch(program, whole):
    """The final potentials are A w, a sum over the spikes before, so the derivative of the loss is known."""
    left = np.exp(-1 / 5) ** (STEPS - 1 - np.arange(STEPS))  # a spike in a step decays in all later ones
    A = np.einsum("k,nki->ni", left, SPIKES[:17].astype(float))
    w = np.arange(6.0).reshape(3, 2)  # mV
    losses, momentum = [], 0.0
    for epoch in range(4):
        order = np.random.default_rng([3, epoch]).permutation(17)
        total = 0.0
        for first in range(0, 17, 5):  # the last batch has two samples
            rows = order[first : first + 5]
            apart = A[rows] @ w - WANTED[rows]
            total += (apart**2).sum()
            # in units of 2 mV the derivative is twice that in w
            momentum = 0.5 * momentum + 2 * (2 * A[rows].T @ apart / len(rows))
            w = 2 * (w / 2 - 0.01 * momentum)
        losses.append(total / 17)
    # some dozen steps in float64
    np.testing.assert_allclose(whole.values["weights.w"].reshape(3, 2) * 1e3, w, rtol=1e-9)
    np.testing.assert_allclose(whole.history["loss"], losses, rtol=1e-9)
    assert losses[3] < losses[0] / 2
    assert whole.best == 3
    assert program.values["weights.w"].tolist() == [0, 1e-3, 2e-3, 3e-3, 4e-3, 5e-3]


def test_values_stay_within_their_bounds(program):
    bounded = learning.Trainable(2 * mV, low=0 * mV, high=5 * mV)
    assert train(program, epochs=1).values["weights.w"].min() < 0
    found = train(program, train={"weights.w": bounded}, epochs=1).values["weights.w"]
    assert found.min() == 0
    assert found.max() <= 5e-3 * (1 + 1e-12)


def test_validation_with_one_sample(program):
    """Which one device measures, while two train."""
    one = {"source": SPIKES[:1]}
    fitted = train(program, validation=(one, WANTED[:1]), epochs=2)
    out = program({"weights.w": fitted.last["weights.w"]}, {"source": SPIKES[0]})
    assert fitted.history["validation_loss"][-1] == pytest.approx(squares(out, WANTED[0]), rel=1e-9)


def test_the_best_epoch_is_that_of_validation(program):
    """With the opposite wanted, validation gets worse from the first epoch on."""
    fitted = train(
        program,
        validation=({"source": SPIKES[:17]}, 100 - WANTED[:17]),
        patience=2,
        epochs=9,
        optimiser=optax.sgd(0.001),
        values={"weights.w": 4 * mV, "cells.v": 3 * mV},  # of which one is trained
    )
    assert fitted.best == 0
    assert len(fitted.history["validation_loss"]) == 3
    assert (np.diff(fitted.history["validation_loss"]) > 0).all()
    finals = learning.predict(program, {"source": SPIKES[:17]}, lambda out: out.final["cells.v"], fitted.values)
    told = ((finals * 1e3 - 100 + WANTED[:17]) ** 2).sum(axis=1).mean()
    assert told == pytest.approx(fitted.history["validation_loss"][0], rel=1e-9)


def test_a_score_decides_before_the_loss(program):
    """With the loss as the score, which shall be large, the best epoch is the worst one: the first."""
    fitted = train(program, validation=({"source": SPIKES[17:]}, WANTED[17:]), score=squares, epochs=3)
    np.testing.assert_array_equal(fitted.history["validation_score"], fitted.history["validation_loss"])
    assert fitted.best == int(np.argmax(fitted.history["validation_loss"])) == 0


KILLED = """
import os, signal
import bioplast
from support.training import DT, STEPS, integrators, train

def ended(epoch):
    if epoch["epoch"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)

train(bioplast.compile(integrators(), STEPS*DT, {target!r}, namespace={{}}), checkpoint={file!r}, progress=ended)
"""


@pytest.mark.parametrize("target", ["jax", "native"])
def test_a_killed_training_resumes_to_the_very_same_values(program, whole, tmp_path, target):
    if target != "jax":
        program = bioplast.compile(integrators(), STEPS * DT, target, namespace={})
        whole = train(program)
    file = tmp_path / "training.npz"
    interpreter.run(KILLED.format(file=str(file), target=target), preamble="", status=-signal.SIGKILL)
    epochs = []
    resumed = train(program, checkpoint=file, progress=lambda means: epochs.append(means["epoch"]))
    assert epochs == [3, 4]
    assert resumed.values["weights.w"].tobytes() == whole.values["weights.w"].tobytes()
    assert resumed.history["loss"].tobytes() == whole.history["loss"].tobytes()
    again = train(program, checkpoint=file, progress=lambda means: epochs.append(means["epoch"]))
    assert epochs == [3, 4]
    assert again.values["weights.w"].tobytes() == whole.values["weights.w"].tobytes()
    for changed, name in (
        ({"seed": 4}, "seed"),
        ({"batch": 4}, "batch"),
        ({"values": {"weights.w": 1 * mV}}, "start"),
        ({"values": {"cells.v": 1 * mV}}, "values"),
        ({"train": {"weights.w": 1 * mV}}, "train"),
        ({"optimiser": optax.sgd(0.2)}, "network, loss, optimiser or version of JAX"),
    ):
        with pytest.raises(BioplastError, match=f"another {name}"):
            train(program, checkpoint=file, **changed)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BioplastError, match="is no checkpoint"):
        train(program, checkpoint=file)


# Through spikes -------------------------------------------------------------------------------------------------------


def layers():
    """Two layers of the zoo's neurons; the second one does not spike."""
    rng = np.random.default_rng(0)
    cell = lif + exponential_current
    source = SpikeGeneratorGroup(4, [], [] * ms, dt=DT, name="source")
    hidden = cell.group(5, dt=DT, name="hidden", tau_ref=1 * ms)
    readout = cell.group(2, dt=DT, name="readout", v_th=1 * volt)
    first = exponential_synapse.connect(source, hidden, name="first", w=0.5 * nA * rng.random(20))
    second = exponential_synapse.connect(hidden, readout, name="second", w=0.1 * nA * rng.normal(size=10))
    trace = StateMonitor(readout, "v", record=True, name="trace", dt=DT)
    return Network(source, hidden, readout, first, second, trace, SpikeMonitor(hidden, name="spikes"))


potential = learning.Mean("trace", "v", unit=1 * mV)


@pytest.fixture(scope="module")
def classified():
    """Which two of four afferents are more active."""
    rng = np.random.default_rng(1)
    labels = rng.integers(2, size=60)
    rates = np.where(labels[:, None] == 1, [0.1, 0.1, 0.3, 0.3], [0.3, 0.3, 0.1, 0.1])
    return rng.random((60, 25, 4)) < rates[:, None], labels


def read(out):
    return {"potential": potential(out), "spikes": out.raster("spikes")}


@pytest.mark.build
def test_trained_values_predict_the_same_in_cpp(classified):
    """Trained in single precision; what was learned is numbers, which every target takes in double precision."""
    spikes, labels = classified
    network = layers()
    surrogate = {"hidden": bioplast.SuperSpike(beta=10, unit=10 * mV)}
    program = bioplast.compile(network, 25 * DT, "jax", namespace={}, surrogate=surrogate, dtype="float32")
    fitted = learning.fit(
        program,
        {"source": spikes[:40]},
        labels[:40],
        train={
            "first.w": 0.1 * nA,
            "second.w": 0.1 * nA,
            "hidden.tau_m": learning.Trainable(10 * ms, low=2 * ms, high=100 * ms),
        },
        loss=lambda out, label: learning.cross_entropy(potential(out), label),
        optimiser=optax.adam(0.1),
        batch=20,
        epochs=12,
    )
    assert fitted.history["loss"][-1] < fitted.history["loss"][0] / 2
    assert fitted.values["hidden.tau_m"].dtype == np.float32
    assert len(np.unique(fitted.values["hidden.tau_m"])) == 5
    program.write_back(fitted.values)
    outs = [
        learning.predict(bioplast.compile(network, 25 * DT, target, namespace={}), {"source": spikes}, read)
        for target in ("jax", "cpp")
    ]
    # potentials in mV of the order 100, of which float64 rounds 1e-14 in each of some hundred operations
    np.testing.assert_allclose(outs[0]["potential"], outs[1]["potential"], rtol=0, atol=1e-9)
    assert outs[0]["spikes"].sum() > 60
    np.testing.assert_array_equal(outs[0]["spikes"], outs[1]["spikes"])
    classes = [out["potential"].argmax(axis=1) for out in outs]
    np.testing.assert_array_equal(*classes)
    assert (classes[0][40:] == labels[40:]).mean() > 0.5


# Refusals -------------------------------------------------------------------------------------------------------------


def test_another_target_is_refused():
    with pytest.raises(BioplastError, match="training needs a program of target 'jax' or 'native', not 'numpy'"):
        train(bioplast.compile(integrators(), STEPS * DT, "numpy", namespace={}))


def test_without_a_surrogate_spikes_have_no_derivative(classified):
    spikes, labels = classified
    program = bioplast.compile(layers(), 25 * DT, "jax", namespace={})
    with pytest.raises(BioplastError, match=r"no derivative in 'first.w'.*surrogate"):
        learning.fit(
            program,
            {"source": spikes},
            labels,
            train={"first.w": 0.1 * nA},
            loss=lambda out, label: learning.cross_entropy(potential(out), label),
            epochs=1,
        )
