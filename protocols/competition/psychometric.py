"""The psychometric curve: the Weibull function, fitted by maximum likelihood, with intervals by the bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from bioplast.errors import BioplastError

__all__ = ["Weibull", "bootstrap", "fit", "weibull"]


@dataclass(frozen=True)
class Weibull:
    """A psychometric curve, 1 - 0.5 exp(-(c/alpha)^beta).

    Attributes
    ----------
    alpha : float
        The coherence at which 1 - 0.5/e = 82 % of the choices are right, in the unit of the coherences.
    beta : float
        The slope.
    """

    alpha: float
    beta: float

    def __call__(self, coherence: ArrayLike) -> np.ndarray:
        return weibull(coherence, self.alpha, self.beta)


def weibull(coherence: ArrayLike, alpha: float, beta: float) -> np.ndarray:
    """The probability of a right choice at coherences of any shape, `alpha` in the same unit."""
    return 1 - 0.5 * np.exp(-((np.asarray(coherence, float) / alpha) ** beta))


def fit(coherence: ArrayLike, right: ArrayLike, trials: ArrayLike) -> Weibull | None:
    """Fit the Weibull function by maximum likelihood.

    Parameters
    ----------
    coherence : array [coherences]
        Not negative; coherence 0 says nothing about the curve.
    right, trials : array of int [coherences]
        How many of how many trials were right.

    Returns
    -------
    Weibull or None
        None if the data have no threshold: fewer than two coherences, or those above chance leave it open.

    Raises
    ------
    BioplastError
        The arrays differ in length, or more trials are right than there are.
    """
    c, k, n = (np.asarray(values, float) for values in (coherence, right, trials))
    if c.ndim != 1 or c.shape != k.shape or c.shape != n.shape:
        raise BioplastError(f"coherences {c.shape}, right {k.shape} and trials {n.shape} are one number for each")
    if (c < 0).any() or (k < 0).any() or (k > n).any():
        raise BioplastError("coherences are not negative, and no more trials are right than there are")
    starts = [(c[c > 0].min() * 2, beta) for beta in (0.8, 1.5, 3.0)] if (c > 0).any() else []
    return _best(c, k, n, starts)


def _best(c: np.ndarray, k: np.ndarray, n: np.ndarray, starts: Sequence[tuple[float, float]]) -> Weibull | None:
    """The most likely curve that is found from some (alpha, beta)."""
    used = (c > 0) & (n > 0)
    c, k, n = c[used], k[used], n[used]
    if len(c) < 2 or k.sum() <= n.sum() / 2:
        return None

    def surprise(logs: np.ndarray) -> float:
        exponent = (c / np.exp(logs[0])) ** np.exp(logs[1])
        right, wrong = np.log1p(-0.5 * np.exp(-exponent)), np.log(0.5) - exponent
        return -float(k @ right + (n - k) @ wrong)

    bounds = [(np.log(c.min() / 20), np.log(20 * c.max())), (np.log(0.05), np.log(20))]
    answers = [
        optimize.minimize(surprise, np.log(start), method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-5})
        for start in starts
    ]
    best = min(answers, key=lambda answer: answer.fun)
    # a step between two coherences has no slope, and a curve far outside them no threshold
    settled = best.success and all(low + 1e-3 < x < high - 1e-3 for x, (low, high) in zip(best.x, bounds, strict=True))
    return Weibull(*(float(x) for x in np.exp(best.x))) if settled else None


def bootstrap(
    coherence: ArrayLike, right: ArrayLike, trials: ArrayLike, samples: int, rng: np.random.Generator
) -> np.ndarray:
    """Alpha and beta of resampled trials, [samples, 2]; rows that have no threshold are NaN.

    Parameters
    ----------
    coherence, right, trials
        As of `fit`.
    samples : int
    rng : numpy.random.Generator
    """
    c, k, n = np.asarray(coherence, float), np.asarray(right, int), np.asarray(trials, int)
    found = fit(c, k, n)
    if found is None:
        return np.full((samples, 2), np.nan)
    share = np.divide(k, n, out=np.zeros(len(n)), where=n > 0)
    fits = [_best(c, rng.binomial(n, share), n, [(found.alpha, found.beta)]) for _ in range(samples)]
    return np.array([(np.nan, np.nan) if one is None else (one.alpha, one.beta) for one in fits])
