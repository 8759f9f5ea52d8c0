"""Sums over windows against NumPy's, with derivatives and in batches."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bioplast.program.jax.windows import window_sums

RNG = np.random.default_rng(0)


def by_hand(image, size):
    (down, across), (height, width) = size, image.shape[-2:]
    return np.array(
        [
            [image[y : y + down, x : x + across].sum() for x in range(0, width - across + 1, across)]
            for y in range(0, height - down + 1, down)
        ]
    )


@pytest.mark.parametrize("size", [(2, 2), (3, 2), (1, 4), (1, 1)])
def test_sums_and_derivatives(size):
    images, (down, across) = RNG.normal(size=(2, 3, 8, 7)), size
    with jax.enable_x64(True):
        batch = jax.vmap(jax.vmap(lambda image: window_sums(image, size)))
        found, pull = jax.vjp(batch, jnp.asarray(images))
        expected = np.array([[by_hand(image, size) for image in channels] for channels in images])
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)
        back = RNG.normal(size=expected.shape)
        slopes = np.zeros_like(images)
        repeated = back.repeat(down, axis=2).repeat(across, axis=3)
        slopes[:, :, : repeated.shape[2], : repeated.shape[3]] = repeated
        np.testing.assert_array_equal(pull(jnp.asarray(back))[0], slopes)
        # forward, and twice: the sum is linear
        change = RNG.normal(size=images.shape)
        np.testing.assert_allclose(jax.jvp(batch, (images,), (change,))[1], batch(change), rtol=1e-13, atol=1e-14)
        curved = jax.jvp(jax.grad(lambda x: (batch(x) ** 2).sum() / 2), (images,), (change,))[1]
        np.testing.assert_allclose(curved, pull(batch(change))[0], rtol=1e-12, atol=1e-13)
