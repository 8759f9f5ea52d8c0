"""Products that skip silent neurons against dense products of NumPy, with their derivatives and in batches.

All sums have some dozen terms below 10 in float64, so both ways of adding agree to 1e-13.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast.program.jax import library
from bioplast.program.jax.products import event_product


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * max(1.0, np.abs(expected).max(initial=0)))


def drawn(seed, before, after, *lead):
    rng = np.random.default_rng(seed)
    events = rng.random((*lead, before)) < rng.choice([0.0, 0.02, 0.3, 1.0])
    return events, rng.normal(size=(before, after)), rng.normal(size=(*lead, after))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 99), st.integers(1, 90), st.sampled_from([1, 31, 32, 77]), st.sampled_from([bool, float]))
def test_the_product_and_its_derivatives_are_those_of_dense_numbers(seed, before, after, kind):
    events, weights, back = drawn(seed, before, after, 3)
    batch = jax.vmap(event_product, (0, None))
    given_events = jnp.asarray(events.astype(kind))
    with jax.enable_x64(True):
        found, pull = jax.vjp(lambda w: batch(given_events, w), jnp.asarray(weights))
        close(found, events @ weights)
        close(pull(jnp.asarray(back))[0], events.T @ back)
        if kind is float:
            _, pull = jax.vjp(lambda e: batch(e, jnp.asarray(weights)), given_events)
            close(pull(jnp.asarray(back))[0], back @ weights.T)


@pytest.mark.parametrize("before", [63, 64, 200])
@pytest.mark.parametrize("after", [1, 2, 3, 10, 15, 16, 150])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_of_whole_numbers_are_exact_at_every_width(before, after, dtype):
    rng = np.random.default_rng(before * after)
    events = rng.random((4, before)) < np.array([[0.0], [0.05], [0.5], [1.0]])
    weights, back = rng.integers(-99, 99, (before, after)), rng.integers(-99, 99, (4, after))
    found, pull = jax.vjp(
        lambda w: jax.vmap(event_product, (0, None))(jnp.asarray(events), w), jnp.asarray(weights.astype(dtype))
    )
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, events.astype(int) @ weights)
    np.testing.assert_array_equal(pull(jnp.asarray(back.astype(dtype)))[0], events.T.astype(int) @ back)


def test_weights_and_events_in_batches_of_their_own():
    events, _, _ = drawn(1, 50, 40, 3, 2)
    weights = np.random.default_rng(2).normal(size=(2, 50, 40))
    close(jax.vmap(jax.vmap(event_product))(jnp.asarray(events), jnp.asarray(np.stack([weights] * 3))),
          np.einsum("abk,bkn->abn", events, weights))  # fmt: skip
    close(jax.vmap(jax.vmap(event_product, (None, 0)), (0, None))(events[:, 0], weights),
          np.einsum("ak,bkn->abn", events[:, 0], weights))  # fmt: skip
    close(jax.vmap(jax.vmap(event_product, (0, None)), (None, 0))(events[:, 0], weights),
          np.einsum("ak,bkn->ban", events[:, 0], weights))  # fmt: skip


def test_gradients_of_each_sample_and_second_derivatives():
    events, weights, back = (jnp.asarray(a) for a in drawn(3, 50, 40, 3))
    each = jax.vmap(jax.grad(lambda w, e, y: (event_product(e, w) * y).sum()), (None, 0, 0))(weights, events, back)
    close(each, np.einsum("bk,bn->bkn", events, back))

    def energy(w):
        return (jax.vmap(event_product, (0, None))(events, w) ** 2).sum() / 2

    change = jnp.asarray(np.random.default_rng(5).normal(size=weights.shape))
    curved = jax.jvp(jax.grad(energy), (weights,), (change,))[1]
    close(curved, np.asarray(events).T @ (np.asarray(events) @ np.asarray(change)))
    close(jax.grad(lambda w: (jax.grad(energy)(w) * change).sum())(weights), curved)


def test_without_a_compiler_the_product_is_dense(monkeypatch):
    assert library.available("products")
    monkeypatch.setattr(library, "available", lambda name: False)
    events, weights, back = (jnp.asarray(a) for a in drawn(4, 61, 43, 3))
    batch = jax.jit(jax.vmap(event_product, (0, None)))
    assert "bioplast" not in batch.lower(events, weights).as_text()
    found, pull = jax.vjp(lambda w: batch(events, w), weights)
    close(found, np.asarray(events) @ np.asarray(weights))
    close(pull(back)[0], np.asarray(events).T @ np.asarray(back))
