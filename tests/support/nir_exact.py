"""NIR graphs computed step by step with matrix exponentials: the truth for networks that are read from NIR files.

Input is constant over a step, so that the solution of the linear equations is exact. A spike in one step is a current
in the next one, for all of it.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm
from scipy.signal import correlate


def passed_on(node, signal, shape):
    """What a node without a state makes of a signal [values] of a shape, and the shape of that."""
    kind = type(node).__name__
    if kind in ("Linear", "Affine"):
        return node.weight @ signal + getattr(node, "bias", 0.0), (len(node.weight),)
    if kind == "Scale":
        return signal * node.scale.reshape(-1), shape
    if kind == "Flatten":
        return signal, (len(signal),)
    image = signal.reshape(shape)
    if kind == "Conv2d":
        (top, left), (down, right), (far, wide) = node.padding, node.stride, node.dilation
        padded = np.pad(image, ((0, 0), (top, top), (left, left)))
        per_group, own = len(node.weight) // node.groups, node.weight.shape[1]
        layers = []
        for k, kernel in enumerate(node.weight):
            spread = np.zeros((own, far * (kernel.shape[1] - 1) + 1, wide * (kernel.shape[2] - 1) + 1))
            spread[:, ::far, ::wide] = kernel
            first = k // per_group * own
            summed = correlate(padded[first : first + own], spread, mode="valid")[0]
            layers.append(summed[::down, ::right] + node.bias[k])
        done = np.stack(layers)
    else:
        (high, broad), (down, right) = node.kernel_size, node.stride
        rows, columns = (image.shape[1] - high) // down + 1, (image.shape[2] - broad) // right + 1
        done = np.array(
            [
                [
                    [channel[y * down : y * down + high, x * right : x * right + broad].sum() for x in range(columns)]
                    for y in range(rows)
                ]
                for channel in image
            ]
        )
        done = done / (high * broad) if kind == "AvgPool2d" else done
    return done.reshape(-1), done.shape


class Exact:
    """A graph of the package nir, computed.

    Parameters
    ----------
    graph : nir.NIRGraph
        Without graphs inside.
    dt : float
        In seconds.
    pulse : float
        What a spike is for a step.
    """

    def __init__(self, graph, dt, pulse=1.0):
        self.graph, self.dt, self.pulse = graph, dt, pulse
        self.shapes, self.order = {}, []
        self.linear = {"Linear", "Affine", "Scale", "Flatten", "Conv2d", "SumPool2d", "AvgPool2d"}
        for name, node in graph.nodes.items():
            kind = type(node).__name__
            if kind == "Input" or kind not in self.linear | {"Output"}:
                self.shapes[name] = tuple(node.input_type["input"])
        waiting = [n for n, node in graph.nodes.items() if type(node).__name__ in self.linear]
        while waiting:
            name = next(n for n in waiting if all(a in self.shapes for a, b in graph.edges if b == n))
            before = self.shapes[next(a for a, b in graph.edges if b == name)]
            _, self.shapes[name] = passed_on(graph.nodes[name], np.zeros(int(np.prod(before))), before)
            self.order.append(name)
            waiting.remove(name)

    def run(self, inputs, steps):
        """Spikes bool [steps, neurons] and potentials [steps, neurons] (before each step) of every neuron node."""
        nodes = {n: v for n, v in self.graph.nodes.items() if n in self.shapes and n not in self.order}
        neurons = {n: v for n, v in nodes.items() if type(v).__name__ != "Input"}
        signal = {n: np.zeros(int(np.prod(self.shapes[n]))) for n in nodes}
        state = {n: np.zeros((2, len(signal[n]))) for n in neurons}
        for n, node in neurons.items():
            state[n][0] = getattr(node, "v_leak", np.zeros(1)).reshape(-1)
        spikes = {n: np.zeros((steps, len(signal[n])), bool) for n in neurons}
        potentials = {n: np.zeros((steps, len(signal[n]))) for n in neurons}
        for step in range(steps):
            for n, node in neurons.items():
                if type(node).__name__ in ("LI", "CubaLI", "I"):
                    signal[n] = state[n][0].copy()
            values = dict(signal)
            for n in self.order:
                before = sum(values[a] for a, b in self.graph.edges if b == n)
                shape = self.shapes[next(a for a, b in self.graph.edges if b == n)]
                values[n], _ = passed_on(self.graph.nodes[n], before, shape)
            for n, node in neurons.items():
                current = sum((values[a] for a, b in self.graph.edges if b == n), np.zeros(len(signal[n])))
                potentials[n][step] = state[n][0]
                spikes[n][step] = self.advance(node, state[n], current)
                signal[n] = spikes[n][step] * self.pulse
            for n, raster in inputs.items():
                signal[n] = raster[step] * self.pulse
        return spikes, potentials

    def advance(self, node, state, current):
        """A step of the neurons of a node; returns which spike."""
        kind = type(node).__name__
        if kind == "Threshold":
            return current > node.threshold.reshape(-1)
        for k in range(state.shape[1]):
            system = np.zeros((3, 3))  # d(v, I, 1)/dt
            value = {f: np.broadcast_to(v.reshape(-1), state.shape[1])[k] for f, v in vars(node).items()
                     if isinstance(v, np.ndarray)}  # fmt: skip
            if kind in ("LIF", "LI"):
                system[0] = np.array([-1, 0, value["v_leak"] + value["r"] * current[k]]) / value["tau"]
            elif kind in ("CubaLIF", "CubaLI"):
                system[0] = np.array([-1, value["r"], value["v_leak"]]) / value["tau_mem"]
                system[1] = np.array([0, -1, value["w_in"] * current[k]]) / value["tau_syn"]
            else:
                system[0] = [0, 0, value["r"] * current[k]]
            state[:, k] = (expm(system * self.dt) @ [*state[:, k], 1])[:2]
        if kind not in ("LIF", "CubaLIF", "IF"):
            return np.zeros(state.shape[1], bool)
        spike = state[0] > node.v_threshold.reshape(-1)
        state[0] = np.where(spike, node.v_reset.reshape(-1), state[0])
        return spike
