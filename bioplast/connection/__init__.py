"""Who connects to whom between layers of neurons, and which synapses share a weight: convolutions, pooling, all to all.

A connection gives the neurons i and j that each synapse joins and the number k of its weight, for ordinary Synapses on
every target::

    layer = connection.convolution(shape=(1, 28, 28), kernels=16, size=3, padding=1)
    cells = lif.group(layer.neurons)
    synapses = Synapses(pixels, cells, "w : amp", on_pre="I_post += w")
    synapses.connect(i=layer.i, j=layer.j)
    synapses.w = kernels.flat[layer.k]  # [kernels, channels, height, width]
    learning.fit(..., train={"synapses.w": learning.Trainable(0.1*nA, index=layer.k)})

Of a definition the same is *declared*, with one number for each weight, which is trained by itself; the list of
synapses is then made for those targets alone that go through it, and target jax computes the convolution instead::

    delta = bioplast.Synapse("w : amp", on_pre="I_post += w", requires_post={"I": amp})
    synapses = delta.connect(pixels, cells, along=layer, w=kernels, name="first")
    learning.fit(..., train={"first_kernels.w": 0.1*nA})

Neurons are counted along the rows of an image, one row after the other, one channel after the other: the neuron of
channel c, row y and column x of a layer of the shape (channels, height, width) is ``(c*height + y)*width + x``, so that
``raster.reshape(steps, *layer.shape)`` is a film of the layer, and a group is as flat as a layer for `dense` has to be.
Layers follow on each other by their shapes::

    first = connection.convolution(shape=(1, 28, 28), kernels=16, size=3, padding=1)
    second = connection.average_pooling(first.shape, size=2).then(connection.convolution, kernels=32, size=3, padding=1)
    third = connection.average_pooling(second.shape, size=2).then(connection.dense, neurons=128)
"""

from .base import Connection, Pairs
from .chain import Chain
from .convolution import Convolution, convolution
from .dense import Dense, dense
from .pooling import Pooling, average_pooling, max_pooling

__all__ = [
    "Chain",
    "Connection",
    "Convolution",
    "Dense",
    "Pairs",
    "Pooling",
    "average_pooling",
    "convolution",
    "dense",
    "max_pooling",
]
