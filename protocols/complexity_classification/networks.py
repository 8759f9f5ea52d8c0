"""The network: one train fanned out to a hidden layer, and an output neuron whose train is the network's word."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, amp, ms, mV, volt

import bioplast
from bioplast.definition import Neuron
from bioplast.models import exponential_current, exponential_synapse, lif, meta_lif, probabilistic_meta_lif

from .tasks import DT

__all__ = ["CELLS", "DEFAULTS", "MOST", "Constants", "compiled", "initial", "network", "outputs", "unit"]

# How many hidden neurons there are; of those that a network does without, all weights are 0 and stay so.
MOST = 24
# The threshold above rest of a hidden neuron that is not used, which noise must not make spike.
UNUSED = 1.0 * volt

# A spike raises the threshold and shortens the membrane time constant of a meta-neuron for a while.
_META = {"alpha_theta": 1 * mV, "alpha_tau": -0.1, "tau_x": 20 * ms}
CELLS: dict[str, Neuron] = {
    "lif": (lif + exponential_current).replace(tau_ref=0 * ms),
    "meta": (meta_lif + exponential_current).replace(tau_ref=0 * ms, **_META),
    "probabilistic-meta": (probabilistic_meta_lif + exponential_current).replace(
        tau_ref=0 * ms, delta_u=0.5 * mV, **_META
    ),
}


@dataclass(frozen=True)
class Constants:
    """What the extended space has beside the baseline's, the same for all neurons before training.

    Attributes
    ----------
    threshold : float
        Above rest, in V.
    tau_m, tau_syn : float
        In s.
    """

    threshold: float
    tau_m: float
    tau_syn: float


# Those of the models.
DEFAULTS = Constants(10e-3, 20e-3, 5e-3)
_REST = float(lif.parameters["E_L"].value)
_RESISTANCE = float(lif.parameters["R_m"].value)


def network(cell: str) -> Network:
    """The network as Brian2 has it, with groups "word", "hidden" and "output"."""
    word = SpikeGeneratorGroup(1, [], [] * ms, dt=DT, name="word")
    hidden = CELLS[cell].group(MOST, dt=DT, name="hidden")
    output = CELLS[cell].group(1, dt=DT, name="output")
    afferents = exponential_synapse.connect(word, hidden, name="afferents", dt=DT)
    efferents = exponential_synapse.connect(hidden, output, name="efferents", dt=DT)
    afferents.w = 0 * amp
    efferents.w = 0 * amp
    monitors = SpikeMonitor(hidden, name="inner"), SpikeMonitor(output, name="spikes")
    return Network(word, hidden, output, afferents, efferents, *monitors)


@functools.lru_cache(32)
def compiled(cell: str, steps: int, target: str = "jax") -> Any:
    """The network as a program for so many steps, made once in a process: what differs between runs is a value."""
    options: dict[str, Any] = {}
    if target == "jax":
        # noise decides by comparing probabilities
        surrogate = bioplast.SuperSpike(beta=5, unit=1 if "rand()" in str(CELLS[cell].threshold) else 10 * mV)
        options = {"surrogate": {"hidden": surrogate, "output": surrogate}, "detach_reset": True}
    return bioplast.compile(network(cell), steps * DT, target, namespace={}, **options)


def unit(constants: Constants) -> float:
    """The weight, in A, with which a single spike just reaches the threshold of a neuron at rest."""
    dt = float(DT)
    v, current, highest = 0.0, 1.0, 0.0
    for _ in range(int(10 * (constants.tau_m + constants.tau_syn) / dt) + 10):
        v += (1 - np.exp(-dt / constants.tau_m)) * (_RESISTANCE * current - v)
        current *= np.exp(-dt / constants.tau_syn)
        highest = max(highest, v)
    return constants.threshold / highest


def initial(constants: Constants, neurons: int, gain: float, seed: int) -> dict[str, np.ndarray]:
    """The values before training, by the keys of the program's values.

    Parameters
    ----------
    constants : Constants
    neurons : int
        How many of the hidden neurons are used.
    gain : float
        The mean weight of an afferent, and the sum of those of the output, in units of what reaches the threshold with
        the models' own constants: other constants leave the weights as they are.
    seed : int
        Each weight varies by a fifth.
    """
    rng = np.random.default_rng([seed, 1])
    used = np.arange(MOST) < neurons
    spread = rng.uniform(0.8, 1.2, (2, MOST)) * used * gain * unit(DEFAULTS)
    found = {
        "afferents.w": spread[0],
        "efferents.w": spread[1] / neurons,
        "hidden.v_th": np.where(used, _REST + constants.threshold, _REST + float(UNUSED)),
        "output.v_th": np.full(1, _REST + constants.threshold),
    }
    for group, size in (("hidden", MOST), ("output", 1)):
        found[f"{group}.tau_m"] = np.full(size, constants.tau_m)
        found[f"{group}.tau_syn"] = np.full(size, constants.tau_syn)
    return found


@functools.lru_cache(32)
def _recorded(cell: str, steps: int, monitor: str) -> Any:
    import jax

    program = compiled(cell, steps)
    return jax.jit(lambda values, words, keys: program.batch(values, {"word": words}, keys).raster(monitor))


def outputs(
    cell: str, values: Mapping[str, Any], words: np.ndarray, seed: int, monitor: str = "spikes", most: int = 128
) -> np.ndarray:
    """What the network answers to words on target jax, [words, steps] of 0 and 1, or with neurons at the end.

    Parameters
    ----------
    cell : str
    values : mapping
    words : array [words, bits]
    seed : int
        Of a probabilistic neuron's spikes; each word has its own random numbers.
    monitor : "spikes" or "inner"
        Of the output neuron, or of the hidden ones [words, steps, neurons].
    most : int
        So many words at a time; the last ones are filled up, so that all is compiled once.
    """
    import jax

    with jax.enable_x64(True):
        call = _recorded(cell, words.shape[1], monitor)
        keys = jax.random.split(jax.random.key(seed), len(words))
        parts, most = [], min(most, len(words))
        for first in range(0, len(words), most):
            chosen = np.minimum(np.arange(first, first + most), len(words) - 1)
            found = np.asarray(call(dict(values), words[chosen][:, :, None].astype(bool), keys[chosen]))
            parts.append(found[: len(words) - first].astype(np.uint8))
    whole = np.concatenate(parts)
    return whole[:, :, 0] if monitor == "spikes" else whole
