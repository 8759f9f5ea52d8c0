"""Pairs and weights of connections against SciPy's correlation and loops over the definition."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate

from bioplast import connection
from bioplast.errors import BioplastError

RNG = np.random.default_rng(3)


def arriving(layer, events, weights):
    """What synapses along a connection add up to, one after the other."""
    pairs = layer.pairs()
    total = np.zeros(layer.neurons)
    np.add.at(total, pairs.j, events.reshape(-1)[pairs.i] * weights.reshape(-1)[pairs.k])
    return total.reshape(layer.shape)


def correlated(events, kernels, stride=(1, 1), padding=(0, 0)):
    """The same by `scipy.signal.correlate`, whose windows are then taken at the stride."""
    margin = np.pad(events, [(0, 0), *((p, p) for p in padding)])
    every = np.stack([correlate(margin, kernel, mode="valid", method="direct")[0] for kernel in kernels])
    return every[:, :: stride[0], :: stride[1]]


sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))


@st.composite
def convolutions(draw):
    size = draw(sizes)
    padding = tuple(draw(st.integers(0, s - 1)) for s in size)
    image = tuple(draw(st.integers(max(1, s - 2 * p), 8)) for s, p in zip(size, padding, strict=True))
    shape = (draw(st.integers(1, 3)), *image)
    return connection.convolution(shape, draw(st.integers(1, 3)), size, draw(sizes), padding)


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_a_convolution_is_the_correlation_of_scipy(layer):
    events, weights = RNG.normal(size=layer.before), RNG.normal(size=layer.weights)
    expected = correlated(events, weights, layer.windows.stride, layer.windows.padding)
    assert layer.shape == expected.shape
    np.testing.assert_allclose(arriving(layer, events, weights), expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(convolutions(), st.data())
def test_each_pair_is_there_once_and_in_order(layer, data):
    pool = data.draw(sizes), data.draw(sizes)
    image = tuple(h + p for h, p in zip(layer.shape[1:], pool[0], strict=True))
    chained = connection.average_pooling((layer.shape[0], *image), *pool).then(connection.dense, neurons=2)
    for each in (layer, chained, connection.average_pooling((2, *image), *pool)):
        i, j, k = each.pairs()
        assert len(i) == len(j) == len(k) == each.synapses
        np.testing.assert_array_equal(np.bincount(i, minlength=each.inputs), each.outgoing())
        assert (np.diff(i) >= 0).all()
        assert len(np.unique(np.stack([i, j, k]), axis=1).T) == each.synapses
        assert k.dtype == i.dtype == j.dtype == np.int32
    assert set(layer.pairs().k) <= set(range(np.prod(layer.weights)))


@pytest.mark.parametrize(("size", "stride", "padding"), [(2, None, 0), (3, 2, 1), ((2, 3), (1, 2), (0, 2))])
def test_average_pooling_is_the_mean_of_each_window(size, stride, padding):
    layer = connection.average_pooling((2, 6, 9), size, stride, padding)
    (high, wide), (down, right), (up, left) = layer.windows.size, layer.windows.stride, layer.windows.padding
    events = RNG.random(layer.before)
    margin = np.pad(events, [(0, 0), (up, up), (left, left)])
    for c, y, x in itertools.product(*map(range, layer.shape)):
        mean = margin[c, y * down : y * down + high, x * right : x * right + wide].mean()
        assert arriving(layer, events, np.array([layer.share]))[c, y, x] == pytest.approx(mean, rel=1e-12)


def test_dense_is_the_product_with_its_weights():
    layer = connection.dense((2, 3, 2), neurons=5)
    events, weights = RNG.normal(size=layer.before), RNG.normal(size=layer.weights)
    np.testing.assert_allclose(arriving(layer, events, weights), events.reshape(-1) @ weights, rtol=1e-12)


@pytest.mark.parametrize("stride", [None, 1])
def test_a_chain_is_one_behind_the_other(stride):
    pool = connection.average_pooling((3, 8, 7), 2, stride)
    again = connection.average_pooling(pool.shape, 2, padding=1)
    for options in ({"kernels": 4, "size": 3, "stride": 2, "padding": 1}, {"kernels": 2, "size": (1, 3)}):
        second = connection.convolution(pool.shape, **options)
        chain = pool.then(connection.convolution, **options)
        events, weights = RNG.normal(size=pool.before), RNG.normal(size=second.weights)
        assert (chain.weights, chain.shape, chain.share) == (second.weights, second.shape, 0.25)
        expected = arriving(second, arriving(pool, events, np.array([pool.share])), weights)
        np.testing.assert_allclose(arriving(chain, events, chain.share * weights), expected, rtol=1e-10, atol=1e-12)
    twice = pool.then(connection.average_pooling, padding=1)
    expected = arriving(again, arriving(pool, events, np.array([pool.share])), np.array([again.share]))
    np.testing.assert_allclose(arriving(twice, events, np.array([twice.share])), expected, rtol=1e-10, atol=1e-12)


def test_layers_follow_by_their_shapes_and_the_second_of_the_paper_has_57_million_synapses():
    first = connection.convolution((1, 28, 28), 128, 3, padding=1)
    pooled = connection.average_pooling(first.shape)
    second = connection.convolution(pooled.shape, 256, 3, padding=1)
    assert (first.shape, pooled.shape, second.shape) == ((128, 28, 28), (128, 14, 14), (256, 14, 14))
    # three by three windows, of which those at the border have a row or a column less
    assert second.synapses == 128 * 256 * (3 * 14 - 2) ** 2 == 52_428_800
    assert (second.inputs, second.neurons) == (128 * 14 * 14, 256 * 14 * 14)
    chain = pooled.then(connection.convolution, kernels=256, size=3, padding=1)
    assert chain.synapses == 4 * second.synapses


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: connection.convolution((28, 28), 2), r"shape is \(28, 28\): \(channels, height, width\) is accepted"),
        (lambda: connection.convolution((1, 28, 0), 2), r"shape\[2\] is 0: a whole number, at least 1, is accepted"),
        (lambda: connection.convolution((1, 4, 4), 2.0), "kernels is 2.0: a whole number"),
        (lambda: connection.convolution((1, 4, 4), True), "kernels is True: a whole number"),
        (lambda: connection.convolution((1, 4, 4), 2, (3, 3, 3)), r"size is \(3, 3, 3\): one number is accepted, or"),
        (lambda: connection.convolution((1, 4, 4), 2, stride=0), "stride is 0: a whole number, at least 1"),
        (lambda: connection.convolution((1, 4, 4), 2, padding=-1), "padding is -1: a whole number, at least 0"),
        (lambda: connection.convolution((1, 4, 2), 2), "window of width 3 does not fit into an image of width 2"),
        (lambda: connection.convolution((1, 4, 4), 2, padding=3), "padding of 3: .* accepted: less than 3"),
        (lambda: connection.dense((), 2), r"shape is \(\): the sizes of a layer"),
        (lambda: connection.dense(3, 0), "neurons is 0: a whole number"),
        (lambda: connection.max_pooling((1, 4, 4)).then(connection.dense, neurons=2), "a maximum is no sum"),
        (
            lambda: connection.average_pooling((1, 4, 4)).then(connection.max_pooling),
            "max_pooling cannot follow average_pooling",
        ),
    ],
)
def test_what_is_no_connection_is_refused_in_one_line(make, line):
    with pytest.raises(BioplastError, match=line) as refused:
        make()
    assert "\n" not in str(refused.value)
