"""The derivative of a spike count through a steep upstroke, against how the mean count over the phase changes."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, SpikeMonitor, ms, mV, nA, pF

import bioplast
from bioplast import learning
from bioplast.models import adex

CELLS = 40


def compiled(detach):
    """Without adaptation: the count of one neuron is a step function of its current, its mean over the phase is not."""
    cells = adex.group(CELLS, dt=0.1 * ms, name="cells", b=0 * nA, I=1 * nA)
    cells.v = np.linspace(-70, -55, CELLS) * mV
    surrogate = bioplast.SuperSpike(beta=1, unit=1 * mV)
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    return bioplast.compile(network, 100 * ms, "jax", namespace={}, surrogate=surrogate, detach_reset=detach)


@pytest.fixture(scope="module")
def programs():
    return {detach: compiled(detach) for detach in (False, True)}


def test_detached_resets_keep_a_derivative_of_the_right_sign_and_kept_ones_do_not_keep_its_size(programs):
    current = programs[True].values["cells.I"]
    factors = np.linspace(0.9, 1.1, 21)
    outs = programs[True].batch({"cells.I": factors[:, None] * current})
    means = outs.counts["spikes"].mean(axis=1)
    truth = np.polyfit(factors, means, 1)[0]
    assert truth > 5
    found = {}
    for detach, program in programs.items():
        with jax.enable_x64(True):
            slope = jax.grad(lambda x, run=program: run({"cells.I": x}).raster("spikes").sum())(jnp.array(current))
        found[detach] = np.asarray(slope) * current
    assert (found[True] > 0).all()
    # how far the last step overshoots leaves a factor of some ten open, more for a neuron that grazes the threshold
    assert truth / 30 < np.median(found[True]) < 30 * truth
    assert found[True].max() < 1e4 * truth
    assert np.isfinite(found[False]).all()
    assert np.abs(found[False]).max() > 1e9 * truth


def fit(program):
    return learning.fit(
        program,
        None,
        np.full(2, 4.0),
        train={"cells.E_L": 10 * mV, "cells.C": 200 * pF},
        loss=lambda out, wanted: (out.raster("spikes").mean(axis=1).sum() - wanted) ** 2,
        epochs=2,
    )


def test_a_derivative_that_is_too_large_is_told_once_by_the_name_of_the_parameter(programs):
    with pytest.warns(RuntimeWarning) as told:
        fit(programs[False])
    messages = [str(one.message) for one in told if one.category is RuntimeWarning]
    assert [message.split("'")[1] for message in messages] == ["cells.E_L", "cells.C"]
    assert all("detach_reset=True" in message for message in messages)
    assert "for a change by its typical size 10 mV, where the loss is" in messages[0]
    assert {one.filename for one in told} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(programs[True])
