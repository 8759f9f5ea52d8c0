"""Networks without spikes: pure functions of parameters and one sample, in JAX."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["convolutional", "gru", "new_convolutional", "new_gru", "new_small", "small"]

Parameters = dict[str, Any]


def _dense(rng: np.random.Generator, inputs: int, outputs: int, gain: float = 2.0) -> np.ndarray:
    """Random weights of a variance of gain/inputs."""
    return rng.normal(0, np.sqrt(gain / inputs), (inputs, outputs)).astype(np.float32)


# The convolutional network ------------------------------------------------------------------------------------------


def new_convolutional(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Parameters:
    """Two layers of 3 x 3 and 5 x 5 kernels, 16 and 32 of them, each halving the image, and 128 hidden units."""
    rows, columns = shape[0] // 4, shape[1] // 4
    return {
        "first": _dense(rng, 9, 16).reshape(3, 3, 1, 16),
        "second": _dense(rng, 25 * 16, 32).reshape(5, 5, 16, 32),
        "hidden": _dense(rng, rows * columns * 32, 128),
        "output": _dense(rng, 128, classes, 1.0),
        "first_bias": np.zeros(16, np.float32),
        "second_bias": np.zeros(32, np.float32),
        "hidden_bias": np.zeros(128, np.float32),
        "output_bias": np.zeros(classes, np.float32),
    }


def convolutional(values: Parameters, images: Any, keep: Any = None) -> Any:
    """Scores [samples, classes] of images [samples, rows, columns].

    `keep` are numbers that hidden units are multiplied with, [samples, 128]: dropout.
    """
    x = images[..., None]
    for name in ("first", "second"):
        x = jax.lax.conv_general_dilated(x, values[name], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + values[f"{name}_bias"])
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = jax.nn.relu(x.reshape(len(x), -1) @ values["hidden"] + values["hidden_bias"])
    return (x if keep is None else x * keep) @ values["output"] + values["output_bias"]


# The recurrent network ----------------------------------------------------------------------------------------------


def new_gru(rng: np.random.Generator, inputs: int, classes: int, hidden: int = 128) -> Parameters:
    """A layer of gated recurrent units."""
    return {
        "input": _dense(rng, inputs, 3 * hidden, 1.0),
        "recurrent": _dense(rng, hidden, 3 * hidden, 1.0),
        "bias": np.zeros(3 * hidden, np.float32),
        "output": _dense(rng, hidden, classes, 1.0),
        "output_bias": np.zeros(classes, np.float32),
    }


def gru(values: Parameters, sequence: Any, keep: Any = None) -> Any:
    """Scores [samples, classes] after the last step of sequences [samples, steps, inputs].

    ``h = (1 - z) n + z h`` with ``z, r = sigmoid(W x + U h + b)`` and ``n = tanh(W x + r (U h) + b)``.

    References
    ----------
    Cho et al. (2014), doi:10.3115/v1/D14-1179
    """
    hidden = values["recurrent"].shape[0]
    driven = jnp.swapaxes(sequence, 0, 1) @ values["input"] + values["bias"]

    def step(h: Any, x: Any) -> tuple[Any, None]:
        own = h @ values["recurrent"]
        z = jax.nn.sigmoid(x[:, :hidden] + own[:, :hidden])
        r = jax.nn.sigmoid(x[:, hidden : 2 * hidden] + own[:, hidden : 2 * hidden])
        new = jnp.tanh(x[:, 2 * hidden :] + r * own[:, 2 * hidden :])
        return (1 - z) * new + z * h, None

    h, _ = jax.lax.scan(step, jnp.zeros((len(sequence), hidden), dtype=driven.dtype), driven)
    return (h if keep is None else h * keep) @ values["output"] + values["output_bias"]


# The small convolutional network that evolves -----------------------------------------------------------------------


def new_small(rng: np.random.Generator, shape: tuple[int, int], classes: int) -> Parameters:
    """Eight kernels on squares of pixels that do not overlap, sixteen 3 x 3 kernels, and the readout.

    An image becomes 7 x 7, or half as large if it has fewer than 28 rows, and then half of that.
    """
    size = max(2, shape[0] // 7)
    rows, columns = (-(-pixels // size // 2) for pixels in shape)
    return {
        "first": _dense(rng, size * size, 8),
        "second": _dense(rng, 9 * 8, 16),
        "output": _dense(rng, rows * columns * 16, classes, 1.0),
        "first_bias": np.zeros(8, np.float32),
        "second_bias": np.zeros(16, np.float32),
        "output_bias": np.zeros(classes, np.float32),
    }


def small(values: Parameters, images: Any) -> Any:
    """Scores [samples, classes] of images [samples, rows, columns].

    Convolutions are written as products of patches, which a population of networks does side by side; XLA's own are
    slow on processors when each member has its kernels.
    """
    size = math.isqrt(values["first"].shape[0])
    samples, rows, columns = images.shape
    squares = images.reshape(samples, rows // size, size, columns // size, size)
    x = jnp.moveaxis(squares, 2, 3).reshape(samples, rows // size, columns // size, size * size)
    x = jax.nn.relu(x @ values["first"] + values["first_bias"])
    x = jax.nn.relu(_patches(x) @ values["second"] + values["second_bias"])
    return x.reshape(samples, -1) @ values["output"] + values["output_bias"]


def _patches(x: Any) -> Any:
    """The 3 x 3 surroundings of every second pixel, [samples, rows/2, columns/2, 9*channels]."""
    rows, columns = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    parts = [padded[:, i : i + rows : 2, j : j + columns : 2] for i in range(3) for j in range(3)]
    return jnp.concatenate(parts, axis=-1)
