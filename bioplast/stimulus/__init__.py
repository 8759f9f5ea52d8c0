"""What drives a model: stimuli drawn outside the simulator, so that every target sees the same input."""

from .current import Segment, piecewise

__all__ = ["Segment", "piecewise"]
