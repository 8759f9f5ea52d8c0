"""What declared connections do to the spikes of a layer."""

from __future__ import annotations

import numpy as np
from jax import lax

from ...connection import Chain, Connection, Convolution, Dense, Pooling
from ...errors import Unsupported
from .correlations import correlation
from .functions import Value
from .listed import Listed, listed_product
from .products import event_product
from .windows import window_sums


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
        case Listed():
            return listed_product(connection, events.astype(weights.dtype), weights)
        case Convolution():
            image = events.astype(weights.dtype).reshape(connection.before)
            return correlation(connection.windows, image, weights.reshape(connection.weights)).reshape(-1)
        case Pooling():
            return weights[0] * _sums(connection, events.astype(weights.dtype))
        case Chain(first=Pooling() as first, second=second):
            return arriving(second, _sums(first, events.astype(weights.dtype)), weights, spikes=False)
    raise Unsupported(f"{type(connection).__name__} is no connection that is known")


def _sums(pool: Pooling, events: Value) -> Value:
    """The sum over each window of each channel."""
    windows = pool.windows
    image = events.reshape(pool.before)
    _, high, wide = pool.shape
    if windows.size == windows.stride and windows.padding == (0, 0):
        return window_sums(image[:, : high * windows.size[0], : wide * windows.size[1]], windows.size).reshape(-1)
    margins = [(0, 0), *((margin, margin) for margin in windows.padding)]
    zero = np.zeros((), events.dtype)  # known to JAX, or it takes this for no sum and has no derivative
    return lax.reduce_window(image, zero, lax.add, (1, *windows.size), (1, *windows.stride), margins).reshape(-1)
