"""Randman classes read out by the decision network: who wins, and a small evolution."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms

import bioplast
from bioplast.protocols.competition import classes
from bioplast.protocols.randman import tasks

SMALL = {"samples": 20, "hidden": 4, "population": 8, "batch": 8, "generations": 2}


@pytest.fixture(scope="module")
def program():
    return bioplast.compile(classes.network(4), 300 * ms, "numpy", namespace={})


@pytest.mark.parametrize("winner", [1, 2])
def test_the_population_that_gets_the_spikes_of_the_hidden_layer_wins(program, winner):
    raster = np.zeros((150, tasks.UNITS), dtype=bool)
    raster[5:25] = True
    values = {
        "afferents.w": np.full(tasks.UNITS * 4, 0.2e-9),
        f"evidence.w_{winner}": np.full(4, 0.05e-9),
        f"evidence.w_{3 - winner}": np.zeros(4),
    }
    out = program(values=values, inputs={"units": raster}, seed=1)
    assert out.counts["spikes"].sum() > 0
    ends = [out.states["gates"][f"S_{k}"][-1, 0] for k in (1, 2)]
    assert np.argmax(ends) + 1 == winner
    # a decision: far beyond what the noise alone does in that time
    assert abs(ends[0] - ends[1]) > 0.3


def test_a_hidden_spike_adds_its_weight_to_the_current_of_a_population():
    live = classes.network(1)
    live["hidden"].v_ = live["hidden"].v_th_[:] + 10e-3  # it spikes in the first step
    live["decision"].sigma_ = 0
    live["evidence"].w_1_ = 0.03e-9
    out = bioplast.compile(live, 5 * ms, "numpy", namespace={})()
    assert out.counts["spikes"].tolist() == [1]
    # after the spike it decays in nine Euler steps of 0.5 ms, with AMPA's 2 ms
    assert out.final["decision.I_noise_1"][0] == pytest.approx(0.03e-9 * (1 - 0.5 / 2) ** 9, rel=1e-9)
    assert out.final["decision.I_noise_2"][0] == 0


@pytest.mark.long
@pytest.mark.parametrize("readout", classes.READOUTS)
def test_a_small_evolution_answers_for_the_test_part(readout):
    found = classes.trained({**SMALL, "readout": readout}, 0)
    assert 0 <= found["accuracy"] <= 1
    assert len(found["validation"]) == 2
    assert ("decided" in found) == (readout == "competition")
