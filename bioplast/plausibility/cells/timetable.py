"""A sweep as a table of what changes when, in time steps: one column for each candidate, one row for each stretch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..response.sweep import Sweep, Window

# How many windows of `Sweep.ranged` there is room for.
RANGED = 2
# The columns of a row: when it ends, the input in it (value + slope*(t - since)), and whether it is part of a rest, of
# the sweep, of the aftermath, and of each window in which the range of v matters.
UNTIL, VALUE, SLOPE, SINCE, RESTING, ALIVE, AFTER = "until", "value", "slope", "since", "resting", "alive", "after"
WITHIN = tuple(f"within_{k}" for k in range(RANGED))
FLAGS = (RESTING, ALIVE, AFTER, *WITHIN)


def timetable(sweep: Sweep, dt: float) -> Mapping[str, np.ndarray]:
    """The stretches in which nothing of a sweep changes.

    Parameters
    ----------
    sweep : Sweep
        With up to `RANGED` windows in `ranged`.
    dt : float
        The time step, in the unit of the sweep.

    Returns
    -------
    dict of str to ndarray [rows, N]
        Each column by its name. A row begins with the first step at which something is different, that is with the
        first time k*dt at or after a boundary; `until` is half a step before the next row's, and infinity in the last.
    """
    windows = [*(Window(p.start, p.end) for p in sweep.pieces), *sweep.rests, *sweep.ranged.values()]
    bounds = [edge for window in windows for edge in (window.start, window.end)]
    bounds += [sweep.end] if sweep.aftermath is None else [sweep.aftermath, sweep.end]
    steps = np.sort(_first_step(np.stack(bounds), dt), axis=0)
    # Of several boundaries within a step one is enough.
    steps[1:][steps[1:] == steps[:-1]] = np.inf
    steps = np.concatenate([np.full((1, sweep.size), -1.0), np.sort(steps, axis=0)])
    steps = steps[: int(np.isfinite(steps).sum(axis=0).max())]
    times = np.where(np.isfinite(steps), steps, 0) * dt

    def within(window: Window) -> np.ndarray:
        return np.isfinite(steps) & (times >= window.start) & (times < window.end)

    table = {
        UNTIL: (np.concatenate([steps[1:], np.full((1, sweep.size), np.inf)]) - 0.5) * dt,
        VALUE: np.broadcast_to(sweep.base, steps.shape).copy(),
        **{name: np.zeros(steps.shape) for name in (SLOPE, SINCE, *FLAGS)},
    }
    for piece in sweep.pieces:
        inside = within(Window(piece.start, piece.end))
        for name, value in ((VALUE, piece.value), (SLOPE, piece.slope), (SINCE, piece.start)):
            table[name] = np.where(inside, value, table[name])
    table[RESTING] = np.any([within(rest) for rest in sweep.rests], axis=0).astype(float)
    table[ALIVE] = within(Window(sweep.rests[0].start, sweep.end)).astype(float)
    if sweep.aftermath is not None:
        table[AFTER] = within(Window(sweep.aftermath, sweep.end)).astype(float)
    for name, window in zip(WITHIN, sweep.ranged.values(), strict=False):
        table[name] = within(window).astype(float)
    return table


def _first_step(bounds: np.ndarray, dt: float) -> np.ndarray:
    """The smallest whole k with k*dt >= bound, in the arithmetic of the simulation's clock."""
    guess = np.floor(bounds / dt)
    for _ in range(2):
        guess = guess + (guess * dt < bounds)
    return guess
