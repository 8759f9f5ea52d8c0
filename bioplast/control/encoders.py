"""Encoders: what a network is given for an observation.

An encoder is called with an observation and a JAX key and gives the inputs of a run, by name, as `Program.__call__` has
them: a raster [steps, neurons] for spikes, one row [1, columns] for a TimedArray, held as long as the step of the
environment lasts. The same function is called with what JAX traces and with NumPy's arrays.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import BioplastError

__all__ = ["Held", "OnOff"]


class Held:
    """The numbers of the observation, in a TimedArray [1, columns], held for a step of the environment.

    Parameters
    ----------
    name : str
        Of the TimedArray.
    gain : number or array [observations] or [observations, columns]
        What the observation is multiplied by, number by number or as a matrix, such as that of random fixed weights. In
        SI units of the array.
    offset : number or array [columns]
    """

    def __init__(self, name: str, gain: Any = 1.0, offset: Any = 0.0):
        self.name = name
        self.gain, self.offset = _plain(gain, name), _plain(offset, name)
        if self.gain.ndim > 2:
            raise BioplastError(f"Held({name!r}): a gain of shape {self.gain.shape}: a vector or a matrix is accepted")

    def __call__(self, observation: Any, key: Any) -> dict[str, Any]:
        """One row of the table."""
        flat = observation.reshape(-1)
        row = flat @ self.gain if self.gain.ndim == 2 else flat * self.gain
        return {self.name: (row + self.offset)[None]}


class OnOff:
    """Random spikes of two neurons for each number of the observation: one for what is positive, one for the negative.

    Parameters
    ----------
    name : str
        Of the SpikeGeneratorGroup of twice as many neurons as the observation has numbers; those for positive numbers
        come first.
    steps : int
        Of the simulation in a step of the environment.
    scale : number or array [observations]
        The observation that brings a spike in every step.
    """

    def __init__(self, name: str, steps: int, scale: Any = 1.0):
        self.name, self.steps = name, steps
        self.scale = _plain(scale, name)
        if not (self.scale > 0).all():
            raise BioplastError(f"OnOff({name!r}): the scale {scale!r}: positive numbers are accepted")

    def __call__(self, observation: Any, key: Any) -> dict[str, Any]:
        """A raster [steps, neurons]."""
        size = jnp.asarray(observation).reshape(-1) / self.scale
        chance = jnp.concatenate([jnp.maximum(size, 0), jnp.maximum(-size, 0)])
        return {self.name: jax.random.uniform(key, (self.steps, len(chance)), dtype=chance.dtype) < chance}


def _plain(given: Any, name: str) -> np.ndarray:
    found = np.asarray(given, dtype=float)
    if not np.isfinite(found).all():
        raise BioplastError(f"encoder of {name!r}: finite numbers are accepted, not {given!r}")
    return found
