"""Target jax: what Brian2 would compute, as a pure function that JAX compiles, maps and differentiates."""

from .disk import disk_cache
from .output import ArrayOutput
from .program import JaxProgram
from .spread import devices, over_batch

__all__ = ["ArrayOutput", "JaxProgram", "devices", "disk_cache", "over_batch"]
