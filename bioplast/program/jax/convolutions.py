"""What declared connections do to the spikes of a layer, by the operations of JAX's library."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ...connection import Chain, Connection, Convolution, Dense, Pooling
from ...connection.windows import Windows
from ...errors import Unsupported
from .functions import Value
from .products import event_product


def arriving(connection: Connection, events: Value, weights: Value, spikes: bool) -> Value:
    """What arrives at each neuron after: the sum over its synapses of what each neuron before sends times the weight.

    Parameters
    ----------
    connection : Connection
    events : array [before]
        What the neurons before send: truth values or numbers, linear in which the result is.
    weights : array [weights]
        In whose type the result is.
    spikes : bool
        Whether the events are truth values, or 0 and 1: a product then costs as much as there are spikes.

    Returns
    -------
    array [after]
    """
    match connection:
        case Dense():
            weights = weights.reshape(connection.weights)
            return event_product(events, weights) if spikes else events.astype(weights.dtype) @ weights
        case Convolution():
            image = events.astype(weights.dtype).reshape(connection.before)
            way = as_product if jax.default_backend() == "cpu" else as_convolution
            return way(connection.windows, image, weights.reshape(connection.weights)).reshape(-1)
        case Pooling():
            return weights[0] * _sums(connection, events.astype(weights.dtype))
        case Chain(first=Pooling() as first, second=second):
            return arriving(second, _sums(first, events.astype(weights.dtype)), weights, spikes=False)
    raise Unsupported(f"{type(connection).__name__} is no connection that is known")


def as_convolution(windows: Windows, image: Value, kernels: Value) -> Value:
    """The correlation of an image [channels, height, width] with kernels, by XLA's own operation."""
    margins = [(margin, margin) for margin in windows.padding]
    precision = lax.Precision.HIGHEST
    return lax.conv_general_dilated(image[None], kernels, windows.stride, margins, precision=precision)[0]


def as_product(windows: Windows, image: Value, kernels: Value) -> Value:
    """The same as one product with all windows side by side.

    On a processor XLA has a fast convolution outside of loops alone; within the loop over the steps this takes a
    twentieth of its time, for the memory of the windows of one step.
    """
    (high, wide), (down, right) = windows.shape, windows.stride
    margin = jnp.pad(image, [(0, 0), *((m, m) for m in windows.padding)])
    seen = [
        margin[:, y : y + (high - 1) * down + 1 : down, x : x + (wide - 1) * right + 1 : right]
        for y in range(windows.size[0])
        for x in range(windows.size[1])
    ]
    columns = jnp.stack(seen, axis=1).reshape(-1, high * wide)
    return (kernels.reshape(len(kernels), -1) @ columns).reshape(-1, high, wide)


def _sums(pool: Pooling, events: Value) -> Value:
    """The sum over each window of each channel."""
    windows = pool.windows
    image = events.reshape(pool.before)
    channels, high, wide = pool.shape
    if windows.size == windows.stride and windows.padding == (0, 0):
        # windows that do not overlap are an axis of their own, which is cheaper to go back through
        image = image[:, : high * windows.size[0], : wide * windows.size[1]]
        return image.reshape(channels, high, windows.size[0], wide, windows.size[1]).sum(axis=(2, 4)).reshape(-1)
    margins = [(0, 0), *((margin, margin) for margin in windows.padding)]
    zero = np.zeros((), events.dtype)  # known to JAX, or it takes this for no sum and has no derivative
    return lax.reduce_window(image, zero, lax.add, (1, *windows.size), (1, *windows.stride), margins).reshape(-1)
