"""Each loss trains a small network, alone and with terms that are added to it; so do sparse connections."""

from __future__ import annotations

import brian2
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms, mV
from support.training import DT, SPIKES, STEPS, WANTED, integrators, squares, train

import bioplast
from bioplast import learning

TIME, INPUTS = 20, 6
CLASSES = np.arange(16) % 2
# one half of the inputs spikes often, the other half seldom
OFTEN = np.where((np.arange(INPUTS) < INPUTS // 2) ^ (CLASSES == 1)[:, None], 0.5, 0.1)
RASTERS = np.random.default_rng(5).random((16, TIME, INPUTS)) < OFTEN[:, None]


def readout(**spiking):
    """Inputs and two readout neurons, in which all synapses have the same weight."""
    inputs = SpikeGeneratorGroup(INPUTS, [], [] * ms, dt=DT, name="inputs")
    cells = NeuronGroup(2, "dv/dt = -v/(8*ms) : volt", method="exact", dt=DT, name="cells", **spiking)
    weights = Synapses(inputs, cells, "w : volt", on_pre="v_post += w", dt=DT, name="weights")
    weights.connect()
    weights.w = 3 * mV
    monitor = SpikeMonitor(cells, name="spikes") if spiking else StateMonitor(cells, "v", record=True, name="trace")
    options = {"surrogate": bioplast.SuperSpike(beta=1, unit=1 * mV)} if spiking else {}
    return bioplast.compile(Network(inputs, cells, weights, monitor), TIME * DT, "jax", namespace={}, **options)


@pytest.fixture(scope="module")
def programs():
    return {"spikes": readout(threshold="v > 10*mV", reset="v -= 10*mV"), "potential": readout()}


COUNT, RASTER, TRACE = learning.Count("spikes"), learning.Raster("spikes"), learning.Trace("trace", unit=5 * mV)
MAXIMUM, LAST = learning.Maximum("trace", unit=5 * mV), learning.Last("trace", unit=5 * mV)
SUM = learning.Sum("trace", unit=50 * mV)
RATES = jnp.array([[200.0, 0.0], [0.0, 200.0]])
TRAINS = jnp.zeros((2, TIME, 2)).at[0, 2::5, 0].set(1).at[1, 2::5, 1].set(1)
# The loss, and what tells the class.
LOSSES = {
    "count cross entropy": (lambda out, k: learning.cross_entropy(COUNT(out), k), COUNT),
    "count_hinge": (lambda out, k: learning.count_hinge(RASTER(out), k, 3.0), COUNT),
    "rate_error": (lambda out, k: learning.rate_error(RASTER(out), RATES[k], DT) / 1e4, COUNT),
    "van_rossum": (lambda out, k: learning.van_rossum(RASTER(out), TRAINS[k], DT, 20 * ms), COUNT),
    "max_over_time_cross_entropy": (lambda out, k: learning.max_over_time_cross_entropy(TRACE(out), k), MAXIMUM),
    "last cross entropy": (lambda out, k: learning.cross_entropy(LAST(out), k), LAST),
    "sum cross entropy": (lambda out, k: learning.cross_entropy(SUM(out), k), SUM),
    "membrane_hinge": (lambda out, k: learning.membrane_hinge(TRACE(out), k, 1.0), SUM),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_trains_a_network_to_tell_classes_apart(programs, name):
    loss, read = LOSSES[name]
    program = programs["spikes" if read is COUNT else "potential"]
    fitted = learning.fit(
        program,
        {"inputs": RASTERS},
        CLASSES,
        train={"weights.w": 3 * mV},
        loss=loss,
        optimiser=optax.adam(0.1),
        batch=16,
        epochs=30,
    )
    scores = np.array([[read(out) for out in program.batch(v, {"inputs": RASTERS})] for v in (None, fitted.values)])
    assert (scores[0][:, 0] == scores[0][:, 1]).all()  # both neurons had the same weights
    assert (scores[1].argmax(axis=1) == CLASSES).all()
    assert fitted.history["loss"][-1] < 0.5 * fitted.history["loss"][0]


def descended(weights, rows, slope, steps):
    """Weights in mV after steps along the mean of all samples, in units of 2 mV; potentials are A w at the end."""
    left = np.exp(-1 / 5) ** (STEPS - 1 - np.arange(STEPS))  # a spike in a step decays in all later ones
    A = np.einsum("k,nki->ni", left, SPIKES[rows].astype(float))
    for _ in range(steps):
        falls = 2 * A.T @ (A @ weights - WANTED[rows]) / len(A) + slope(weights)
        weights = weights - 0.01 * 2**2 * falls
    return weights


def test_the_l2_term_draws_weights_to_zero():
    """The derivative of 0.3 * sum (w/(2 mV))**2 in w is 0.3 * w/2 per mV."""
    fitted = train(
        bioplast.compile(integrators(), STEPS * DT, "jax", namespace={}),
        loss=lambda out, wanted: squares(out, wanted) + 0.3 * learning.l2(out.final["weights.w"], 2 * mV),
        optimiser=optax.sgd(0.01),
        batch=17,
    )
    expected = descended(np.arange(6.0).reshape(3, 2), slice(17), lambda w: 0.3 * w / 2, 4)
    # some dozen operations in float64
    np.testing.assert_allclose(fitted.values["weights.w"].reshape(3, 2) * 1e3, expected, rtol=1e-9)


def test_smoothness_alone_keeps_potentials_from_moving(programs):
    """Without any other term the weights go to 0, with which nothing changes."""
    still = learning.fit(
        programs["potential"],
        {"inputs": RASTERS},
        CLASSES,
        train={"weights.w": 3 * mV},
        loss=lambda out, k: learning.temporal_smoothness(TRACE(out)),
        optimiser=optax.adam(0.1),
        batch=16,
        epochs=60,
    )
    assert np.abs(still.values["weights.w"]).max() < 0.1 * 3e-3


def test_sparse_connections_train_as_a_masked_matrix():
    """What ``connect(p=...)`` did not connect is no weight: descent of a masked matrix, in plain NumPy."""
    brian2.seed(11)
    network = integrators(p=0.5)
    weights = network["weights"]
    place = np.asarray(weights.i), np.asarray(weights.j)
    mask = np.zeros((3, 2))
    mask[place] = 1
    assert 0 < mask.sum() < 6
    fitted = train(bioplast.compile(network, STEPS * DT, "jax", namespace={}), optimiser=optax.sgd(0.01), batch=17)
    w = np.zeros((3, 2))
    w[place] = np.arange(len(place[0]))
    for _ in range(4):
        w = descended(w, slice(17), lambda w: 0, 1) * mask
    np.testing.assert_allclose(fitted.values["weights.w"] * 1e3, w[place], rtol=1e-9)
