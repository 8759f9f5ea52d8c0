"""The task in NumPy and float64, its gradient derived by hand; windows of three by three are shifted images."""

from __future__ import annotations

import numpy as np

from ..reference import layer, layer_gradient
from .task import Convolutional


def _shifted(image: np.ndarray, a: int, b: int) -> np.ndarray:
    """The pixel at (row + a, column + b) for each place, 0 beyond the border."""
    height, width = image.shape[-2:]
    padded = np.pad(image, [(0, 0)] * (image.ndim - 2) + [(1, 1), (1, 1)])
    return padded[..., 1 + a : 1 + a + height, 1 + b : 1 + b + width]


_PLACES = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]


def convolved(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """[..., channels, height, width] by kernels [kernels, channels, 3, 3], padded by one."""
    return sum(np.einsum("...chw,kc->...khw", _shifted(x, a, b), w[:, :, a + 1, b + 1]) for a, b in _PLACES)


def convolved_back(x: np.ndarray, w: np.ndarray, back: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What comes back to x and to w."""
    to_x, to_w = np.zeros_like(x), np.zeros_like(w)
    for a, b in _PLACES:
        to_x += np.einsum("...khw,kc->...chw", _shifted(back, -a, -b), w[:, :, a + 1, b + 1])
        to_w[:, :, a + 1, b + 1] = np.einsum("tbchw,tbkhw->kc", _shifted(x, a, b), back, optimize=True)
    return to_x, to_w


def pooled(x: np.ndarray) -> np.ndarray:
    """Averages of two by two."""
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def pooled_back(back: np.ndarray) -> np.ndarray:
    return back.repeat(2, axis=-1).repeat(2, axis=-2) / 4


def prepare(task: Convolutional) -> dict[str, np.ndarray]:
    """Data of the task and what is expected of them, as of the dense task."""
    spikes, labels = task.data(0)
    one, two, three, four = (w.astype(float) for w in task.weights())
    given = spikes.astype(float)
    membrane1, s1 = layer(convolved(given, one), task.beta)
    x2 = pooled(s1)
    membrane2, s2 = layer(convolved(x2, two), task.beta)
    x3 = pooled(s2)
    flat = x3.reshape(*x3.shape[:2], -1)
    membrane3, s3 = layer(flat @ three, task.beta)
    membrane4, s4 = layer(s3 @ four, task.beta)
    counts = s4.sum(0)
    likely = np.exp(counts - counts.max(1, keepdims=True))
    likely /= likely.sum(1, keepdims=True)
    likely[np.arange(len(labels)), labels] -= 1
    at4 = layer_gradient(membrane4, s4, np.broadcast_to(likely / len(labels), s4.shape), task.beta)
    at3 = layer_gradient(membrane3, s3, at4 @ four.T, task.beta)
    at2 = layer_gradient(membrane2, s2, pooled_back((at3 @ three.T).reshape(x3.shape)), task.beta)
    to_x2, to_two = convolved_back(x2, two, at2)
    at1 = layer_gradient(membrane1, s1, pooled_back(to_x2), task.beta)
    gradients = convolved_back(given, one, at1)[1], to_two, np.tensordot(flat, at3, ((0, 1), (0, 1)))
    return {
        "spikes": spikes,
        "labels": labels,
        "expected": s4 > 0,
        **{f"gradient{k}": found for k, found in enumerate((*gradients, np.tensordot(s3, at4, ((0, 1), (0, 1)))))},
        "rate": np.array(s1.mean()),
    }
