"""Synapses and neurons that share a number: their gradients add up, whatever the numbers are."""

from __future__ import annotations

import numpy as np
import optax
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, mV

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError

STEPS, DT, RATE = 12, 1 * ms, 0.003
RNG = np.random.default_rng(11)
SPIKES = RNG.random((9, STEPS, 3)) < 0.3
WANTED = RNG.normal(size=(9, 2))
INDEX = np.array([2, 0, 1, 2, 0, 0])  # of the six synapses
KERNEL = np.array([1.5, -0.5, 2.25])  # mV


def network():
    """Three afferents of two cells, whose voltage has a curved effect on what follows."""
    source = SpikeGeneratorGroup(3, [], [] * ms, dt=DT, name="source")
    cells = NeuronGroup(
        2, "dv/dt = (-v - v**2/(9*mV))/tau : volt\ntau : second (constant)", method="euler", dt=DT, name="cells"
    )
    cells.tau = 5 * ms
    weights = Synapses(source, cells, "w : volt", on_pre="v_post += w", dt=DT, name="weights")
    weights.connect()
    weights.w = KERNEL[INDEX] * mV
    return Network(source, cells, weights)


@pytest.fixture(scope="module")
def program():
    return bioplast.compile(network(), STEPS * DT, "jax", namespace={})


def loss(out, wanted):
    return ((out.final["cells.v"] * 1e3 - wanted) ** 2).sum()


def train(program, train, epochs=1, **options):
    given = {"optimiser": optax.sgd(RATE), "batch": 9, **options}
    return learning.fit(program, {"source": SPIKES}, WANTED, train=train, loss=loss, epochs=epochs, **given)


def slope(program, name, before, fitted, unit):
    """The gradient that one step of plain descent took, per unit."""
    return (before - fitted) / unit / RATE


def test_the_gradient_is_the_sum_over_the_elements_and_that_of_finite_differences(program):
    start = program.values["weights.w"]
    apart = slope(program, "weights.w", start, train(program, {"weights.w": 2 * mV}).values["weights.w"], 2e-3)
    fitted = train(program, {"weights.w": learning.Trainable(2 * mV, index=INDEX)})
    tied = slope(program, "weights.w", KERNEL * 1e-3, fitted.tied["weights.w"], 2e-3)
    np.testing.assert_allclose(tied, np.bincount(INDEX, apart), rtol=1e-9)

    def mean(kernel_mV):
        outs = [program({"weights.w": kernel_mV[INDEX] * mV}, {"source": spikes}) for spikes in SPIKES]
        return np.mean([loss(out, wanted) for out, wanted in zip(outs, WANTED, strict=True)])

    step = 1e-5 * np.eye(3)
    # central differences of h = 1e-5 mV: an error of h^2, and rounding of 1e-15/h of losses of the order ten
    differences = [(mean(KERNEL + h) - mean(KERNEL - h)) / 2e-5 * 2 for h in step]
    np.testing.assert_allclose(tied, differences, rtol=1e-6)
    assert np.abs(tied).min() > 0.01


def test_elements_of_one_number_stay_equal_and_go_back_into_the_network(program):
    fitted = train(program, {"weights.w": learning.Trainable(2 * mV, index=INDEX)}, 5, optimiser=optax.adam(0.1))
    w, kernel = fitted.values["weights.w"], fitted.tied["weights.w"]
    assert (w.shape, kernel.shape) == ((6,), (3,))
    assert w.tobytes() == kernel[INDEX].tobytes() == fitted.last["weights.w"].tobytes()
    assert len(np.unique(w)) == 3
    assert fitted.history["loss"][-1] < fitted.history["loss"][0]
    live = network()
    own = bioplast.compile(live, STEPS * DT, "jax", namespace={})
    own.write_back(fitted.values)
    assert np.asarray(live["weights"].w).tobytes() == w.tobytes()


def test_neurons_share_a_number_within_bounds_beside_what_is_not_tied(program):
    train_both = {
        "cells.tau": learning.Trainable(5 * ms, low=4.9999 * ms, high=5.0001 * ms, index=[0, 0]),
        "weights.w": 2 * mV,
    }
    fitted = train(program, train_both, 3)
    tau = fitted.values["cells.tau"]
    assert tau[0] == tau[1]
    assert np.isclose(tau[0], [4.9999e-3, 5.0001e-3], rtol=1e-12).any()
    assert set(fitted.tied) == {"cells.tau"}
    assert len(np.unique(fitted.values["weights.w"])) == 6


def test_numbers_of_their_own_are_what_they_are_without_an_index(program):
    own = train(program, {"weights.w": learning.Trainable(2 * mV, index=np.arange(6))}, 3)
    assert own.values["weights.w"].tobytes() == train(program, {"weights.w": 2 * mV}, 3).values["weights.w"].tobytes()


def test_a_training_of_tied_values_goes_on_from_its_checkpoint(program, tmp_path):
    file, epochs = tmp_path / "training.npz", []
    tied = {"weights.w": learning.Trainable(2 * mV, index=INDEX)}
    options = {"optimiser": optax.adam(0.1)}
    whole = train(program, tied, 4, **options)
    train(program, tied, 2, checkpoint=file, **options)
    resumed = train(program, tied, 4, checkpoint=file, progress=lambda means: epochs.append(means["epoch"]), **options)
    assert epochs == [3, 4]
    assert resumed.tied["weights.w"].tobytes() == whole.tied["weights.w"].tobytes()
    assert resumed.values["weights.w"].tobytes() == whole.values["weights.w"].tobytes()
    other = {"weights.w": learning.Trainable(2 * mV, index=INDEX[::-1])}
    start = {"weights.w": KERNEL[INDEX[::-1]] * mV}
    with pytest.raises(BioplastError, match="was made with another train"):
        train(program, other, 4, checkpoint=file, values=start, **options)


@pytest.mark.parametrize(
    ("index", "line"),
    [
        ([0, 1, 2], r"'weights.w': the index has shape \(3,\): one number for each element, \(6,\)"),
        ([[0, 1, 2, 2, 0, 0]], r"the index has shape \(1, 6\)"),
        (0, r"the index has shape \(\)"),
        ([2, 0, 1, 2, -1, 0], "the index holds -1: whole numbers from 0 are accepted"),
        ([2.0, 0, 1, 2, 0, 0], "the index holds float64: whole numbers from 0 are accepted"),
        ([True, False] * 3, "the index holds bool"),
        ([3, 0, 1, 3, 0, 0], "no element has the number 2: the index counts from 0 without a gap"),
        ([0, 0, 1, 2, 0, 0], r"elements 0 and 1 share the number 0 but begin with 0.00225 and 0.0015: begin with the"),
    ],
)
def test_an_index_that_does_not_fit_is_refused(program, index, line):
    with pytest.raises(BioplastError, match=line) as refused:
        train(program, {"weights.w": learning.Trainable(2 * mV, index=index)})
    assert "\n" not in str(refused.value)


def test_a_single_number_has_no_index():
    cells = NeuronGroup(
        2, "dv/dt = -v/tau : volt\ntau : second (shared, constant)", method="euler", dt=DT, name="cells"
    )
    cells.tau = 5 * ms
    program = bioplast.compile(Network(cells), STEPS * DT, "jax", namespace={})
    with pytest.raises(BioplastError, match=r"'cells.tau': the index has shape \(\)"):
        learning.fit(program, {}, WANTED, train={"cells.tau": learning.Trainable(1 * ms, index=0)}, loss=loss, epochs=1)
