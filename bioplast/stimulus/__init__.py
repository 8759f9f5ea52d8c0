"""What drives a model: stimuli drawn outside the simulator, so that every target sees the same input.

Random ones come from a `numpy.random.Generator` that is passed in.
"""

from .bits import bernoulli, markov
from .codes import bits_of, decode, encode, symbols_of
from .current import Segment, piecewise
from .inhomogeneous import inhomogeneous_poisson
from .latency import latency, raster
from .renewal import gamma_renewal, poisson
from .spike_trains import SpikeTrains

__all__ = [
    "Segment",
    "SpikeTrains",
    "bernoulli",
    "bits_of",
    "decode",
    "encode",
    "gamma_renewal",
    "inhomogeneous_poisson",
    "latency",
    "markov",
    "piecewise",
    "poisson",
    "raster",
    "symbols_of",
]
