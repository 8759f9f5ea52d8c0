"""Networks that act: observations drive hidden neurons, whose spikes drive a neuron for each action."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Network, SpikeMonitor, ms, mV, nA

import bioplast
from bioplast.models import delta_synapse, heterogeneous_lif
from bioplast.protocols.heterogeneity.networks import afferents

HIDDEN, ACTIONS, STEPS = 6, 2, 3


def network(observations: int = 4, actions: int = ACTIONS, delay: Any = 0 * ms) -> Network:
    """A small one, whose spikes to the readout may be in flight from step to step of the environment."""
    rng = np.random.default_rng(3)
    layer = (heterogeneous_lif + afferents(observations)).group(HIDDEN, dt=1 * ms, name="hidden")
    for k in range(observations):
        setattr(layer, f"w_{k}", rng.normal(size=HIDDEN) * 3 * nA)
    layer.tau_m = np.geomspace(5, 50, HIDDEN) * ms
    readout = heterogeneous_lif.group(actions, dt=1 * ms, name="readout", v_th=1e9 * mV)
    efferents = delta_synapse.connect(layer, readout, name="efferents", dt=1 * ms)
    efferents.w = rng.normal(size=len(efferents)) * mV
    efferents.delay = delay
    return Network(layer, readout, efferents, SpikeMonitor(layer, name="spikes"))


def compiled(target: str, delay: Any = 0 * ms, **options: Any) -> Any:
    """A program whose run is a step of the environment."""
    return bioplast.compile(network(delay=delay), STEPS * ms, target, namespace={}, **options)


def simulated(values: dict[str, np.ndarray], delay: int, observe: Any, act: Any, steps: int) -> dict[str, Any]:
    """The same closed loop in NumPy: exact membranes, spikes that arrive `delay` steps later, resets at last.

    Parameters
    ----------
    values : dict
        Of `Program.values`.
    observe : callable
        ``observe(action)``: what is seen then, and whether it is over; ``observe(None)`` to begin with.
    act : callable
        ``act(potentials)``: the action.
    """
    hidden, readout = (
        {k.partition(".")[2]: np.asarray(v, dtype=float) for k, v in values.items() if k.startswith(f"{g}.")}
        for g in ("hidden", "readout")
    )
    w = np.asarray(values["efferents.w"]).reshape(HIDDEN, -1)
    inputs = np.stack([hidden[f"w_{k}"] for k in range(4)])
    v, u = hidden["v"].copy(), readout["v"].copy()
    flying = [np.zeros(w.shape[1]) for _ in range(delay)]
    actions, counts, seen = [], [], []
    observation, over = observe(None)
    while not over and len(actions) < steps:
        seen.append(observation)
        current = np.asarray(observation, dtype=float) @ inputs
        spiked = 0
        for _ in range(STEPS):
            steady = hidden["v_rest"] + hidden["R"] * current
            v = steady + (v - steady) * np.exp(-1e-3 / hidden["tau_m"])
            u = readout["v_rest"] + (u - readout["v_rest"]) * np.exp(-1e-3 / readout["tau_m"])
            spikes = v >= hidden["v_th"]
            flying.append(spikes @ w)
            u = u + flying.pop(0)
            v = np.where(spikes, hidden["v_rest"], v)
            spiked += spikes.sum()
        actions.append(act(u))
        counts.append(spiked)
        observation, over = observe(actions[-1])
    return {"actions": np.array(actions), "counts": np.array(counts), "seen": np.array(seen)}
