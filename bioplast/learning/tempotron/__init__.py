"""The tempotron: a neuron learns whether to spike from the time at which its potential is highest."""

from .kernel import Kernel, Maxima
from .patterns import Patterns
from .rule import Tempotron, TempotronFit

__all__ = ["Kernel", "Maxima", "Patterns", "Tempotron", "TempotronFit"]
