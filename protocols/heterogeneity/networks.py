"""The networks: a hidden layer of heterogeneous neurons with random weights, and what each arm searches of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Mohm, Network, SpikeMonitor, TimedArray, ms, mV, nA

import bioplast
from bioplast.definition import Neuron, Parameter, Receptor
from bioplast.models import delta_synapse, heterogeneous_lif

__all__ = ["ARMS", "DT", "NEURONS", "afferents", "arm", "compiled", "policy", "weights"]

#: The step of every network here.
DT = 1 * ms
_SURROGATE = bioplast.SuperSpike(beta=10, unit=10 * mV)
#: What is searched: each neuron's four numbers, all weights of neurons that are alike, or both.
ARMS = ("neurons", "weights", "both")
#: The four numbers with their typical sizes and bounds, those of the definition.
NEURONS: dict[str, dict[str, Any]] = {
    "tau_m": {"unit": 20 * ms, "low": 1 * ms, "high": 500 * ms, "scale": "log"},
    "v_th": {"unit": 10 * mV, "low": 1 * mV, "high": 60 * mV},
    "v_rest": {"unit": 10 * mV, "low": -30 * mV, "high": 30 * mV},
    "R": {"unit": 100 * Mohm, "low": 1 * Mohm, "high": 2000 * Mohm, "scale": "log"},
}
# Standard deviations of the random weights of an observation, and of those to the readout times the root of the hidden
# neurons; a neuron at rest needs 0.1 nA, or 10 mV, to reach its threshold.
_AFFERENT, _EFFERENT = 0.3 * nA, 30 * mV


def afferents(observations: int) -> Receptor:
    """Currents ``w_0*x_0 + w_1*x_1 + ...`` of so many observed numbers x; the weights are parameters of the neuron."""
    terms = " + ".join(f"w_{k}*observation(t, {k})" for k in range(observations))
    return Receptor(
        f"I_observed = {terms} : amp",
        current="I_observed",
        parameters={
            f"w_{k}": Parameter(0 * nA, low=-10 * nA, high=10 * nA, meaning="weight of an observation")
            for k in range(observations)
        },
        namespace={"observation": TimedArray(np.zeros((1, observations)), dt=DT, name="observation")},
        meaning="currents of what is observed",
    )


def policy(observations: int, hidden: int, actions: int, spiking: bool, seed: int) -> Network:
    """A network that acts: observations, hidden neurons, and a neuron for each action.

    Parameters
    ----------
    spiking : bool
        Whether the neurons of the actions spike, for decisions by counts; else their potentials are read.
    seed : int
        Of the random weights.
    """
    cell: Neuron = heterogeneous_lif + afferents(observations)
    layer = cell.group(hidden, dt=DT, name="hidden")
    others: dict[str, Any] = {"tau_m": 5 * ms} if spiking else {"tau_m": 20 * ms, "v_th": 1e9 * mV}
    readout = heterogeneous_lif.group(actions, dt=DT, name="readout", **others)
    efferents = delta_synapse.connect(layer, readout, name="efferents", dt=DT)
    for key, value in weights(observations, hidden, actions, seed).items():
        group, name = key.split(".")
        setattr({"hidden": layer, "efferents": efferents}[group], f"{name}_", value)
    return Network(layer, readout, efferents, SpikeMonitor(layer, name="spikes"), SpikeMonitor(readout, name="answers"))


def weights(observations: int, hidden: int, actions: int, seed: int) -> dict[str, np.ndarray]:
    """The random weights of a seed, in SI base units, by their keys in the values of a program of `policy`.

    A program of any seed is with them that of this one, so that JAX compiles what trials of one shape do once for all.
    """
    rng = np.random.default_rng([seed, 5])
    afferent, efferent = float(_AFFERENT), float(_EFFERENT)
    found = {f"hidden.w_{k}": rng.normal(size=hidden) * afferent for k in range(observations)}
    return {**found, "efferents.w": rng.normal(size=hidden * actions) * efferent / np.sqrt(hidden)}


def arm(name: str, observations: int, only: tuple[str, ...] = tuple(NEURONS)) -> dict[str, Any]:
    """What is searched in an arm, as `bioplast.control.evolve` takes it.

    Parameters
    ----------
    name : str
        One of `ARMS`, or one of the four numbers, which is searched alone.
    observations : int
    only : tuple of str
        Which of the four numbers of a neuron.
    """
    from bioplast.learning import Trainable

    if name in NEURONS:
        name, only = "neurons", (name,)
    neurons = {f"hidden.{key}": Trainable(**NEURONS[key]) for key in only}
    weights = {**{f"hidden.w_{k}": Trainable(_AFFERENT) for k in range(observations)}, "efferents.w": Trainable(1 * mV)}
    return {"neurons": neurons, "weights": weights, "both": neurons | weights}[name]


def compiled(network: Network, steps: int, surrogate: bool = False) -> Any:
    """A program of target jax in single precision, whose run is a step of the environment of so many `DT`."""
    slope = {"hidden": _SURROGATE, "readout": _SURROGATE} if surrogate else None
    return bioplast.compile(
        network, steps * DT, "jax", namespace={}, surrogate=slope, detach_reset=surrogate, dtype="float32", remat=False
    )
