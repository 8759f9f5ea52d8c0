"""A small convolutional network of integrate-and-fire neurons, in Brian2 and by hand."""

from __future__ import annotations

import numpy as np
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms
from scipy.signal import correlate

from bioplast import Synapse, connection

STEPS, DT, DECAY = 12, 1 * ms, 0.8
FIRST = connection.convolution((2, 5, 6), kernels=3, size=(3, 2), stride=(2, 1), padding=(1, 0))
SECOND = connection.average_pooling(FIRST.shape, 2, 1).then(connection.convolution, kernels=4, size=2, padding=1)
THIRD = connection.dense(SECOND.shape, neurons=3)
LAYERS = {"first": FIRST, "second": SECOND, "third": THIRD}

RNG = np.random.default_rng(5)
KERNELS = {
    "first": RNG.normal(0.5, 0.8, FIRST.weights),
    "second": SECOND.share * RNG.normal(0.9, 1.0, SECOND.weights),
    "third": RNG.normal(0.3, 0.5, THIRD.weights),
}
RASTERS = RNG.random((4, STEPS, FIRST.inputs)) < 0.3


def groups():
    """The layers of neurons with monitors of the spikes of all and of the potential of the last, which has no spike."""
    source = SpikeGeneratorGroup(FIRST.inputs, [], [] * ms, dt=DT, name="source")
    leaky = "dv/dt = (DECAY - 1)*v/DT : 1"
    names = {"DECAY": DECAY, "DT": DT}
    spiking = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "dt": DT, "namespace": names}
    one = NeuronGroup(FIRST.neurons, leaky, name="one", **spiking)
    two = NeuronGroup(SECOND.neurons, leaky, name="two", **spiking)
    last = NeuronGroup(THIRD.neurons, leaky, method="euler", dt=DT, namespace=names, name="last")
    watching = [
        SpikeMonitor(one, name="spikes_one"),
        SpikeMonitor(two, name="spikes_two"),
        StateMonitor(last, "v", record=True, dt=DT, when="end", name="trace"),
    ]
    return [source, one, two, last], watching


def explicit():
    """With every synapse made, and a weight for each."""
    layers, watching = groups()
    synapses = []
    for (name, layer), pre, post in zip(LAYERS.items(), layers, layers[1:], strict=False):
        made = Synapses(pre, post, "w : 1", on_pre="v_post += w", delay=0 * ms, name=name, dt=DT)
        made.connect(i=layer.i, j=layer.j)
        made.w = KERNELS[name].reshape(-1)[layer.k]
        synapses.append(made)
    return Network(*layers, *synapses, *watching)


def declared():
    """The same along declared connections, with a number for each weight alone."""
    layers, watching = groups()
    delta = Synapse("w : 1", on_pre="v_post += w", requires_post={"v": 1})
    synapses = [
        delta.connect(pre, post, along=layer, w=KERNELS[name], name=name, dt=DT)
        for (name, layer), pre, post in zip(LAYERS.items(), layers, layers[1:], strict=False)
    ]
    return Network(*layers, *synapses, *watching)


def by_hand(raster, kernels=KERNELS):
    """Spikes of the first and second layer [steps, neurons] and the potential of the last [steps, neurons].

    Brian2's schedule: leak, thresholds, synapses, resets.
    """

    def convolved(events, weights, stride, padding):
        margin = np.pad(events, [(0, 0), *((p, p) for p in padding)])
        return np.stack([correlate(margin, w, mode="valid")[0] for w in weights])[:, :: stride[0], :: stride[1]]

    def pooled(events):
        return events[:, :-1, :-1] + events[:, 1:, :-1] + events[:, :-1, 1:] + events[:, 1:, 1:]

    one, two, last = np.zeros(FIRST.shape), np.zeros(SECOND.shape), np.zeros(THIRD.shape)
    found = [], [], []
    for events in raster:
        one, two, last = DECAY * one, DECAY * two, DECAY * last
        spikes = one > 1, two > 1
        one += convolved(events.reshape(FIRST.before).astype(float), kernels["first"], (2, 1), (1, 0))
        two += convolved(pooled(spikes[0].astype(float)), kernels["second"], (1, 1), (1, 1))
        last += spikes[1].reshape(-1) @ kernels["third"]
        one[spikes[0]], two[spikes[1]] = 0, 0
        for record, now in zip(found, (*spikes, last), strict=True):
            record.append(now.reshape(-1).copy())
    return tuple(map(np.array, found))


def smooth():
    """The first layer alone, made, without spikes after it: its potentials are a smooth function of the kernels."""
    source = SpikeGeneratorGroup(FIRST.inputs, [], [] * ms, dt=DT, name="source")
    curved = "dv/dt = (-v - v**2/9)/(5*ms) : 1"
    cells = NeuronGroup(FIRST.neurons, curved, method="euler", dt=DT, name="cells")
    return source, cells
