"""Random bits in steps: independent ones, and a chain of two states."""

from __future__ import annotations

import numpy as np

from ..errors import BioplastError
from . import _checks

__all__ = ["bernoulli", "markov"]


def bernoulli(probability: float, steps: int, neurons: int = 1, *, rng: np.random.Generator) -> np.ndarray:
    """Independent bits, a Poisson process in discrete time.

    Parameters
    ----------
    probability : float
        Of a spike in a step, from 0 to 1.
    steps, neurons : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool [steps, neurons]
        A raster: `SpikeTrains.of_raster` makes spike trains of it, and its transpose is a word for each neuron.

    Raises
    ------
    BioplastError
        The probability is none, or there are no steps.
    """
    p = _probability(probability)
    size = _checks.whole("steps", steps), _checks.whole("neurons", neurons)
    _checks.affordable("bits", size[0] * size[1], each=9)
    return _checks.generator(rng).random(size) < p


def markov(
    probability: float, correlation: float, steps: int, neurons: int = 1, *, rng: np.random.Generator
) -> np.ndarray:
    """Bits of a stationary chain of two states: the same rate for every correlation.

    Parameters
    ----------
    probability : float
        Of a spike in a step, more than 0 and less than 1.
    correlation : float
        Of neighbouring steps, r: that of steps k apart is r**k. Below 1, and not so negative that a spike would have to
        exclude more than there is: at least -p/(1 - p) and -(1 - p)/p.
    steps, neurons : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of bool [steps, neurons]
        As for `bernoulli`, which it is with a correlation of 0. The step after a spike has one with probability
        p + r*(1 - p), that after none with p*(1 - r).

    Raises
    ------
    BioplastError
        There is no such chain.
    """
    p, r = _probability(probability), correlation
    number, length = _checks.whole("neurons", neurons), _checks.whole("steps", steps)
    rng = _checks.generator(rng)
    _checks.affordable("bits", number * length, each=2)
    if not 0 < p < 1:
        raise BioplastError(f"probability is {p}: more than 0 and less than 1 is accepted, since others never change")
    least = -min(p / (1 - p), (1 - p) / p)
    if not _checks.is_real(r) or not least <= r < 1:
        raise BioplastError(
            f"correlation is {r!r}: from {least:.6g} to less than 1 is accepted at a probability of {p}"
        )
    leaving = np.clip([p * (1 - r), (1 - p) * (1 - r)], 0, 1)  # the states 0 and 1
    state = rng.random(number) < p
    changes = np.zeros((length, number), dtype=bool)
    changes[0] = state
    # How long a state lasts is geometric, and what is left of it at any step is so too.
    which, at = np.arange(number), np.zeros(number, dtype=np.int64)
    now = state.copy()
    expected = length * p * (1 - p) * 2 * (1 - r)
    each = int(expected / 2 + 4 * np.sqrt(expected)) + 4
    while which.size:
        stays = rng.geometric(
            np.stack([leaving[now.astype(int)], leaving[1 - now]], -1)[:, None, :], (which.size, each, 2)
        )
        stays = np.minimum(stays, length)  # so that sums of them stay numbers
        ends = at[:, None] + np.cumsum(stays.reshape(which.size, -1), axis=1)
        inside = ends < length
        changes[ends[inside], np.broadcast_to(which[:, None], ends.shape)[inside]] = True
        goes_on = inside[:, -1]
        which, at, now = which[goes_on], ends[goes_on, -1], now[goes_on]
    return np.logical_xor.accumulate(changes, axis=0)


def _probability(given: float) -> float:
    if not _checks.is_real(given) or not 0 <= given <= 1:
        raise BioplastError(f"probability is {given!r}: a number from 0 to 1 is accepted")
    return float(given)
