"""A network in a closed loop with an environment: it acts, and feels what it did.

>>> program = bioplast.compile(network, 4*ms, "jax")  # a step of the environment lasts 4 ms  # doctest: +SKIP
>>> rollout = control.Rollout(  # doctest: +SKIP
...     program, control.CartPole(), control.Held("observation"), control.Potential("readout"), steps=500
... )
>>> episodes = rollout(seeds=range(100))  # of this network  # doctest: +SKIP
>>> returns = rollout.returns({"hidden.tau_m": members}, seeds=range(8))  # of a population  # doctest: +SKIP
"""

from .cart_pole import CartPole
from .decoders import Continuous, Counts, Potential, Sampled
from .encoders import Held, OnOff
from .environment import Environment, Stepped
from .episodes import Episodes
from .evolving import EvolvedPolicy, evolve
from .foreign import Brax, Gymnax
from .memory_length import MemoryLength
from .rollout import Rollout
from .spaces import Box, Discrete

__all__ = [
    "Box",
    "Brax",
    "CartPole",
    "Continuous",
    "Counts",
    "Discrete",
    "Environment",
    "Episodes",
    "EvolvedPolicy",
    "Gymnax",
    "Held",
    "MemoryLength",
    "OnOff",
    "Potential",
    "Rollout",
    "Sampled",
    "Stepped",
    "evolve",
]
