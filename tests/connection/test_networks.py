"""Networks along connections, on Brian2's targets and on target jax, against the same by hand with SciPy."""

from __future__ import annotations

import numpy as np
import optax
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms
from support import convolutional as net

import bioplast
from bioplast import connection, learning

RNG = np.random.default_rng(17)


def agrees_with_hand(out, raster, kernels=net.KERNELS):
    one, two, trace = net.by_hand(raster, kernels)
    assert 0.05 < one.mean() < 0.6 and 0.05 < two.mean() < 0.6, "too few or too many spikes to tell"
    np.testing.assert_array_equal(out.raster("spikes_one"), one)
    np.testing.assert_array_equal(out.raster("spikes_two"), two)
    np.testing.assert_allclose(out.states["trace"]["v"], trace, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("target", ["numpy", "jax", pytest.param("cpp", marks=pytest.mark.build)])
@pytest.mark.parametrize("network", [net.explicit, net.declared])
def test_synapses_spike_as_a_network_by_hand(target, network):
    program = bioplast.compile(network(), net.STEPS * net.DT, target, namespace={})
    for raster in net.RASTERS[:2]:
        agrees_with_hand(program(inputs={"source": raster}), raster)


STEPS = 4


def smooth_loss(out, wanted):
    return ((out.final["cells.v"] - wanted) ** 2).mean()


def differences(loss, kernels, h=1e-5):
    """Central differences along each kernel weight: an error of h^2, and rounding of 1e-16/h."""
    flat = kernels.reshape(-1)
    slopes = [(loss(flat + step) - loss(flat - step)) / (2 * h) for step in h * np.eye(len(flat))]
    return np.array(slopes)


def test_the_gradient_of_tied_weights_is_that_of_finite_differences():
    source, cells = net.smooth()
    layer = net.FIRST
    synapses = Synapses(source, cells, "w : 1", on_pre="v_post += w", name="first", dt=net.DT)
    synapses.connect(i=layer.i, j=layer.j)
    kernels, k = net.KERNELS["first"], layer.k
    synapses.w = kernels.reshape(-1)[k]
    program = bioplast.compile(Network(source, cells, synapses), STEPS * net.DT, "jax", namespace={})
    raster, wanted = net.RASTERS[:1, :STEPS], RNG.normal(size=(1, layer.neurons))
    train = {"first.w": learning.Trainable(1, index=k)}
    fitted = learning.fit(
        program, {"source": raster}, wanted, train=train, loss=smooth_loss, epochs=1, batch=1, optimiser=optax.sgd(1.0)
    )
    found = kernels.reshape(-1) - fitted.tied["first.w"]

    def mean(flat):
        return smooth_loss(program({"first.w": flat[k]}, {"source": raster[0]}), wanted[0])

    expected = differences(mean, kernels)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("target", ["numpy", "jax"])
def test_max_pooling_is_one_spike_for_each_window_a_step_later(target):
    pool = connection.max_pooling((2, 5, 4), size=2, stride=(2, 1))
    source = SpikeGeneratorGroup(pool.inputs, [], [] * ms, dt=net.DT, name="source")
    pooled = NeuronGroup(pool.neurons, "hits : 1", threshold="hits > 0", dt=net.DT, name="pooled")
    pooled.run_regularly("hits = 0", when="after_thresholds", dt=net.DT)
    synapses = Synapses(source, pooled, on_pre="hits_post += 1", dt=net.DT)
    synapses.connect(i=pool.i, j=pool.j)
    network = Network(source, pooled, synapses, SpikeMonitor(pooled, name="spikes"))
    raster = RNG.random((9, pool.inputs)) < 0.2
    film = raster.reshape(-1, *pool.before)
    rows = [film[:, :, y : y + 2, x : x + 2].any(axis=(2, 3)) for y in (0, 2) for x in (0, 1, 2)]
    expected = np.stack(rows, axis=2).reshape(len(raster), -1)
    found = bioplast.compile(network, 9 * net.DT, target, namespace={})(inputs={"source": raster}).raster("spikes")
    np.testing.assert_array_equal(found[1:], expected[:-1])
    assert not found[0].any() and 0.2 < found.mean() < 0.8
