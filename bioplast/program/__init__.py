"""Programs: a Brian2 network compiled for a target, called with values, inputs and a seed."""

from .compile import compile, run
from .output import Output, Outputs
from .program import Program
from .spikes import Spikes

__all__ = ["Output", "Outputs", "Program", "Spikes", "compile", "run"]
