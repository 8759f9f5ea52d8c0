"""Convolutions: each neuron sees a window of the image before, and all windows share the weights of a kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import image_shape, pair, whole
from .base import Connection, Pairs
from .windows import Windows

__all__ = ["Convolution", "convolution"]


@dataclass(frozen=True)
class Convolution(Connection):
    """A convolution; see `convolution`.

    Attributes
    ----------
    before : tuple of int
        (channels, height, width) of the layer before.
    kernels : int
    windows : Windows
        What each neuron sees.
    """

    before: tuple[int, int, int]
    kernels: int
    windows: Windows

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """(kernels, height, width) of the layer after."""
        return (self.kernels, *self.windows.shape)

    @property
    def weights(self) -> tuple[int, ...]:  # type: ignore[override]
        """(kernels, channels, height, width) of the kernels."""
        return (self.kernels, self.before[0], *self.windows.size)

    def outgoing(self) -> np.ndarray:
        """How many synapses each neuron before has, int [before], without making them."""
        return np.tile(self.kernels * self.windows.seen(), self.before[0])

    def pairs(self) -> Pairs:
        """All synapses, made anew in each call."""
        pixel, place, window = (each[:, None] for each in self.windows.pixels())
        channels, high, wide = self.before
        channel = np.arange(channels, dtype=np.int32)[:, None, None]
        kernel = np.arange(self.kernels, dtype=np.int32)
        area = self.windows.size[0] * self.windows.size[1]
        every = (channels, len(pixel), self.kernels)
        i = channel * (high * wide) + pixel
        j = kernel * (self.windows.shape[0] * self.windows.shape[1]) + window
        k = (kernel * channels + channel) * area + place
        return Pairs(*(np.broadcast_to(each, every).reshape(-1) for each in (i, j, k)))


def convolution(shape: Any, kernels: int, size: Any = 3, stride: Any = 1, padding: Any = 0) -> Convolution:
    """Make a convolution of one layer with the next.

    As everywhere with neural networks, a kernel is not turned over: neuron (kernel, y, x) gets what pixel (channel,
    ``y*stride + dy - padding``, ``x*stride + dx - padding``) sends through weight (kernel, channel, dy, dx), which is
    `scipy.signal.correlate`. Nothing comes from outside of the image.

    Parameters
    ----------
    shape : tuple of int
        (channels, height, width) of the layer before.
    kernels : int
        How many kernels there are, and so the channels of the layer after.
    size, stride : int or tuple of int
        Of a kernel, and from one window to the next: one number, or (height, width).
    padding : int or tuple of int
        The margin on each side, in which there is nothing.

    Returns
    -------
    Convolution
        With `shape` (kernels, height, width), of which the height is ``(height + 2*padding - size)//stride + 1``.

    Raises
    ------
    BioplastError
        For what is no such number, and for a window that does not fit into the image.
    """
    before = image_shape(shape)
    windows = Windows(before[1:], pair(size, "size"), pair(stride, "stride"), pair(padding, "padding", 0))
    return Convolution(before, whole(kernels, "kernels"), windows)
