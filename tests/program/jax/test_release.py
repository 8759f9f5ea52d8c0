"""Random numbers in what spikes do: unreliable synapses add the right amounts, whatever the order of their draws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, Synapses, ms

import bioplast
from bioplast.errors import Unsupported

SOURCES, TARGETS, STEPS, P = 50, 4, 40, 0.3
WEIGHTS = 1 + 0.01 * np.arange(SOURCES)


def compiled(code):
    """All to all; every source spikes in every step, and each target adds up what it gets."""
    indices, times = np.tile(np.arange(SOURCES), STEPS), np.repeat(np.arange(STEPS), SOURCES) * 0.1 * ms
    source = SpikeGeneratorGroup(SOURCES, indices, times, name="source")
    target = NeuronGroup(TARGETS, "x : 1\ny : 1", name="target", namespace={})
    synapses = Synapses(source, target, "w : 1", on_pre=code, name="synapses", namespace={"p": P})
    synapses.connect()
    synapses.w = "1 + 0.01*i"
    trace = StateMonitor(target, ["x", "y"], record=True, when="end", name="trace")
    network = Network(source, target, synapses, trace)
    return bioplast.compile(network, STEPS * 0.1 * ms, "jax", namespace={})


def test_what_arrives_is_binomial():
    """Means within 5 standard errors, the variance within 5 of its own, of about sqrt(2/n)."""
    program = compiled("x_post += w*int(rand() < p)\ny_post += 1")
    out = program.batch({"target.x": np.zeros((10, TARGETS))}, seed=3)
    arrived = np.diff(np.stack([run.states["trace"]["x"] for run in out]), axis=1).ravel()
    mean, variance = P * WEIGHTS.sum(), P * (1 - P) * (WEIGHTS**2).sum()
    assert abs(arrived.mean() - mean) < 5 * np.sqrt(variance / arrived.size)
    assert arrived.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / arrived.size))
    np.testing.assert_array_equal(np.diff(out[0].states["trace"]["y"], axis=0), SOURCES)
    # each synapse and each step draws its own number
    x = out[0].states["trace"]["x"]
    assert len(np.unique(np.diff(x, axis=0))) > 0.9 * x.size


def test_the_same_seed_gives_the_same_numbers():
    program = compiled("x_post += w*int(rand() < p)")
    one, again, other = (program(seed=seed).states["trace"]["x"] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert (one[-1] != other[-1]).all()


@pytest.mark.parametrize(
    "code", ["x_post += w*int(rand() < p)", "r = rand()\nx_post += w*int(r < p)", "u = int(rand() < p)*w\nx_post += u"]
)
def test_given_numbers_are_added_up_by_hand(code):
    program = compiled(code)
    numbers = np.random.default_rng(1).random((STEPS, SOURCES * TARGETS))
    call = program._call(None, None, 1, program.duration)
    out = program._run(dataclasses.replace(call, draws={"synapses_pre.0": numbers}))
    arrived = (WEIGHTS[:, None] * (numbers.reshape(STEPS, SOURCES, TARGETS) < P)).sum(axis=1)
    np.testing.assert_allclose(out.states["trace"]["x"], np.cumsum(arrived, axis=0), rtol=1e-12)


@pytest.mark.parametrize("code", ["x_post += poisson(2.0*w)", "x_post += 2*w + sqrt(2*w)*randn()"])
def test_other_distributions_have_their_mean_and_variance(code):
    arrived = np.diff(compiled(code)(seed=5).states["trace"]["x"], axis=0).ravel()
    mean = variance = 2 * WEIGHTS.sum()
    assert abs(arrived.mean() - mean) < 5 * np.sqrt(variance / arrived.size)
    assert arrived.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / arrived.size))


@pytest.mark.parametrize(
    "code",
    [
        "x_post = rand()",
        "x_post += w*int(rand() < x_post)",
        "w = x_post*rand()\nx_post += w",
        "x_post += rand()\nw = x_post",
    ],
)
def test_where_the_result_depends_on_the_order_it_is_refused(code):
    with pytest.raises(Unsupported, match=r"'synapses_pre': the result of .* depends on the order"):
        compiled(code)


def test_two_names_of_one_variable_are_named_alone():
    group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="", name="group")
    synapses = Synapses(group, group, "w : 1", on_pre="v_pre += 1\nv_post += w\nw += 1", name="synapses")
    synapses.connect()
    with pytest.raises(Unsupported, match=r"^'synapses_pre' writes 'group.v' under two names, v_post and v_pre, which"):
        bioplast.compile(Network(group, synapses), 1 * ms, "jax", namespace={})
