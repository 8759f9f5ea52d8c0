"""Minimise a loss on [0, 1]^n with few evaluations; what the numbers mean is the caller's.

A loss takes points [candidates, n] and returns the loss of each [candidates], so that a caller can simulate a whole
population at once.

>>> import numpy as np
>>> from bioplast.search import Axis, cma
>>> tau = Axis(1.0, 100.0, "log")
>>> found = cma.minimise(
...     lambda points: (tau.at(points[:, 0]) - 20) ** 2, 1, budget=600, rng=np.random.default_rng(1), size=16
... )
>>> round(float(tau.at(found.point[0])), 3)
20.0
"""

from . import cma, differential
from .minimum import Loss, Minimum
from .space import Axis

__all__ = ["Axis", "Loss", "Minimum", "cma", "differential"]
