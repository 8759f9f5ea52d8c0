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

    With ``u_i = 1/2 - r_i/(n - 1)`` for the rank r_i from 0, the best, to n - 1 of the n members whose loss is finite::

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
        count = finite.sum()
        ranks = jnp.argsort(order) / jnp.maximum(count - 1, 1)
        utility = jnp.where(finite, 0.5 - ranks, 0).astype(population.dtype)
        return mean + self.rate * (utility @ (population - mean)) / jnp.maximum(count, 1)
