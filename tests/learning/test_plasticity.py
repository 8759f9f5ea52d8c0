"""Derivatives through plasticity: those of what a rule has learned, in the rule's own parameters.

Spikes on both sides of the synapses are given, so that no spike depends on what is differentiated: what a rule makes of
them is smooth, and central differences tell its derivative.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, SpikeGeneratorGroup, TimedArray, ms, nA, nS, volt

import bioplast
from bioplast import Neuron
from bioplast.definition import co_release
from bioplast.models import (
    ampa,
    exponential_current,
    gaba_a,
    gaba_a_synapse,
    hebbian_decay,
    lif,
    nmda,
    nmda_synapse,
    pair_stdp,
    pair_stdp_current,
    sbp,
    sbp_sums,
)

DT, STEPS = 1 * ms, 80
BEFORE, AFTER = 4, 3


def source(size=BEFORE, seed=0, name="source"):
    steps, neurons = np.nonzero(np.random.default_rng(seed).random((STEPS, size)) < 0.08)
    return SpikeGeneratorGroup(size, neurons, steps * DT, dt=DT, name=name)


def firing(size=AFTER, extra="g_ampa : siemens", seed=1):
    """Neurons that spike when they are told to."""
    table = TimedArray((np.random.default_rng(seed).random((STEPS + 1, size)) < 0.08).astype(float), dt=DT)
    return Neuron(extra, threshold="drive(t, i) > 0.5", reset="", namespace={"drive": table})


def stdp():
    synapses = pair_stdp.connect(source(), firing().group(AFTER, dt=DT), name="rule", dt=DT)
    return Network(synapses.source, synapses.target, synapses)


def current_based_stdp():
    """Below threshold, where the potential shows the weights, under spikes of other neurons' making."""
    cells = (lif + exponential_current).replace(threshold="drive(t, i) > 0.5", reset="", namespace=firing().namespace)
    synapses = pair_stdp_current.connect(source(), cells.group(AFTER, dt=DT), name="rule", dt=DT)
    return Network(synapses.source, synapses.target, synapses)


def hebbian():
    """Below threshold, so that the potential that the rule reads is smooth."""
    cells = (lif + exponential_current).group(AFTER, dt=DT, v_th=1 * volt)
    synapses = hebbian_decay.connect(source(), cells, name="rule", dt=DT, alpha=0.5 * nA, eta=0.2, beta=0.1, H=0.3)
    return Network(synapses.source, cells, synapses)


def self_backpropagation():
    """Two layers, so that changes spread backward as well; the pathway of the first one is `rule`."""
    before = (firing(2, "I_syn : amp", 2) + sbp_sums).group(2, dt=DT)
    middle = (firing(AFTER, "I_syn : amp", 3) + sbp_sums).group(AFTER, dt=DT)
    last = (firing(2, "I_syn : amp", 4) + sbp_sums).group(2, dt=DT)
    first = sbp.connect(before, middle, name="rule", dt=DT)
    second = sbp.connect(middle, last, name="second", dt=DT, h=0)
    return Network(before, middle, last, first, second)


def transmitters():
    """A fast plastic one, a slow and an inhibitory one, which the coefficients weigh."""
    cells = (lif + ampa + nmda + gaba_a).group(AFTER, dt=DT, v_th=1 * volt)
    both = co_release(fast=pair_stdp, slow=nmda_synapse, inhibitory=gaba_a_synapse)
    synapses = both.connect(
        source(), cells, name="rule", dt=DT, g_max_fast=1 * nS, lambda_fast=0.7, lambda_slow=0.4, lambda_inhibitory=0.2
    )
    return Network(synapses.source, cells, synapses)


SPREADS = ("lambda_presyn", "lambda_postsyn", "lambda_bp")

# The network, the parameters of the pathway `rule`, and what they change: variables whose weighted sum is told.
RULES = {
    "pair_stdp": (stdp, ("A_plus", "A_minus", "tau_plus", "tau_minus", "w"), ("rule.w",)),
    "pair_stdp_current": (
        current_based_stdp,
        ("w_max", "A_plus", "A_minus", "tau_plus", "tau_minus", "w"),
        ("rule.w", "v"),
    ),
    "hebbian_decay": (hebbian, ("eta", "tau_H", "theta", "beta", "v_0", "alpha", "H"), ("rule.H", "v")),
    "sbp": (
        self_backpropagation,
        ("alpha", "f", "A_plus", "A_minus", "tau_plus", "tau_minus", "tau_SBP", *SPREADS),
        ("rule.w",),
    ),
    "co_release": (transmitters, ("lambda_fast", "lambda_slow", "lambda_inhibitory", "g_max_fast"), ("v",)),
}


@pytest.mark.parametrize("name", RULES)
def test_derivatives_in_the_parameters_of_a_rule(name):
    build, parameters, told = RULES[name]
    network = build()
    program = bioplast.compile(network, STEPS * DT, "jax", namespace={})
    start = program.values
    keys = [f"rule.{parameter}" for parameter in parameters]
    rng = np.random.default_rng(5)
    variables = [key for key in start if key in told or (key.endswith(".v") and "v" in told)]
    weights = {key: rng.random(start[key].shape) for key in variables}

    def summary(factors):
        """What was learned, as a function of a factor on each parameter."""
        final = program({key: jnp.asarray(start[key]) * factors[k] for k, key in enumerate(keys)}).final
        return sum((final[key] * weights[key]).sum() for key in variables)

    # Relative steps of 1e-5: the quotient errs by 1e-10 of the third derivative and by 1e-16/1e-5 = 1e-11 of the
    # value, both relative to derivatives that must be 1e-5 of the value at least.
    h = 1e-5
    one = np.ones(len(keys))
    shifted = np.concatenate([one + h * np.eye(len(keys)), one - h * np.eye(len(keys))])
    with jax.enable_x64(True):
        both = jax.jit(jax.value_and_grad(summary))
        value, found = both(one)
        values = np.array([both(factors)[0] for factors in shifted])
    expected = (values[: len(keys)] - values[len(keys) :]) / (2 * h)
    assert (np.abs(expected) > 1e-5 * abs(float(value))).all(), dict(zip(keys, expected, strict=True))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=0)
