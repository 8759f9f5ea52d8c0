"""CMA-ES, several at once from different starts: covariance matrix adaptation, for losses without derivatives.

Source: Hansen, Ostermeier (2001), Evolutionary Computation 9:159, doi:10.1162/106365601750190398; the package `cma`.
The starts are the best points of a scrambled Sobol sequence: Sobol (1967), USSR Comput. Math. Math. Phys. 7:86,
doi:10.1016/0041-5553(67)90144-9.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import BioplastError
from .minimum import Counted, Loss, Minimum

# The first sample has so many populations.
SAMPLES = 4
# After so many generations without anything better a strategy begins anew elsewhere.
STALE = 15
# The standard deviation that a strategy begins with, as a part of the range of each axis.
SPREAD = 0.2
# The fewest points to a generation of one strategy that `cma` accepts.
FEWEST = 2


def minimise(
    loss: Loss,
    axes: int,
    *,
    budget: int,
    rng: np.random.Generator,
    size: int,
    enough: float = -np.inf,
    strategies: int = 4,
) -> Minimum:
    """The point of [0, 1]^n with the lowest loss that a budget of evaluations finds.

    Parameters
    ----------
    loss : callable
        From points [candidates, n] to losses [candidates]. NaN never wins.
    axes : int
        n.
    budget : int
        No generation begins once so many points were evaluated; the first sample, `SAMPLES` times `size`, is evaluated
        whatever the budget.
    rng : numpy.random.Generator
        The same generator finds the same.
    size : int
        How many points a generation of all strategies together has, rounded down to a multiple of `strategies`.
    enough : float
        The search ends with the first generation that has a loss this low.
    strategies : int
        How many go on at once. One that has converged, or found nothing better for long, begins anew from the best
        that is left of the first sample, then from random points.

    Raises
    ------
    BioplastError
        If `size` is too small for the strategies, there is no axis, or the loss has another shape.
    """
    from scipy.stats import qmc

    counted, each = Counted(lambda points: loss(points[:, :axes]), axes), size // strategies
    if each < FEWEST:
        raise BioplastError(
            f"size {size}: {strategies} strategies need at least {FEWEST} points each, {FEWEST * strategies} together"
        )
    # `cma` does not take a single axis: a second one then means nothing.
    width = max(axes, 2)
    with warnings.catch_warnings():
        # A sample that is no power of two is less balanced, which does not matter here.
        warnings.simplefilter("ignore")
        points = qmc.Sobol(width, rng=rng).random(SAMPLES * size)
    losses = counted(points)
    order = np.argsort(losses, kind="stable")
    best, lowest = points[order[0]], losses[order[0]]
    waiting = iter(points[order])
    running = [_Strategy(next(waiting), each, rng) for _ in range(strategies)]
    while lowest > enough and counted.evaluations < budget:
        generations = [strategy.ask() for strategy in running]
        points = np.clip(np.concatenate(generations), 0, 1)
        losses = counted(points)
        k = int(np.argmin(losses))
        if losses[k] < lowest:
            best, lowest = points[k], losses[k]
        for n, strategy in enumerate(running):
            if strategy.tell(generations[n], losses[n * each : (n + 1) * each]):
                running[n] = _Strategy(next(waiting, rng.random(width)), each, rng)
    return Minimum(best[:axes], float(lowest), counted.evaluations)


class _Strategy:
    """One CMA-ES on [0, 1]^n, without the warnings of its package."""

    def __init__(self, start: np.ndarray, size: int, rng: np.random.Generator):
        import cma

        options = {"bounds": [0, 1], "popsize": size, "seed": int(rng.integers(1, 2**31)), "verbose": -9}
        self._size = size
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._strategy: Any = cma.CMAEvolutionStrategy(start, SPREAD, options)

    def ask(self) -> list[np.ndarray]:
        """The next generation, which may lie a little outside of the bounds by rounding."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._strategy.ask()

    def tell(self, points: list[np.ndarray], losses: np.ndarray) -> bool:
        """Take the losses of a generation; whether the strategy is at its end."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._strategy.tell(points, losses.tolist())
            # None as long as every loss was infinite.
            evaluations = self._strategy.best.evals or 0
            return bool(self._strategy.stop() or self._strategy.countiter - evaluations / self._size > STALE)
