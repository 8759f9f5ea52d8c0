"""The spiking decision network against all its 4 million synapses, one by one, in NumPy."""

import numpy as np
import pytest
from brian2 import Network, StateMonitor, ms

import bioplast
from bioplast.protocols.competition import spiking, wang
from bioplast.protocols.competition.decisions import STEP

OF = np.repeat([0, 1, 2, 3], [240, 240, 1120, 400])
PYRAMIDAL = OF < 3
DT = 0.1  # ms


def strengths():
    """Of every synapse, [postsynaptic, presynaptic]: the paper structures those onto selective cells."""
    post, pre = OF[:, None], OF[None, :]
    strong, weak = 1.7, 1 - 0.15 * (1.7 - 1) / (1 - 0.15)
    return np.where(post > 1, 1.0, np.where(pre == post, strong, weak))


def dense(v, g_ext, steps):
    """Potentials [steps, cells] and spikes (step, cell) without further input from outside; in ms, mV, nS, pF, pA."""
    w, excitatory = strengths(), PYRAMIDAL[None, :]
    ampa = w * np.where(PYRAMIDAL, 0.05, 0.04)[:, None] * excitatory
    nmda = w * np.where(PYRAMIDAL, 0.165, 0.13)[:, None] * excitatory
    gaba = np.where(PYRAMIDAL, 1.3, 1.0)[:, None] * ~excitatory * np.ones_like(w)
    C, g_L = np.where(PYRAMIDAL, 500, 200), np.where(PYRAMIDAL, 25, 20)
    refractory = np.where(PYRAMIDAL, 2.0, 1.0)
    fast, s, x = np.zeros(2000), np.where(PYRAMIDAL, 0.15, 0.0), np.zeros(2000)
    tau = np.where(PYRAMIDAL, 2.0, 5.0)
    last, potentials, spikes = np.full(2000, -1e9), [], []
    v = v.copy()
    for k in range(steps):
        potentials.append(v.copy())
        active = k * DT - last >= refractory - 1e-9
        g_nmda = nmda @ s / (1 + np.exp(-0.062 * v) / 3.57)
        current = (g_ext + ampa @ fast + g_nmda) * v + gaba @ fast * (v + 70)
        v = np.where(active, v + DT * (-g_L * (v + 70) - current) / C, v)
        g_ext = g_ext - DT * g_ext / 2
        fast, s, x = fast - DT * fast / tau, s + DT * (-s / 100 + 0.5 * x * (1 - s)), x - DT * x / 2
        fired = (v > -50) & active
        last[fired], v[fired] = k * DT, -55
        spikes += [(k, cell) for cell in np.flatnonzero(fired)]
        arriving = np.array([cell for step, cell in spikes if step == k - 5], dtype=int)  # after 0.5 ms
        fast[arriving] += 1
        x[arriving[PYRAMIDAL[arriving]]] += 1
    return np.array(potentials), spikes


@pytest.fixture(scope="module")
def live():
    return wang.network()


def test_four_populations_stand_for_four_million_synapses(live):
    monitor = StateMonitor(live["cells"], "v", record=True, name="potential")
    network = Network(*live.objects, monitor)
    program = bioplast.compile(network, 12 * ms, "numpy", namespace={})
    rng = np.random.default_rng(1)
    v, g_ext = rng.uniform(-58, -50, 2000), rng.uniform(0, 150, 2000)
    start = {"cells.v": v * 1e-3, "cells.g_ext": g_ext * 1e-9, "cells.w_ext": np.zeros(2000)}
    out = program(values=start, seed=1)
    potentials, spikes = dense(v, g_ext, 120)
    found = out.spikes["fired"]
    assert len(spikes) > 1000 and len({k for k, _ in spikes}) > 6
    assert sorted(zip(found.steps.tolist(), found.indices.tolist(), strict=True)) == sorted(
        (k, int(cell)) for k, cell in spikes
    )
    np.testing.assert_allclose(out.states["potential"]["v"] * 1e3, potentials, atol=1e-9)


def test_the_drive_of_a_cell_has_the_published_rates(live):
    program = bioplast.compile(live, 40 * ms, "numpy", namespace={})
    rates = np.array([[100.0, 50.0]])
    counts = program(inputs={"stimulus": rates}, seed=4).counts["evidence"]
    expected = np.array([100, 50]) * 0.04 * 240
    assert np.abs(counts.reshape(2, 240).sum(axis=1) - expected).max() < 5 * np.sqrt(expected.max())


def test_the_stimulus_is_drawn_around_the_coherence():
    drawn = wang.stimulus(12.8, 500.0, np.random.default_rng(2))
    assert not drawn[:6].any() and drawn.shape == (6 + 10000, 2)
    np.testing.assert_allclose(drawn[6:].mean(axis=0), [40 * 1.128, 40 * 0.872], atol=5 * 4 / 100)
    np.testing.assert_allclose(drawn[6:].std(axis=0), 4, rtol=5 / np.sqrt(20000))


def test_counts_are_those_of_the_selective_cells():
    counts = wang.population_counts(np.array([0.011, 0.004, 0.02, 0.001]), np.array([0, 239, 240, 480]), 0.03, STEP)
    np.testing.assert_allclose(counts[:, 0] * 240, [0, 1, 1, 2, 2, 2, 2])
    np.testing.assert_allclose(counts[:, 1] * 240, [0, 0, 0, 0, 0, 1, 1])


@pytest.mark.build
@pytest.mark.long
def test_it_decides_for_the_stronger_evidence():
    found = spiking.one(100, 2, 0.8, "cpp", 1, raster=True)
    assert found["choice"] == [0, 0] and found["integrator"] == [1, 1]
    assert max(found["raster"]["cell"]) < sum(spiking.RASTER.values())
