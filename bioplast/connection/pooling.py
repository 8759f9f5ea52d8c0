"""Pooling: each neuron sees a window of one channel of the image before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BioplastError
from .arguments import image_shape, pair
from .base import Connection, Pairs
from .chain import Chain
from .windows import Windows

__all__ = ["Pooling", "average_pooling", "max_pooling"]


@dataclass(frozen=True)
class Pooling(Connection):
    """Pooling; see `average_pooling` and `max_pooling`. All synapses share one weight.

    Attributes
    ----------
    before : tuple of int
        (channels, height, width) of the layer before.
    windows : Windows
        What each neuron sees.
    maximum : bool
        Whether the neuron after is to spike once, however many spikes come; else they add up.
    """

    before: tuple[int, int, int]
    windows: Windows
    maximum: bool = False

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """(channels, height, width) of the layer after."""
        return (self.before[0], *self.windows.shape)

    @property
    def weights(self) -> tuple[int, ...]:  # type: ignore[override]
        """One weight."""
        return (1,)

    @property
    def share(self) -> float:  # type: ignore[override]
        """One by the size of the window, margin included; 1 for a maximum."""
        return 1.0 if self.maximum else 1 / (self.windows.size[0] * self.windows.size[1])

    def outgoing(self) -> np.ndarray:
        """How many synapses each neuron before has, int [before], without making them."""
        return np.tile(self.windows.seen(), self.before[0])

    def pairs(self) -> Pairs:
        """All synapses, made anew in each call."""
        pixel, _, window = self.windows.pixels()
        channel = np.arange(self.before[0], dtype=np.int32)[:, None]
        i = channel * (self.before[1] * self.before[2]) + pixel
        j = channel * (self.windows.shape[0] * self.windows.shape[1]) + window
        return Pairs(i.reshape(-1), j.reshape(-1), np.zeros(i.size, dtype=np.int32))

    def then(self, connection: Callable[..., Connection], **options: Any) -> Chain:
        """Make one connection of this pooling and another one, without neurons between them.

        Parameters
        ----------
        connection : callable
            `convolution`, `dense` or `average_pooling`.
        **options
            What it takes beside the shape, such as ``kernels=32, size=3``.

        Returns
        -------
        Chain
            Whose weights are those of the second; `share` is to be multiplied with them.

        Raises
        ------
        BioplastError
            For a maximum, which is no sum of spikes: only a neuron can tell it.
        """
        if self.maximum:
            raise BioplastError("max_pooling has no `then`: a maximum is no sum, so put a group of neurons behind it")
        second = connection(self.shape, **options)
        if getattr(second, "maximum", False):
            raise BioplastError("max_pooling cannot follow average_pooling: put a group of neurons between them")
        return Chain(self, second)


def average_pooling(shape: Any, size: Any = 2, stride: Any = None, padding: Any = 0) -> Pooling:
    """Make a connection by which each neuron gets the mean of the spikes in a window of its channel.

    The mean is a matter of the one weight, which is to be `Pooling.share` times what a spike in all places would do::

        pool = connection.average_pooling(first.shape, size=2)
        synapses = Synapses(cells, pooled, "w : volt", on_pre="v_post += w")
        synapses.connect(i=pool.i, j=pool.j)
        synapses.w = pool.share*mV

    Parameters
    ----------
    shape : tuple of int
        (channels, height, width) of the layer before.
    size : int or tuple of int
        Of a window: one number, or (height, width).
    stride : int or tuple of int, optional
        From one window to the next; as far as it is wide by default.
    padding : int or tuple of int
        The margin on each side, in which there is nothing; it counts in the mean.

    Returns
    -------
    Pooling

    Raises
    ------
    BioplastError
        For what is no such number, and for a window that does not fit into the image.
    """
    before = image_shape(shape)
    width = pair(size, "size")
    step = width if stride is None else pair(stride, "stride")
    return Pooling(before, Windows(before[1:], width, step, pair(padding, "padding", 0)))


def max_pooling(shape: Any, size: Any = 2, stride: Any = None, padding: Any = 0) -> Pooling:
    """Make a connection for neurons that spike once in a step when any neuron in their window has spiked.

    Spikes are 0 or 1, so that their maximum is their logical or: at most one spike for each window and step. A sum of
    synapses cannot tell it, a neuron can::

        pool = connection.max_pooling(first.shape, size=2)
        pooled = NeuronGroup(pool.neurons, "hits : 1", threshold="hits > 0")
        pooled.run_regularly("hits = 0", when="after_thresholds")
        synapses = Synapses(cells, pooled, on_pre="hits_post += 1")
        synapses.connect(i=pool.i, j=pool.j)

    In Brian2's schedule thresholds come before synapses, so that these neurons spike in the step after that of the
    spikes in their window, as every neuron does. Resets come after synapses: ``reset="hits = 0"`` would forget the
    spikes that come while the neuron spikes. This is not the maximum of rates over a time, which would depend on
    spikes that are still to come.

    Parameters
    ----------
    shape, size, stride, padding
        As of `average_pooling`.

    Returns
    -------
    Pooling

    Raises
    ------
    BioplastError
        As of `average_pooling`.
    """
    pool = average_pooling(shape, size, stride, padding)
    return Pooling(pool.before, pool.windows, maximum=True)
