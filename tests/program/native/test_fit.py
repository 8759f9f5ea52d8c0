"""Training on target native: the course of target jax, and populations of networks on the same samples."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms

import bioplast
from bioplast import learning

pytestmark = pytest.mark.build


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def network():
    source = SpikeGeneratorGroup(8, [], [] * ms, name="source")
    cells = NeuronGroup(
        2, "dv/dt = -v/(4*ms) : 1", threshold="v > 1", reset="v -= 1", method="exact", name="cells", namespace={}
    )
    synapses = Synapses(source, cells, "w : 1", on_pre="v_post += w", name="synapses", namespace={})
    synapses.connect()
    synapses.w = np.random.default_rng(0).normal(0.4, 0.2, 16)
    return Network(source, cells, synapses, SpikeMonitor(cells, name="spikes"))


def compiled(network, target):
    return bioplast.compile(network, 5 * ms, target, namespace={}, surrogate=bioplast.SuperSpike(beta=2))


def test_training_takes_the_course_of_target_jax(network):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 24)
    rasters = rng.random((24, 50, 8)) < np.where((np.arange(8) % 2 == labels[:, None]), 0.12, 0.03)[:, None]
    count = learning.Count("spikes")
    found = {
        target: learning.fit(
            compiled(network, target),
            {"source": rasters},
            labels,
            train={"synapses.w": 0.1},
            loss=lambda out, label: learning.cross_entropy(count(out), label),
            epochs=3,
            batch=8,
            seed=1,
        )
        for target in ("jax", "native")
    }
    expected = found["jax"].history["loss"]
    assert expected[-1] < expected[0]
    np.testing.assert_allclose(found["native"].history["loss"], expected, rtol=1e-9)


def test_networks_of_a_population_run_on_the_same_samples(network):
    rng = np.random.default_rng(2)
    weights, rasters = rng.normal(0.4, 0.2, (3, 16)), rng.random((4, 50, 8)) < 0.1
    program = compiled(network, "native")

    def loss(w):
        return jnp.sum(program.batch({"synapses.w": w}, {"source": rasters}).raster("spikes"), axis=(0, 1, 2))

    together, slopes = jax.vmap(jax.value_and_grad(loss))(jnp.asarray(weights))
    for w, one, slope in zip(weights, together, slopes, strict=True):
        alone, expected = jax.value_and_grad(loss)(jnp.asarray(w))
        assert float(one) == float(alone)
        np.testing.assert_allclose(slope, expected, rtol=1e-12)
    counts = [program.batch({"synapses.w": w}, {"source": rasters}).counts["spikes"].sum() for w in weights]
    np.testing.assert_array_equal(together, counts)
