"""Trials of the spiking network."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from brian2 import second

import bioplast

from . import wang
from .decisions import STEP, decisions

__all__ = ["RASTER", "one"]

RASTER = {"selective 1": 80, "selective 2": 80, "non-selective": 80, "interneurons": 40}  # cells that are drawn


@functools.cache
def _program(duration: float, target: str) -> Any:
    return bioplast.compile(wang.network(), (wang.ONSET + duration) * second, target, namespace={})


def one(coherence: float, trials: int, duration: float, target: str, seed: int, raster: bool) -> dict[str, Any]:
    """Decisions at a coherence (in percent), beside those of a perfect integrator of the same input spikes.

    The integrator answers with the population that has got more of them when the network decides, `duration` seconds
    after the onset at the latest. Population 0 is the right choice.
    """
    program, total = _program(duration, target), wang.ONSET + duration
    rng = np.random.default_rng([seed, round(coherence * 1000)])
    stimuli = [wang.stimulus(coherence, duration, rng) for _ in range(trials)]
    outs = list(program.batch(inputs={"stimulus": stimuli}, seed=[int(s) for s in rng.integers(2**31, size=trials)]))
    fired = [out.events("fired") for out in outs]
    counts = [wang.population_counts(times, cells, total, STEP) for times, cells in fired]
    found = decisions(np.stack(counts, axis=1), wang.ONSET)
    until = np.where(found.choice >= 0, found.time, duration) + wang.ONSET
    integrator = []
    for out, end in zip(outs, until, strict=True):
        times, processes = out.events("evidence")
        inside = np.bincount(processes[times < end] // wang.POPULATIONS["selective 1"], minlength=2)
        integrator.append(int(inside[0] > inside[1]))
    more = {"raster": _raster(outs[0])} if raster else {}
    return {**found.plain(), "integrator": integrator, "rates": np.round(found.rates[:, :2], 4), **more}


def _raster(out: Any) -> dict[str, Any]:
    """The spikes of the first cells of each population, numbered anew."""
    times, cells = out.events("fired")
    spikes: list[tuple[np.ndarray, np.ndarray]] = []
    first = shown = 0
    for name, size in wang.POPULATIONS.items():
        inside = (cells >= first) & (cells < first + RASTER[name])
        spikes.append((times[inside], cells[inside] - first + shown))
        first, shown = first + size, shown + RASTER[name]
    return {
        "time_ms": np.round(np.concatenate([t for t, _ in spikes]) * 1e3, 1),
        "cell": np.concatenate([c for _, c in spikes]),
    }
