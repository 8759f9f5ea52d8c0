"""The network: units, a hidden layer of spiking neurons, and a readout neuron for each class that does not spike."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, ms, mV, nA, volt

import bioplast
from bioplast.models import exponential_current, exponential_synapse, lif

from .tasks import UNITS

__all__ = ["ARMS", "SURROGATE", "compiled", "hidden_layer", "network", "potential", "start", "trainable"]

SURROGATE = bioplast.SuperSpike(beta=10, unit=10 * mV)
#: What is trained, by the name of the arm.
ARMS = ("weights", "neurons", "both")

_CELL = lif + exponential_current

# Zenke and Vogels (2021).
_TAU_HIDDEN, _TAU_SYNAPSE, _TAU_READOUT = 10 * ms, 5 * ms, 20 * ms
# The standard deviation of the weights before training; of those to the readout times the root of the hidden neurons.
_AFFERENT, _EFFERENT = 0.15 * nA, 0.1 * nA
# Bounds of what is trained, those of the definitions.
_BOUNDS = {"hidden.tau_m": (2 * ms, 200 * ms), "hidden.tau_syn": (1 * ms, 50 * ms)}


def hidden_layer(hidden: int, dt: Any) -> Network:
    """Groups "units" and "hidden", all connected to all by "afferents" without weight, and the monitor "spikes"."""
    source = SpikeGeneratorGroup(UNITS, [], [] * ms, dt=dt, name="units")
    layer = _CELL.group(hidden, dt=dt, name="hidden", tau_m=_TAU_HIDDEN, tau_syn=_TAU_SYNAPSE, tau_ref=0 * ms)
    first = exponential_synapse.connect(source, layer, name="afferents", dt=dt)
    first.w = 0 * nA
    return Network(source, layer, first, SpikeMonitor(layer, name="spikes"))


def network(hidden: int, classes: int, dt: Any) -> Network:
    """The network of Brian2 before `start` gives it weights: all are zero, and there are no biases."""
    made = hidden_layer(hidden, dt)
    # neurons that never reach their threshold
    readout = _CELL.group(classes, dt=dt, name="readout", tau_m=_TAU_READOUT, tau_syn=_TAU_SYNAPSE, v_th=1 * volt)
    second = exponential_synapse.connect(made["hidden"], readout, name="efferents", dt=dt)
    second.w = 0 * nA
    made.add(readout, second, StateMonitor(readout, "v", record=True, dt=dt, name="potential"))
    return made


def start(hidden: int, classes: int, seed: int) -> dict[str, np.ndarray]:
    """Weights before training, in A.

    Those of each hidden neuron have mean zero, so that few neurons are silent or spike for every sample.
    """
    rng = np.random.default_rng([seed, 1])
    first = rng.normal(0, 1, (UNITS, hidden))
    first -= first.mean(axis=0)
    first *= float(_AFFERENT) / first.std(axis=0)
    second = rng.normal(0, float(_EFFERENT) / np.sqrt(hidden), hidden * classes)
    return {"afferents.w": first.ravel(), "efferents.w": second}


def trainable(arm: str, hidden: int) -> dict[str, Any]:
    """What is trained, with its typical sizes: weights, membrane and synaptic time constants, or both."""
    from bioplast.learning import Trainable

    # to the readout thrice what they begin with: there they have far to go
    weights = {"afferents.w": _AFFERENT, "efferents.w": 3 * _EFFERENT / np.sqrt(hidden)}
    neurons = {name: Trainable(low, low=low, high=high, scale="log") for name, (low, high) in _BOUNDS.items()}
    return {"weights": weights, "neurons": neurons, "both": weights | neurons}[arm]


def compiled(hidden: int, classes: int, steps: int, dt: Any, surrogate: Any = SURROGATE) -> Any:
    """A program of target jax, in the precision that most training has."""
    return bioplast.compile(
        network(hidden, classes, dt),
        steps * dt,
        "jax",
        namespace={},
        surrogate={"hidden": surrogate},
        detach_reset=True,
        dtype="float32",
    )


def potential(out: Any) -> Any:
    """The highest potential of each readout neuron in mV, [classes]: what is read out."""
    from bioplast import learning

    return learning.Maximum("potential", "v", unit=1 * mV)(out)
