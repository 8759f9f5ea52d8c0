"""The task in plain NumPy and float64, its gradient derived by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .task import BETA, Task

#: float32 adds some dozen numbers around 1 in a step, each sum to 6e-8: a margin of 1e-5 is safe a hundredfold.
SAFE = 1e-5


def layer(current: np.ndarray, beta: float = BETA) -> tuple[np.ndarray, np.ndarray]:
    """Membrane before the reset and spikes, both [steps, ...], of a layer's input [steps, ...]."""
    membrane, spikes = np.empty_like(current), np.empty_like(current)
    v = np.zeros(current.shape[1:])
    for t, arriving in enumerate(current):
        membrane[t] = beta * v + arriving
        spikes[t] = membrane[t] > 1
        v = np.where(spikes[t], 0.0, membrane[t])
    return membrane, spikes


def layer_gradient(membrane: np.ndarray, spikes: np.ndarray, of_spikes: np.ndarray, beta: float = BETA) -> np.ndarray:
    """Gradient by a layer's input, from that by its spikes."""
    of_input = np.empty_like(membrane)
    of_v = np.zeros(membrane.shape[1:])  # by the membrane after the reset
    slope = 1 / (1 + abs(membrane - 1)) ** 2
    for t in reversed(range(len(membrane))):
        of_input[t] = of_v * (1 - spikes[t]) + (of_spikes[t] - of_v * membrane[t]) * slope[t]
        of_v = beta * of_input[t]
    return of_input


def forward(task: Task, spikes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Membranes and spikes of the hidden and of the output layer."""
    first, second = (w.astype(float) for w in task.weights())
    hidden = layer(spikes.astype(float) @ first)
    return *hidden, *layer(hidden[1] @ second)


def gradient(task: Task, spikes: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient of the loss, averaged over the batch, by both matrices of weights."""
    _, second = (w.astype(float) for w in task.weights())
    hidden, hidden_spikes, output, output_spikes = forward(task, spikes)
    counts = output_spikes.sum(0)
    likely = np.exp(counts - counts.max(1, keepdims=True))
    likely /= likely.sum(1, keepdims=True)
    likely[np.arange(len(labels)), labels] -= 1
    back = np.broadcast_to(likely / len(labels), output.shape)
    at_output = layer_gradient(output, output_spikes, back)
    at_hidden = layer_gradient(hidden, hidden_spikes, at_output @ second.T)
    return np.tensordot(spikes.astype(float), at_hidden, ((0, 1), (0, 1))), np.tensordot(
        hidden_spikes, at_output, ((0, 1), (0, 1))
    )


def prepare(task: Task) -> dict[str, np.ndarray]:
    """Data of the task and what is expected of them.

    Only samples are taken in which no membrane comes within `SAFE` of the threshold, since rounding decides the others.

    Returns
    -------
    dict
        ``spikes`` [steps, batch, inputs], ``labels`` [batch], ``expected`` output spikes [steps, batch, outputs], the
        gradients ``gradient0`` and ``gradient1``, and ``rate``, in which part of the steps a hidden neuron spikes.
    """
    parts: list[tuple[np.ndarray, ...]] = []
    found, rate, seed = 0, 0.0, 0
    while found < task.batch:
        spikes, labels = replace(task, batch=min(task.batch, 64)).data(seed)
        hidden, hidden_spikes, output, output_spikes = forward(task, spikes)
        margin = np.minimum(abs(hidden - 1).min((0, 2)), abs(output - 1).min((0, 2)))
        keep = np.flatnonzero(margin > SAFE)[: task.batch - found]
        rate += hidden_spikes[:, keep].mean((0, 2)).sum() / task.batch
        gradients = gradient(task, spikes[:, keep], labels[keep])
        share = len(keep) / task.batch
        parts.append((spikes[:, keep], labels[keep], output_spikes[:, keep] > 0, *(share * g for g in gradients)))
        found += len(keep)
        seed += 1
    spikes_of, labels_of, expected, first, second = zip(*parts, strict=True)
    return {
        "spikes": np.concatenate(spikes_of, axis=1),
        "labels": np.concatenate(labels_of),
        "expected": np.concatenate(expected, axis=1),
        "gradient0": sum(first),
        "gradient1": sum(second),
        "rate": np.array(rate),
    }
