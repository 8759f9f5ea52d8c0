"""Products with the weights of listed synapses against matrices of NumPy, with their derivatives and in batches.

All sums have some dozen terms below 10 in float64, so all ways of adding agree to 1e-13 of the largest.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast.program.jax import library
from bioplast.program.jax.listed import Listed, listed_product


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * max(1.0, np.abs(expected).max(initial=0)))


def matrix(connection, weights):
    found = np.zeros((connection.inputs, connection.neurons), dtype=weights.dtype)
    i, j, k = connection.pairs()
    np.add.at(found, (i, j), weights[k])
    return found


def drawn(seed, before, after, density, rows, share=0.3):
    """Synapses in any order, some of them between the same neurons; what is sent, weights, and what comes back."""
    rng = np.random.default_rng(seed)
    count = max(1, int(density * before * after))
    connection = Listed(rng.integers(0, before, count), rng.integers(0, after, count), before, after)
    sent = rng.normal(size=(rows, before)) * (rng.random((rows, before)) < share)
    return connection, sent, rng.normal(size=count), rng.normal(size=(rows, after))


def in_rows(connection):
    return jax.vmap(lambda sent, weights: listed_product(connection, sent, weights), (0, None))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 99),
    st.integers(1, 70),
    st.sampled_from([1, 7, 16, 61]),
    st.sampled_from([0.01, 0.2, 2.0]),  # thin ones, and such that are laid out as a matrix
    st.sampled_from([1, 2, 40]),
)
def test_the_product_and_its_derivatives_are_those_of_a_matrix(seed, before, after, density, rows):
    connection, sent, weights, back = drawn(seed, before, after, density, rows)
    whole = matrix(connection, weights)
    with jax.enable_x64(True):
        found, pull = jax.vjp(in_rows(connection), jnp.asarray(sent), jnp.asarray(weights))
        close(found, sent @ whole)
        to_sent, to_weights = pull(jnp.asarray(back))
    i, j, k = connection.pairs()
    close(to_sent, back @ whole.T)
    close(np.asarray(to_weights)[k], (sent.T @ back)[i, j])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("density", [0.02, 1.0])
def test_sums_of_whole_numbers_are_exact(density, dtype):
    connection, sent, weights, back = drawn(1, 50, 33, density, 20)
    sent, weights, back = (np.round(9 * a).astype(dtype) for a in (sent, weights, back))
    found, pull = jax.vjp(in_rows(connection), jnp.asarray(sent), jnp.asarray(weights))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, sent @ matrix(connection, weights))
    i, j, k = connection.pairs()
    np.testing.assert_array_equal(pull(jnp.asarray(back))[1][k], (sent.T @ back)[i, j])


def test_weights_in_batches_of_their_own_and_second_derivatives():
    connection, sent, weights, _ = drawn(3, 30, 20, 0.5, 4)
    several = np.stack([weights, 2 * weights, weights**2, -weights])
    found = jax.vmap(lambda s, w: listed_product(connection, s, w))(jnp.asarray(sent), jnp.asarray(several))
    close(found, np.stack([s @ matrix(connection, w) for s, w in zip(sent, several, strict=True)]))

    def energy(weights):
        return (in_rows(connection)(jnp.asarray(sent), weights) ** 2).sum() / 2

    change = np.random.default_rng(5).normal(size=weights.shape)
    curved = jax.jvp(jax.grad(energy), (jnp.asarray(weights),), (jnp.asarray(change),))[1]
    i, j, k = connection.pairs()
    close(np.asarray(curved)[k], (sent.T @ (sent @ matrix(connection, change)))[i, j])
    again = jax.grad(lambda w: (jax.grad(energy)(w) * change).sum())(jnp.asarray(weights))
    close(again, curved)


def test_without_a_compiler_the_sums_are_those_of_xla(monkeypatch):
    assert library.available("listed")
    connection, sent, weights, back = drawn(4, 40, 30, 1.0, 8)
    with_library = jax.vjp(in_rows(connection), jnp.asarray(sent), jnp.asarray(weights))
    monkeypatch.setattr(library, "available", lambda name: False)
    batch = jax.jit(in_rows(connection))
    assert "bioplast" not in batch.lower(sent, weights).as_text()
    found, pull = jax.vjp(batch, jnp.asarray(sent), jnp.asarray(weights))
    close(found, with_library[0])
    for one, other in zip(pull(jnp.asarray(back)), with_library[1](jnp.asarray(back)), strict=True):
        close(one, other)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("rows", [1, 40])
def test_what_is_not_finite_reaches_those_it_is_connected_to_alone(rows, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(library, "available", lambda name: False)
    connection = Listed(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), 3, 4)
    batch = jax.jit(in_rows(connection))
    one = jnp.ones(4)
    # an infinite number that is sent, and an infinite weight of a neuron that sends nothing
    found = np.asarray(batch(jnp.tile(jnp.array([jnp.inf, 1.0, 0.0]), (rows, 1)), one))
    np.testing.assert_array_equal(found, [[np.inf, np.inf, 0, 0]] * rows)
    found = np.asarray(batch(jnp.tile(jnp.array([0.0, 1.0, 0.0]), (rows, 1)), one.at[0].set(jnp.inf)))
    np.testing.assert_array_equal(found, [[0, 1, 0, 0]] * rows)
    # and one that comes back
    back = jnp.tile(jnp.array([1.0, jnp.inf, 1.0, 1.0]), (rows, 1))
    _, pull = jax.vjp(batch, jnp.ones((rows, 3)), one)
    np.testing.assert_array_equal(pull(back)[0], [[np.inf, np.inf, 1]] * rows)


def test_connections_are_equal_if_their_synapses_are():
    i, j = np.array([0, 1, 1]), np.array([1, 0, 1])
    assert Listed(i, j, 2, 2) == Listed(i.copy(), j.astype(np.int64), 2, 2)
    assert len({Listed(i, j, 2, 2), Listed(i, j, 2, 3), Listed(j, i, 2, 2), Listed(i[::-1], j, 2, 2)}) == 4
    np.testing.assert_array_equal(Listed(i, j, 3, 2).outgoing(), [1, 2, 0])
