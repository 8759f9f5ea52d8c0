"""Trials of the reduced model, all of a coherence in one group of neurons."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from brian2 import Network, StateMonitor, ms, second

import bioplast

from .decisions import STEP, decisions
from .wong_wang import readout, wong_wang

__all__ = ["ONSET", "network", "one"]

ONSET = 0.5  # seconds
SHOWN = 20  # trials among which one for each choice is looked for, to be drawn


def network(trials: int, dt: float) -> Network:
    """So many trials of one coherence; `dt` in ms."""
    group = (wong_wang + readout).group(trials, name="trials", dt=dt * ms, t_on=ONSET * second)
    counts = StateMonitor(group, ["n_1", "n_2", "E"], record=True, dt=STEP * second, name="counts")
    shown = StateMonitor(group, ["S_1", "S_2"], record=range(min(SHOWN, trials)), dt=STEP * second, name="gates")
    return Network(group, counts, shown)


@functools.cache
def _program(trials: int, dt: float, duration: float, target: str) -> Any:
    return bioplast.compile(network(trials, dt), (ONSET + duration) * second, target, namespace={})


def one(
    coherence: float, trials: int, dt: float, mu_0: float, duration: float, target: str, seed: int
) -> dict[str, Any]:
    """Decisions at a coherence (in percent) of a stimulus (Hz), beside those of a perfect integrator of the same input.

    The integrator answers with the sign of what it has gathered when the network decides, `duration` seconds after the
    onset of the stimulus at the latest. Population 0 is the right choice.
    """
    program = _program(trials, dt, duration, target)
    out = program(values={"trials.c": np.full(trials, coherence / 100), "trials.mu_0": mu_0}, seed=seed)
    states = out.states["counts"]
    found = decisions(np.stack([states["n_1"], states["n_2"]], axis=-1), ONSET)
    width = len(states["E"]) - len(found.rates)
    gathered = states["E"][width + found.index, np.arange(trials)]
    gates = out.states["gates"]
    paths = np.round(np.stack([gates["S_1"], gates["S_2"]], axis=-1), 5)
    shown = [int(np.flatnonzero(found.choice[:SHOWN] == k)[0]) for k in (0, 1) if (found.choice[:SHOWN] == k).any()]
    return {
        **found.plain(),
        "integrator": (gathered > 0).astype(int).tolist(),
        "rates": np.round(found.rates[:, shown], 4),
        "gates": paths[:, shown],
    }
