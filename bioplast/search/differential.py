"""Differential evolution: new points from the differences of old ones, for losses without derivatives.

Source: Storn, Price (1997), J. Global Optimization 11:341, doi:10.1023/A:1008202821328; SciPy's
`scipy.optimize.differential_evolution`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .minimum import Counted, Loss, Minimum

# A generation has at least so many points to an axis, the fewest that SciPy accepts.
FEWEST = 5


def minimise(
    loss: Loss,
    axes: int,
    *,
    budget: int,
    rng: np.random.Generator,
    size: int,
    enough: float = -np.inf,
) -> Minimum:
    """The point of [0, 1]^n with the lowest loss that a budget of evaluations finds.

    Parameters
    ----------
    loss : callable
        From points [candidates, n] to losses [candidates]. NaN never wins.
    axes : int
        n.
    budget : int
        The number of points that are evaluated, rounded down to whole generations; two are made in any case.
    rng : numpy.random.Generator
        The same generator finds the same.
    size : int
        How many points a generation has, rounded down to a multiple of the axes; at least `FEWEST` for each.
    enough : float
        The search ends with the first generation that has a loss this low.

    Raises
    ------
    BioplastError
        If there is no axis, or the loss has another shape.
    """
    from scipy.optimize import differential_evolution

    counted = Counted(loss, axes)
    members = max(FEWEST, size // axes)
    options: dict[str, Any] = {"updating": "deferred", "vectorized": True, "polish": False, "tol": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = differential_evolution(
            lambda points: counted(points.T),
            [(0, 1)] * axes,
            popsize=members,
            maxiter=max(1, budget // (members * axes) - 1),
            rng=rng,
            callback=lambda intermediate_result: intermediate_result.fun <= enough,
            **options,
        )
    return Minimum(done.x, float(done.fun), counted.evaluations)
