"""Features that pair STDP finds without labels: neurons that inhibit each other, and a linear readout of counts."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, ms, nA
from sklearn.linear_model import LogisticRegression

import bioplast
from bioplast import stimulus
from bioplast.models import exponential_current, exponential_synapse, lif, pair_stdp_current

DT, STEPS = 1 * ms, 80
AFFERENTS, NEURONS, CLASSES, SAMPLES = 100, 8, 5, 300


@pytest.fixture(scope="module")
def program():
    """All samples, one after the other."""
    source = SpikeGeneratorGroup(AFFERENTS, [], [] * ms, dt=DT, name="source")
    constants = dict(tau_m=10 * ms, tau_syn=3 * ms, tau_ref=5 * ms)
    cells = (lif + exponential_current).group(NEURONS, dt=DT, name="cells", **constants)
    # more depression than potentiation: what fires at any time loses, and what fires before a neuron does wins
    rule = dict(w_max=0.04 * nA, A_plus=0.03, A_minus=0.042)
    plastic = pair_stdp_current.connect(source, cells, dt=DT, name="plastic", **rule)
    lateral = exponential_synapse.connect(cells, condition="i != j", dt=DT, name="lateral")
    lateral.w = -0.3 * nA
    live = Network(source, cells, plastic, lateral, SpikeMonitor(cells, name="spikes"))
    return bioplast.compile(live, SAMPLES * STEPS * DT, "jax", namespace={})


def learn(program, weights, samples):
    """The weights after samples that are shown without their classes."""
    out = program({"plastic.w": weights}, {"source": samples.reshape(-1, AFFERENTS)})
    return np.asarray(out.final["plastic.w"])


def features(program, weights, samples):
    """The numbers of spikes [samples, neurons] with these weights: without plasticity, and each neuron for itself."""
    still = {name: np.zeros_like(program.values[name]) for name in ("plastic.A_plus", "plastic.A_minus", "lateral.w")}
    out = program({**still, "plastic.w": weights}, {"source": samples.reshape(-1, AFFERENTS)})
    return out.raster("spikes").reshape(SAMPLES, STEPS, NEURONS).sum(axis=1)


def draw(seed):
    """Samples of classes, each a pattern of latencies that all afferents have, with a jitter of 2 ms."""
    rng = np.random.default_rng(seed)
    patterns = rng.uniform(0, 50e-3, (CLASSES, AFFERENTS))
    labels = rng.permutation(np.arange(2 * SAMPLES) % CLASSES)
    times = np.abs(patterns[labels] + rng.normal(0, 2e-3, (2 * SAMPLES, AFFERENTS)))
    return stimulus.raster(times, DT, STEPS), labels, rng.uniform(0.3, 0.7, NEURONS * AFFERENTS)


@pytest.mark.parametrize("seed", [0, 1])
def test_pair_stdp_finds_features_that_a_linear_readout_tells_apart(program, seed):
    samples, labels, start = draw(seed)
    # each afferent spikes once in each sample, so that numbers alone tell nothing
    assert (samples.sum(axis=1) == 1).all()
    shown, held_out = slice(0, SAMPLES), slice(SAMPLES, None)

    def accuracy(weights):
        readout = LogisticRegression(max_iter=3000)
        readout.fit(features(program, weights, samples[shown]), labels[shown])
        return readout.score(features(program, weights, samples[held_out]), labels[held_out])

    untrained, trained = accuracy(start), accuracy(learn(program, start, samples[shown]))
    # four standard errors of a difference of two shares of 300 samples, and of one share
    assert trained > untrained + 4 * np.sqrt(2 * 0.25 / SAMPLES)
    assert trained > 1 / CLASSES + 4 * np.sqrt(0.25 / SAMPLES)
