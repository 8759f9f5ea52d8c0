"""A network of plastic layers (MPSL), in Brian2 and as a plain transcription of the paper's equations."""

from __future__ import annotations

import itertools

import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, TimedArray, ms, mV, volt

import bioplast
from bioplast.definition import same_step
from bioplast.protocols.synergy.rule import mpsl, mpsl_lif, mpsl_sums, row_sums

SIZES, STEPS, DT = (6, 5, 4, 3), 9, 1 * ms
NUMBERS = {"eta": 0.02e-3, "beta": 0.1, "lambda_f": 0.7, "lambda_p": 0.5, "lambda_1": 0.9, "lambda_2": 0.6,
           "lambda_3": 0.8}  # fmt: skip
V_TH, TAU_M, TAU_W = 0.3e-3, 3e-3, 40e-3


def weights(seed):
    """W_1, W_2 and W_3 of each layer at the start, [before, after], in volt."""
    rng = np.random.default_rng(seed)
    shapes = itertools.pairwise(SIZES)
    return [[rng.normal(0.1e-3, 0.25e-3, s), rng.normal(0, 0.05e-3, s), rng.normal(0, 0.05e-3, s)] for s in shapes]


def images(seed, samples=3):
    """Intensities [samples, steps, inputs], some of them 0."""
    rng = np.random.default_rng([seed, 1])
    return rng.random((samples, STEPS, SIZES[0])) * (rng.random((samples, STEPS, SIZES[0])) < 0.7)


def network(start):
    """Group "input", layers "cells1", ... with synapses "w1", ..., of which the last has no threshold to reach."""
    image = TimedArray(np.zeros((STEPS, SIZES[0])), dt=DT, name="image")
    groups = [
        NeuronGroup(SIZES[0], "x = image(t, i) : 1 (constant over dt)", threshold="x > 0", reset="", dt=DT,
                    name="input", namespace={"image": image})
    ]  # fmt: skip
    cell = mpsl_lif + mpsl_sums
    for n, size in enumerate(SIZES[1:], 1):
        last = n == len(SIZES) - 1
        groups.append(cell.group(size, dt=DT, name=f"cells{n}", tau_m=TAU_M * 1e3 * ms, v_th=V_TH * 1e3 * mV))
        if last:
            groups[-1].v_th = V_TH * volt
    synapses = []
    for n, (before, after) in enumerate(itertools.pairwise(groups), 1):
        rule = mpsl if n == 1 else mpsl + row_sums
        made = rule.connect(before, after, dt=DT, name=f"w{n}", eta=NUMBERS["eta"] * volt,
                            **{k: v for k, v in NUMBERS.items() if k != "eta"})  # fmt: skip
        for k in range(3):
            setattr(made, f"w_{k + 1}", start[n - 1][k].reshape(-1) * volt)
        synapses.append(made)
    same_step(groups, synapses)
    spikes = [SpikeMonitor(group, name=f"spikes{n}") for n, group in enumerate(groups)]
    traces = [
        StateMonitor(group, "v", record=True, dt=DT, when="before_resets", order=1000, name=f"trace{n}")
        for n, group in enumerate(groups[1:], 1)
    ]
    return Network(*groups, *synapses, *spikes, *traces)


def transcribed(start, image, numbers=NUMBERS):
    """The paper's equations for one image [steps, inputs]: rows are neurons after, columns neurons before.

    Returns
    -------
    S, U : list of ndarray [steps, neurons]
        Of each layer behind the input.
    W : list of list of ndarray [before, after]
        W_2 and W_3 of each layer at the end.
    """
    rho, decay = np.exp(-1e-3 / TAU_M), np.exp(-1e-3 / TAU_W)
    W = [[w.T.copy() for w in layer] for layer in start]
    depth = len(W)
    U = [np.zeros(size) for size in SIZES[1:]]
    S = [np.zeros(size) for size in SIZES[1:]]
    all_S, all_U = [[] for _ in U], [[] for _ in U]

    def n(x):
        return x / x.sum() if x.sum() != 0 else x

    def H(A, B):  # noqa: N802
        return numbers["lambda_f"] * np.diag(1 + numbers["lambda_p"] * n(A)) @ B

    for x in image:
        sent = x
        into = []
        for layer in range(depth):
            current = sum(numbers[f"lambda_{k + 1}"] * W[layer][k] @ sent for k in range(3))
            U[layer] = rho * (U[layer] - S[layer] * V_TH) + current
            S[layer] = (U[layer] > V_TH).astype(float)
            into.append(sent)
            sent = S[layer]
        dW_2 = [
            numbers["eta"] * np.outer(np.tanh(U[layer] / V_TH) + numbers["beta"], into[layer]) for layer in range(depth)
        ]
        for layer in range(depth):
            behind = dW_2[layer + 1].sum(axis=0) if layer + 1 < depth else np.zeros(len(U[layer]))
            W[layer][1] = decay * W[layer][1] + dW_2[layer]
            W[layer][2] = decay * W[layer][2] + H(behind, dW_2[layer])
            all_S[layer].append(S[layer])
            all_U[layer].append(U[layer])
    return list(map(np.array, all_S)), list(map(np.array, all_U)), [[w.T for w in layer[1:]] for layer in W]


def compiled(start, target, **options):
    return bioplast.compile(network(start), STEPS * DT, target, namespace={}, **options)
