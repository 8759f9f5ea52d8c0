"""What drives a model: stimuli drawn outside the simulator, so that every target sees the same input.

Random ones come from a `numpy.random.Generator` that is passed in.
"""

from .bits import bernoulli, markov
from .codes import bits_of, decode, encode, symbols_of
from .current import Segment, piecewise
from .direct import direct_current
from .inhomogeneous import inhomogeneous_poisson
from .latency import latency, linear_latency, raster
from .rate import poisson_raster
from .renewal import gamma_renewal, poisson
from .spike_trains import SpikeTrains

__all__ = [
    "Segment",
    "SpikeTrains",
    "bernoulli",
    "bits_of",
    "decode",
    "direct_current",
    "encode",
    "gamma_renewal",
    "inhomogeneous_poisson",
    "latency",
    "linear_latency",
    "markov",
    "piecewise",
    "poisson",
    "poisson_raster",
    "raster",
    "symbols_of",
]
