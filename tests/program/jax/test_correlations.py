"""Correlations that skip zeros against the sum over all pairs of the connection, with derivatives and in batches.

Sums have some hundred terms of a size of one in float64, so that all orders agree to 1e-12.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast import connection
from bioplast.program.jax import correlations, library
from bioplast.program.jax.correlations import correlation


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(1.0, np.abs(expected).max(initial=0)))


class Pairs:
    """The sums over the synapses of a convolution, one after the other."""

    def __init__(self, layer):
        self.layer, self.pairs = layer, layer.pairs()

    def forward(self, image, kernels):
        i, j, k = self.pairs
        found = np.zeros(self.layer.neurons)
        np.add.at(found, j, image.reshape(-1)[i] * kernels.reshape(-1)[k])
        return found.reshape(self.layer.shape)

    def to_image(self, after, kernels):
        i, j, k = self.pairs
        found = np.zeros(self.layer.inputs)
        np.add.at(found, i, after.reshape(-1)[j] * kernels.reshape(-1)[k])
        return found.reshape(self.layer.before)

    def to_kernels(self, image, after):
        i, j, k = self.pairs
        found = np.zeros(int(np.prod(self.layer.weights)))
        np.add.at(found, k, image.reshape(-1)[i] * after.reshape(-1)[j])
        return found.reshape(self.layer.weights)


def drawn(seed, layer, *lead, dtype=float):
    """Images of which some are nothing, some are spikes and some are full; kernels; and what comes back."""
    rng = np.random.default_rng(seed)
    density = rng.choice([0.0, 0.1, 0.5, 1.0], size=(*lead, 1, 1, 1))
    images = rng.normal(size=(*lead, *layer.before)) * (rng.random((*lead, *layer.before)) < density)
    kernels, back = rng.normal(size=layer.weights), rng.normal(size=(*lead, *layer.shape))
    return images.astype(dtype), kernels.astype(dtype), back.astype(dtype)


@st.composite
def layers(draw):
    size = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    padding = tuple(draw(st.integers(0, one - 1)) for one in size)
    image = tuple(draw(st.integers(max(one - 2 * pad, 1), 9)) for one, pad in zip(size, padding, strict=True))
    stride = draw(st.tuples(st.integers(1, 6), st.integers(1, 3)))
    kernels = draw(st.sampled_from([1, 3, 8, 9, 17, 33, 50]))
    return connection.convolution((draw(st.sampled_from([1, 2, 9])), *image), kernels, size, stride, padding)


@settings(max_examples=40, deadline=None)
@given(layers(), st.integers(0, 99))
def test_all_three_ways_are_the_sums_over_the_pairs(layer, seed):
    pairs = Pairs(layer)
    images, kernels, back = drawn(seed, layer, 2)
    with jax.enable_x64(True):
        batch = jax.vmap(lambda image, kernels: correlation(layer.windows, image, kernels), (0, None))
        found, pull = jax.vjp(batch, jnp.asarray(images), jnp.asarray(kernels))
        to_images, to_kernels = pull(jnp.asarray(back))
    close(found, [pairs.forward(image, kernels) for image in images])
    close(to_images, [pairs.to_image(one, kernels) for one in back])
    close(to_kernels, sum(pairs.to_kernels(image, one) for image, one in zip(images, back, strict=True)))


@pytest.mark.parametrize("size", [1, 3, 5, (3, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_of_whole_numbers_are_exact_at_every_width(size, dtype):
    rng = np.random.default_rng(3)
    for kernels, stride in ((15, 1), (16, 1), (31, 2), (33, 1), (70, (1, 2))):
        layer = connection.convolution((2, 8, 7), kernels, size, stride)
        image, weights, back = (
            rng.integers(-9, 9, shape).astype(dtype) for shape in (layer.before, layer.weights, layer.shape)
        )
        found, pull = jax.vjp(lambda x, w, layer=layer: correlation(layer.windows, x, w), image, weights)
        pairs = Pairs(layer)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, pairs.forward(image, weights))
        np.testing.assert_array_equal(pull(back)[0], pairs.to_image(back, weights))
        np.testing.assert_array_equal(pull(back)[1], pairs.to_kernels(image, back))


LAYER = connection.convolution((2, 6, 5), 3, 3, (2, 1), 1)


def test_kernels_in_batches_of_their_own():
    images, kernels, _ = drawn(1, LAYER, 3)
    many = np.stack([kernels, 2 * kernels])
    pairs = Pairs(LAYER)
    expected = np.array([[pairs.forward(image, one) for one in many] for image in images])

    def one(image, kernels):
        return correlation(LAYER.windows, image, kernels)

    close(jax.vmap(jax.vmap(one, (None, 0)), (0, None))(images, many), expected)
    close(jax.vmap(jax.vmap(one, (0, None)), (None, 0))(images, many), expected.swapaxes(0, 1))
    close(jax.vmap(one)(images[:2], many), [expected[0, 0], expected[1, 1]])


def test_gradients_of_each_sample_and_second_derivatives():
    images, kernels, back = drawn(3, LAYER, 2)
    images[0] += 1
    pairs = Pairs(LAYER)

    def one(image, kernels):
        return correlation(LAYER.windows, image, kernels)

    each = jax.vmap(jax.grad(lambda w, x, y: (one(x, w) * y).sum()), (None, 0, 0))(kernels, images, back)
    close(each, [pairs.to_kernels(image, after) for image, after in zip(images, back, strict=True)])
    change = np.random.default_rng(5).normal(size=kernels.shape)
    image_change = np.random.default_rng(6).normal(size=images[0].shape)

    def energy(x, w):
        return (one(x, w) ** 2).sum() / 2

    # the energy's slopes are after o image and after o kernels; what a change of both makes of them
    after = pairs.forward(images[0], kernels)
    changed = pairs.forward(image_change, kernels) + pairs.forward(images[0], change)
    expected = (
        pairs.to_image(changed, kernels) + pairs.to_image(after, change),
        pairs.to_kernels(images[0], changed) + pairs.to_kernels(image_change, after),
    )
    slopes = jax.grad(energy, (0, 1))
    forward = jax.jvp(slopes, (images[0], kernels), (image_change, change))[1]

    def along_change(x, w):
        to_image, to_kernels = slopes(x, w)
        return (to_image * image_change).sum() + (to_kernels * change).sum()

    backward = jax.grad(along_change, (0, 1))(images[0], kernels)
    for found in (forward, backward):
        for one_of, wanted in zip(found, expected, strict=True):
            close(one_of, wanted)


def test_without_a_compiler_all_ways_are_dense(monkeypatch):
    assert library.available("correlations")
    monkeypatch.setattr(library, "available", lambda name: False)
    images, kernels, back = drawn(4, LAYER, 3)
    pairs = Pairs(LAYER)
    batch = jax.jit(jax.vmap(lambda image, kernels: correlation(LAYER.windows, image, kernels), (0, None)))
    assert "bioplast" not in batch.lower(images, kernels).as_text()
    found, pull = jax.vjp(batch, images, kernels)
    close(found, [pairs.forward(image, kernels) for image in images])
    close(pull(back)[0], [pairs.to_image(one, kernels) for one in back])
    close(pull(back)[1], sum(pairs.to_kernels(image, one) for image, one in zip(images, back, strict=True)))


def test_an_accelerator_takes_the_convolution_of_its_library():
    images, kernels, _ = drawn(5, LAYER, 1)
    found = correlations.as_convolution(LAYER.windows, jnp.asarray(images[0]), jnp.asarray(kernels))
    close(found, Pairs(LAYER).forward(images[0], kernels))
