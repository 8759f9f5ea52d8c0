"""What drives a network from outside, and how another drive takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2
import numpy as np
from brian2.core.functions import timestep
from brian2.input.timedarray import TimedArray

from ...errors import BioplastError

_LAST = np.iinfo(np.int32).max  # the last step that Brian2's SpikeGeneratorGroup can name


def spike_inputs(network: brian2.Network) -> dict[str, Any]:
    """The groups whose spikes `inputs` may replace, by name."""
    kinds = (brian2.SpikeGeneratorGroup, brian2.PoissonGroup)
    return {obj.name: obj for obj in network.sorted_objects if isinstance(obj, kinds)}


def timed_arrays(network: brian2.Network, namespace: Mapping[str, Any]) -> dict[str, TimedArray]:
    """The TimedArrays that equations may refer to, by the name used there and by their own name."""
    found: dict[str, TimedArray] = {}
    ambiguous = set()  # a name that means another array elsewhere
    spaces = [namespace, *(getattr(obj, "namespace", None) or {} for obj in network.sorted_objects)]
    for space in spaces:
        for identifier, value in space.items():
            if isinstance(value, TimedArray):
                for name in (identifier, value.name):
                    if found.setdefault(name, value) is not value:
                        ambiguous.add(name)
    return {name: array for name, array in found.items() if name not in ambiguous}


def time_bins(times: np.ndarray, dt: float) -> np.ndarray:
    """The time steps that spike times fall into, by Brian2's rule."""
    return ((np.asarray(times, dtype=float) + 1e-3 * dt) / dt).astype(np.int64)


def own_spikes(group: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """The steps of the spikes that a SpikeGeneratorGroup has, in order, their neurons, and its period in steps or 0."""
    dt = group.clock.dt_
    if group._spikes_changed or group._previous_dt != dt:
        times, neurons = np.asarray(group._spike_time), np.asarray(group._neuron_index)
    else:  # which Network.restore brings back, other than the two above
        times, neurons = (np.array(group.variables[name].get_value()) for name in ("spike_time", "neuron_index"))
    neurons = neurons.astype(np.int64)  # of none at all Brian2 keeps real numbers
    bins = time_bins(times, dt)
    if ((np.diff(bins) == 0) & (np.diff(neurons) == 0)).any():
        raise BioplastError(f"{group.name!r}: a neuron spikes more than once in a step of {dt * 1e3:g} ms")
    period = float(group.period_[:])
    steps = np.round(period / dt)
    if not steps <= _LAST:
        return bins, neurons, 0  # as Brian2 takes a longer one
    if abs(steps * dt - period) > period * np.finfo(float).eps:
        raise BioplastError(
            f"{group.name!r}: its period of {period * 1e3:g} ms is no multiple of its dt of {dt * 1e3:g} ms"
        )
    return bins, neurons, int(steps)


def generated_spikes(
    group: Any, start: int, replacement: tuple[np.ndarray, np.ndarray] | None = None, *, now: bool = False
) -> dict[str, np.ndarray]:
    """What a SpikeGeneratorGroup emits in a run from step `start`: its own spikes, or others (step, neuron).

    Parameters
    ----------
    group : SpikeGeneratorGroup
    start : int
    replacement : (steps, neurons), optional
    now : bool
        Whether the run begins at the time that the network has, and so with the spikes that Brian2 would emit next;
        at another time it goes on with a run that has emitted all spikes before.

    Returns
    -------
    dict
        The variables in which Brian2 keeps it, by their names.

    Raises
    ------
    BioplastError
        When Brian2 would emit two spikes of a neuron in the first step.
    """
    bins, neurons, period = own_spikes(group) if replacement is None else (*replacement, 0)
    own = now and replacement is None
    if bins.max(initial=0) > _LAST:
        # Brian2 keeps steps in 32 bits: as a long period from the start of the run on, all have a place there
        inside = (bins >= start) & (bins < start + _LAST)
        bins, neurons, period, own = bins[inside] % _LAST, neurons[inside], _LAST, False
        order = np.lexsort((neurons, bins))
        bins, neurons = bins[order], neurons[order]
    phase = start % period if period else start
    upcoming = int(np.searchsorted(bins, phase))
    if own:
        upcoming = _next_spike(group, start, bins, period)
        first = neurons[upcoming : np.searchsorted(bins, phase, "right")]
        found, times = np.unique(first, return_counts=True)
        if (times > 1).any():
            dt = group.clock.dt_ * 1e3
            raise BioplastError(
                f"{group.name!r}: the run begins at {start * dt:.10g} ms, within a period of {period * dt:g} ms, and "
                "Brian2 emits in its first step all spikes of the period until then, neuron "
                f"{found[times > 1][0]} more than once: begin the run with a period"
            )
    return {
        "neuron_index": neurons.astype(np.int32),
        "_timebins": bins.astype(np.int32),
        "_lastindex": np.array([upcoming], dtype=np.int32),
        "_period_bins": np.array([period], dtype=np.int32),
    }


def has_missed_spikes(group: Any, start: int) -> bool:
    """Whether Brian2 emits spikes of earlier steps in the first step of a run that begins now, with step `start`."""
    bins, _, period = own_spikes(group)
    phase = start % period if period else start
    return bool(_next_spike(group, start, bins, period) < np.searchsorted(bins, phase))


def _next_spike(group: Any, start: int, bins: np.ndarray, period: int) -> int:
    """The spike that Brian2 takes for the next one, in a run that begins now.

    Of spikes that are new it counts those before the run, without regard to the period; within a period it then emits
    those that it takes for missed. Otherwise it goes on where its last run ended, whatever the time is.
    """
    if group._spikes_changed:
        dt = group.clock.dt_
        last = int(np.searchsorted(bins, timestep(start * dt, dt)))
    else:
        last = int(group.variables["_lastindex"].get_value().item())
    return 0 if period and last and bins[last - 1] >= start % period else last


def mark_prepared(group: Any) -> None:
    """Keep Brian2 from working out what a SpikeGeneratorGroup of a borrowed network emits, from its own spikes."""
    group._spikes_changed = False
    group._previous_dt = np.array(group.clock.dt_)
