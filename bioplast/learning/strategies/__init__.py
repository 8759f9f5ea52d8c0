"""Search without derivatives in the shape of evosax: ``init``, ``ask`` for a population, ``tell`` its losses.

>>> import jax
>>> from bioplast.learning.strategies import CEM
>>> strategy = CEM(population_size=32)
>>> state = strategy.init(jax.random.key(0), [3.0, -2.0])
>>> for key in jax.random.split(jax.random.key(1), 60):
...     population, state = strategy.ask(key, state)
...     state, _ = strategy.tell(key, population, (population**2).sum(axis=1), state)
>>> bool(abs(strategy.get_mean(state)).max() < 0.1)
True
"""

from .annealing import Annealing
from .base import Strategy
from .cem import CEM
from .cem_es import CEMES
from .evosax import Evosax
from .find import OWN, strategy_of
from .hybrid import Hybrid
from .pooling import Pooling
from .swarm import Swarm

__all__ = ["CEM", "CEMES", "OWN", "Annealing", "Evosax", "Hybrid", "Pooling", "Strategy", "Swarm", "strategy_of"]
