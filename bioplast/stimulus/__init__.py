"""What drives a model: stimuli drawn outside the simulator, so that every target sees the same input."""

from .current import Segment, piecewise
from .latency import latency, raster

__all__ = ["Segment", "latency", "piecewise", "raster"]
