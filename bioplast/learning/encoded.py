"""Inputs that are made of samples when they are needed, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import BioplastError
from .arguments import require_function, wrapped

__all__ = ["Encoded"]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Inputs that an encoder makes of samples, a batch at a time, in the place of a mapping of arrays.

    For data sets whose spikes would fill the memory, and for what is drawn anew in each epoch: shifted images, noise,
    Poisson spikes.

    Parameters
    ----------
    samples : array [samples, ...]
        Such as images, or the numbers of recordings.
    encode : callable
        ``encode(samples, rng) -> mapping``: for some of the samples [batch, ...] the inputs of the program, each with
        a leading axis of samples, as `fit` takes them. Names and shapes are the same for every batch. `rng` is a
        numpy.random.Generator, which depends on the seed of the training, the epoch and the batch, so that a training
        that is resumed draws what an uninterrupted one does. Where nothing is trained, in a validation or a prediction,
        it depends on the first sample of the batch alone.

    Raises
    ------
    BioplastError
        For samples without a first axis, or an encoder that is no function.

    Examples
    --------
    >>> from brian2 import ms
    >>> from bioplast import learning, stimulus
    >>> from bioplast.dataset import digits
    >>> def rasters(pixels, rng):
    ...     return {"pixels": stimulus.raster(stimulus.linear_latency(pixels, 20*ms), 1*ms, 20)}
    >>> inputs = learning.Encoded(digits.load().pixels, rasters)    # for fit, evolve and predict
    >>> len(inputs)
    1797
    """

    samples: Any
    encode: Callable[[Any, np.random.Generator], Mapping[str, Any]] = field(repr=False)

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        if not samples.ndim or samples.dtype == object:
            raise BioplastError("Encoded: samples are an array with an axis of samples in front")
        require_function(self.encode, "encode", "samples, rng")
        object.__setattr__(self, "samples", samples)

    def __len__(self) -> int:
        return len(self.samples)

    def __call__(self, chosen: np.ndarray, draw: tuple[int, ...] = ()) -> Mapping[str, Any]:
        """Inputs of some of the samples.

        Parameters
        ----------
        chosen : array of int
            Their numbers.
        draw : tuple of int
            What the random numbers depend on; the number of the first sample by default.

        Raises
        ------
        BioplastError
            When the encoder ends in an error, or gives no mapping or another number of samples.
        """
        rng = np.random.default_rng(draw or (int(chosen[0]),))
        found = wrapped(self.encode, "encoder")(self.samples[chosen], rng)
        if not isinstance(found, Mapping) or not found:
            raise BioplastError(f"the encoder gives a mapping such as {{'input': spikes}}, not {type(found).__name__}")
        return found
