"""The units of a cell: its relaxation and recovery times, its rheobase, and what depolarization that brings about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...errors import BioplastError
from ..response.relaxation import PULSE_STEPS, SMALL, deviation, relaxation_time
from ..response.scale import Scale
from ..response.sweep import Sweep, Waveform
from .population import Population

# Decades of the input in SI units, from femtoamperes to kilovolts per second, with a sign each.
DECADES = (-15.0, 5.0)
PER_DECADE = 4
# The probes last so many time steps at first; longer ones are tried as long as the cell has not relaxed.
STEPS = 4000
LONGEST = 64_000
# The recovery is measured after a step of so many rheobases.
STRONG = 1.5
# Steps are so many relaxation times long.
STEP = 40
# The recovery time of a cell that does not recover, in relaxation times.
LASTING = 10
# A deviation from rest that is none, relative to the depolarization.
AT_REST = 1e-9


def _probe(amplitudes: np.ndarray, width: np.ndarray | float, rest: float, wait: float) -> Sweep:
    waveform = Waveform(len(amplitudes)).rest(rest)
    return waveform.event("answer").piece("step", width, amplitudes).end(wait)


def calibrate(
    neuron: Any,
    parameters: Mapping[str, float] | None = None,
    target: str = "cpp",
    dt: float | None = None,
    population: Any = Population,
) -> Scale:
    """Measure one cell.

    Parameters
    ----------
    neuron : Neuron
        Or what `population` takes instead.
    parameters : dict of str to float, optional
        Parameters in SI base units; the others keep their defaults.
    target, dt
        As of `Population`.
    population : callable
        What simulates the cells, called as `Population` is.

    Returns
    -------
    Scale
        With numbers in SI base units. How long a spike lasts is measured where no reset ends it. The rheobase is the
        smallest step, of either sign, that changes whether the cell fires.

    Raises
    ------
    BioplastError
        If no step of any size and sign changes whether the cell fires.
    """
    magnitudes = np.logspace(*DECADES, round((DECADES[1] - DECADES[0]) * PER_DECADE) + 1)
    amplitudes = np.concatenate([magnitudes, -magnitudes, [0.0]])
    cells = population(neuron, len(amplitudes), _probe(amplitudes, 1.0, 1.0, 0.0), target, dt=dt, record=True)
    given = {name: np.full(len(amplitudes), value) for name, value in (parameters or {}).items()}

    def firing(steps: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
        sweep = _probe(steps, length, length, 0.0)
        features = cells(given, sweep)
        answers = features.answers(sweep.windows["step"])
        # A diverged cell has not shown anything.
        return (answers.count > 0) & features.finite, features.top - features.rest_high

    length = STEPS * cells.dt
    time = np.nan
    while np.isnan(time) and length <= LONGEST * cells.dt:
        rheobase, depolarization = _threshold(firing, amplitudes, length, neuron.label)
        pulses = np.full(len(amplitudes), SMALL * rheobase)
        cells(given, _probe(pulses, PULSE_STEPS * cells.dt, length, length))
        time = relaxation_time(deviation(cells.recording(), cells.dt, length), cells.dt)[0]
        length *= 4
    if np.isnan(time):
        raise BioplastError(
            f"{neuron.label} cannot be assessed: after a small pulse of its input it does not come to rest within "
            f"{length / 4:g} s, as a neuron without a leak (dv/dt = I) or one that oscillates on its own does not"
        )
    step = max(STEP * time, STEPS * cells.dt)
    rheobase, depolarization = _threshold(firing, amplitudes, step, neuron.label)
    recovery, wait = np.nan, STEPS * cells.dt
    while np.isnan(recovery) and wait <= LONGEST * cells.dt:
        features = cells(given, _probe(np.full(len(amplitudes), STRONG * rheobase), step, step, wait))
        after = deviation(cells.recording(), cells.dt, step, 2 * step)
        # A cell that was reset to rest just before the step ended is at rest.
        rests = np.abs(after[:, 0]).max() < AT_REST * depolarization
        recovery = time if rests else relaxation_time(after, cells.dt)[0]
        wait *= 4
    spike = 0.0 if features.width is None else float(features.width[0])
    # A cell that fires on after the step has no such time.
    recovery = LASTING * time if np.isnan(recovery) else max(recovery, time, spike)
    return Scale(float(time), rheobase, depolarization, recovery=float(recovery), spike=spike)


def _threshold(
    firing: Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray]],
    amplitudes: np.ndarray,
    length: float,
    label: str,
) -> tuple[float, float]:
    """The smallest step that changes whether the cell fires, in two refinements, and how far one below it moves v."""
    changed, _ = firing(amplitudes, length)
    changed = changed != changed[-1]
    half = len(amplitudes) // 2
    found = []
    for sign, part in ((1.0, slice(0, half)), (-1.0, slice(half, 2 * half))):
        if changed[part].any():
            k = int(np.argmax(changed[part]))
            found.append((abs(amplitudes[part][k]), sign, k))
    if not found or min(found)[2] == 0:
        raise BioplastError(f"{label} cannot be assessed: no step of its input changes whether it fires")
    above, sign, k = min(found)
    below = abs(amplitudes[k - 1])
    finer = sign * np.append(np.geomspace(below, above, len(amplitudes) - 1), 0.0)
    fires, depolarization = firing(finer, length)
    first = int(np.argmax(fires[:-1] != fires[-1]))
    return float(finer[first]), float(max(depolarization[max(first - 1, 0)], 1e-300))
