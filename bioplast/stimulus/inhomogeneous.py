"""Poisson processes whose rate changes."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np

from ..errors import BioplastError
from . import _checks
from .spike_trains import SpikeTrains

__all__ = ["inhomogeneous_poisson"]


def inhomogeneous_poisson(
    rate: Any,
    dt: Any,
    neurons: int = 1,
    *,
    refractory: Any = 0 * brian2.ms,
    rng: np.random.Generator,
) -> SpikeTrains:
    """Poisson processes whose rate is given bin by bin, with an absolute refractory period if one is given.

    The mean over many neurons is exactly the given rate, also with refractoriness: outside of its refractory period a
    neuron fires at r(t)/(1 - integral of r over the refractory period before t), since that integral is the share of
    neurons that are refractory at t. Before time 0 the rate was that of the first bin.

    Parameters
    ----------
    rate : quantity [Hz] of [bins] or [bins, neurons]
        Constant within each bin.
    dt : quantity [time]
        The width of a bin.
    neurons : int
    refractory : quantity [time]
        No two spikes of a neuron are closer. No refractory period may be expected to hold a whole spike.
    rng : numpy.random.Generator

    Returns
    -------
    SpikeTrains
        Of as long as all bins.

    Raises
    ------
    BioplastError
        As `poisson`.
    """
    rng, step, dead = _checks.generator(rng), _checks.time("dt", dt), _checks.time("refractory", refractory, True)
    number = _checks.whole("neurons", neurons)
    axes = np.shape(rate)
    given = _checks.rates(rate, axes, "[bins] or [bins, neurons]")
    if len(axes) not in (1, 2) or not axes[0]:
        raise BioplastError(f"rate has shape {axes}: [bins] or [bins, neurons] is accepted")
    if len(axes) == 2 and axes[1] not in (1, number):
        raise BioplastError(f"rate has shape {axes}, but there are {number} neurons: [bins, neurons] is accepted")
    rates = np.broadcast_to(given if len(axes) == 2 else given[:, None], (axes[0], number))
    duration = axes[0] * step
    _checks.affordable("spikes", rates.sum() * step, _checks.SPIKE)
    borders = np.arange(axes[0] + 1) * step
    times, indices = [np.empty(0)], [np.empty(0, dtype=int)]
    for neuron in range(number):
        own = rates[:, neuron]
        spikes = _one(own, borders, dead, rng)
        times.append(spikes)
        indices.append(np.full(spikes.size, neuron))
    found, of = np.concatenate(times), np.concatenate(indices)
    inside = found < duration  # all but what rounding put on the border
    return SpikeTrains(found[inside], of[inside], number, duration)


def _one(rates: np.ndarray, borders: np.ndarray, dead: float, rng: np.random.Generator) -> np.ndarray:
    """The spikes of one neuron, in seconds."""
    expected = np.concatenate([[0], np.cumsum(rates * np.diff(borders))])  # spikes up to each border

    def refractory(t: np.ndarray) -> np.ndarray:
        """The share of neurons that are refractory."""
        before = t - dead
        return np.interp(t, borders, expected) - np.where(
            before < 0, before * rates[0], np.interp(before, borders, expected)
        )

    # The share is linear between these places, so that it is largest at one of them.
    places = np.concatenate([borders, borders + dead])
    most = float(refractory(places[places <= borders[-1]]).max()) if dead else 0.0
    if most >= 1:
        raise BioplastError(
            f"rate: {most:g} spikes are expected within a refractory period of {dead * 1e3:g} ms, "
            "and fewer than 1 are accepted"
        )
    total = expected[-1] / (1 - most)
    drawn = np.sort(rng.random(rng.poisson(total))) * expected[-1]
    # where the expected number is reached; it is flat where the rate is 0, and no spike falls there
    candidates = np.interp(drawn, expected, borders)
    if not dead:
        return candidates
    taken = rng.random(candidates.size) < (1 - most) / (1 - refractory(candidates))
    free = rng.random() * dead if rng.random() < rates[0] * dead else 0.0
    spikes = []
    for spike in candidates[taken].tolist():
        if spike >= free:
            spikes.append(spike)
            free = spike + dead
    return np.array(spikes)
