"""A search trains and predicts with other values many times: what is compiled serves for all of them."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import mV
from support.training import DT, SPIKES, STEPS, integrators, train

import bioplast
from bioplast import learning
from bioplast.program.build import cache
from bioplast.program.jax import disk


@pytest.fixture
def compilations(monkeypatch, tmp_path):
    """What was compiled and kept, however quick it was, in a cache of this test's own."""
    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path))
    monkeypatch.setitem(disk.SETTINGS, "jax_persistent_cache_min_compile_time_secs", 0.0)
    return lambda: {path.name for path in cache.compilations().glob("*")}


@pytest.fixture(scope="module")
def program():
    return bioplast.compile(integrators(), STEPS * DT, "jax", namespace={})


def test_predictions_with_other_values_compile_nothing(program, compilations):
    def ends(start):
        return learning.predict(program, {"source": SPIKES}, lambda out: out.final["cells.v"], {"cells.v": start * mV})

    first, kept = ends(0), compilations()
    assert kept
    for start in (1, 3):
        # what a potential begins with decays with 5 ms
        np.testing.assert_allclose(ends(start) - first, start * 1e-3 * np.exp(-STEPS / 5), rtol=1e-9)
    assert compilations() == kept


def test_trainings_with_other_values_compile_nothing(program, compilations):
    def losses(start):
        held_out = {"source": SPIKES[17:]}, np.zeros((5, 2))
        zero = {"cells.v": start * mV, "weights.w": 0 * mV}
        return train(program, labels=np.zeros((17, 2)), values=zero, validation=held_out, epochs=1, batch=17).history

    first, kept = losses(1), compilations()
    assert kept
    # with no weights, each of two potentials ends where it decays to
    assert first["loss"] == pytest.approx(2 * np.exp(-STEPS / 5) ** 2, rel=1e-9)
    second = losses(3)
    assert second["loss"] == pytest.approx(9 * first["loss"], rel=1e-9)
    # the step along the gradient is linear in the start, and the square of what it leads to nine times as large
    assert second["validation_loss"] == pytest.approx(9 * first["validation_loss"], rel=1e-9)
    assert compilations() == kept
