"""The task in NumPy and float64, its gradient derived by hand."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ..reference import layer, layer_gradient
from .task import Recurrent

#: Only samples are taken in which no membrane comes nearer to the threshold: float32 keeps a sum of some dozen numbers
#: around 1 to 1e-7, and of the errors of earlier steps what a membrane keeps of itself.
SAFE = 2e-6
SAMPLES = 16  # at once


def hidden_layer(task: Recurrent, current: np.ndarray, recurrent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Membrane before the reset and spikes, both [steps, samples, hidden], of what comes from the input."""
    membrane, spikes = np.empty_like(current), np.empty_like(current)
    v = np.zeros(current.shape[1:])
    before = np.zeros(current.shape[1:])
    for t, arriving in enumerate(current):
        membrane[t] = task.beta * v + arriving + sparse.csr_array(before) @ recurrent
        spikes[t] = membrane[t] > 1
        before = spikes[t]
        v = np.where(membrane[t] > 1, 0.0, membrane[t])
    return membrane, spikes


def hidden_gradient(
    task: Recurrent, membrane: np.ndarray, spikes: np.ndarray, of_spikes: np.ndarray, recurrent: np.ndarray
) -> np.ndarray:
    """Gradient by what arrives at the hidden layer in each step."""
    of_input = np.empty_like(membrane)
    of_v = np.zeros(membrane.shape[1:])
    slope = 1 / (1 + abs(membrane - 1)) ** 2
    later = np.zeros(membrane.shape[1:])
    for t in reversed(range(len(membrane))):
        of_spike = of_spikes[t] + later @ recurrent.T
        of_input[t] = of_v * (1 - spikes[t]) + (of_spike - of_v * membrane[t]) * slope[t]
        of_v, later = task.beta * of_input[t], of_input[t]
    return of_input


def prepare(task: Recurrent) -> dict[str, np.ndarray]:
    """Data of the task and what is expected of them, as of the dense task."""
    first, recurrent, second = (w.astype(float) for w in task.weights())
    parts: list[tuple[np.ndarray, ...]] = []
    gradients = [np.zeros_like(w) for w in (first, recurrent, second)]
    found, rate, seed = 0, 0.0, 0
    while found < task.batch:
        if seed > 100 * task.batch:
            raise RuntimeError(f"{task}: a membrane of nearly every sample comes too near to the threshold")
        spikes, labels = task.data(seed, SAMPLES)
        seed += 1
        given = spikes.astype(float)
        membrane, hidden = hidden_layer(task, given @ first, recurrent)
        output, counted = layer(hidden @ second, task.beta)
        margin = np.minimum(abs(membrane - 1).min((0, 2)), abs(output - 1).min((0, 2)))
        keep = np.flatnonzero(margin > SAFE)[: task.batch - found]
        if not len(keep):
            continue
        given, membrane, hidden, output, counted = (a[:, keep] for a in (given, membrane, hidden, output, counted))
        likely = np.exp(counted.sum(0) - counted.sum(0).max(1, keepdims=True))
        likely /= likely.sum(1, keepdims=True)
        likely[np.arange(len(keep)), labels[keep]] -= 1
        at_output = layer_gradient(output, counted, np.broadcast_to(likely / task.batch, output.shape), task.beta)
        at_hidden = hidden_gradient(task, membrane, hidden, at_output @ second.T, recurrent)
        gradients[0] += np.tensordot(given, at_hidden, ((0, 1), (0, 1)))
        gradients[1] += np.tensordot(hidden[:-1], at_hidden[1:], ((0, 1), (0, 1)))
        gradients[2] += np.tensordot(hidden, at_output, ((0, 1), (0, 1)))
        parts.append((spikes[:, keep], labels[keep], counted > 0))
        rate += hidden.mean((0, 2)).sum() / task.batch
        found += len(keep)
    spikes_of, labels_of, expected = zip(*parts, strict=True)
    return {
        "spikes": np.concatenate(spikes_of, axis=1),
        "labels": np.concatenate(labels_of),
        "expected": np.concatenate(expected, axis=1),
        **{f"gradient{k}": one for k, one in enumerate(gradients)},
        "rate": np.array(rate),
    }
