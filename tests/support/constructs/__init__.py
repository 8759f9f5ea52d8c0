"""One small network for each thing that Brian2's equations, synapses and monitors can do, by its name.

Every network moves: its monitors see spikes or changing states, so that a construct that is left out shows.
`CONSTRUCTS` says how to see in a network which constructs it has.
"""

from . import clocks, inputs_and_monitors, neurons, stochastic, synapses  # noqa: F401 - their networks enter the tables
from .making import DURATION, NETWORKS, RANDOM
from .seen import CONSTRUCTS, METHODS, functions_of, steps_of, what_it_has

__all__ = ["CONSTRUCTS", "DURATION", "METHODS", "NETWORKS", "RANDOM", "functions_of", "steps_of", "what_it_has"]
