"""The spiking network: input neurons, leaky integrate-and-fire neurons, and a neuron for each class that is read."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Network, Quantity, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, ms, mV, nA, volt

import bioplast
from bioplast.models import exponential_current, exponential_synapse, lif

__all__ = ["compiled", "loss", "network", "right", "scores", "trained_values"]


def network(inputs: int, hidden: int, classes: int, dt: Quantity, active: float, seed: int) -> Network:
    """Groups "input", "hidden" and "readout", all connected to all.

    Parameters
    ----------
    active : float
        How many spikes a sample has in the mean: random weights are the smaller the more there are.
    """
    rng = np.random.default_rng([seed, 2])
    cell = lif + exponential_current
    source = SpikeGeneratorGroup(inputs, [], [] * ms, dt=dt, name="input")
    layer = cell.group(hidden, dt=dt, name="hidden", tau_ref=0 * ms)
    readout = cell.group(classes, dt=dt, name="readout", v_th=1 * volt)  # never reached
    first = exponential_synapse.connect(source, layer, name="afferents", dt=dt)
    second = exponential_synapse.connect(layer, readout, name="efferents", dt=dt)
    first.w = rng.normal(0, 0.6 / np.sqrt(active), len(first)) * nA
    second.w = rng.normal(0, 0.2 / np.sqrt(hidden), len(second)) * nA
    trace = StateMonitor(readout, "v", record=True, dt=dt, name="potential")
    return Network(source, layer, readout, first, second, SpikeMonitor(layer, name="spikes"), trace)


def compiled(live: Network, duration: Quantity, surrogate: bool = True) -> Any:
    """The network on target jax, in single precision."""
    slope = {"hidden": bioplast.SuperSpike(beta=10, unit=10 * mV)} if surrogate else None
    options: dict[str, Any] = {"surrogate": slope, "detach_reset": True} if surrogate else {}
    return bioplast.compile(live, duration, "jax", namespace={}, dtype="float32", **options)


def scores(out: Any) -> Any:
    """The mean potential of each readout neuron in mV, [classes]."""
    from bioplast import learning

    return learning.Mean("potential", "v", unit=1 * mV)(out)


def loss(out: Any, label: Any) -> Any:
    from bioplast import learning

    return learning.cross_entropy(scores(out), label)


def right(out: Any, label: Any) -> Any:
    return scores(out).argmax() == label


def trained_values() -> dict[str, Any]:
    """What is trained: all weights, and the membrane time constant of each hidden neuron."""
    from bioplast import learning

    return {
        "afferents.w": 0.1 * nA,
        "efferents.w": 0.1 * nA,
        "hidden.tau_m": learning.Trainable(10 * ms, low=2 * ms, high=200 * ms),
    }
