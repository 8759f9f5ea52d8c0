"""Evolution strategy for the mean, cross-entropy method for the variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from .cem import CEM

__all__ = ["CEMES"]


@dataclass(frozen=True)
class CEMES(CEM):
    """A Gaussian whose mean climbs along the ranks of all members, and whose variance is that of the elite (`CEM`).

    With ``u_i = 1/2 - r_i/(n - 1)`` for the rank r_i of each of the n members, from 0, the best, to n - 1; those whose
    loss is not finite share the mean of the last ranks::

        mu' = mu + rate/n sum_i u_i (x_i - mu)

    Parameters
    ----------
    rate : float
        How far the mean moves.

    References
    ----------
    Centred ranks: Salimans, Ho, Chen, Sidor and Sutskever (2017), arXiv:1703.03864; the variance: `CEM`
    """

    rate: float = 4.0

    def _mean(self, population: Any, losses: Any, order: Any, weights: Any, mean: Any) -> Any:
        finite = jnp.isfinite(losses)
        last = len(losses) - 1
        # without the failed members the mean would not be driven out of where all around it fail
        ranks = jnp.where(finite, jnp.argsort(order), (finite.sum() + last) / 2)
        utility = (0.5 - ranks / last).astype(population.dtype)
        return mean + self.rate * (utility @ (population - mean)) / len(losses)
