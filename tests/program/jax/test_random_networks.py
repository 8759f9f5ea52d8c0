"""Networks that hypothesis puts together, on target jax against Brian2's NumPy target, or refused.

``BIOPLAST_RANDOM_NETWORKS`` is how many are tried: a few in each run of the tests, since each is compiled, and always
the same; a larger number starts a search of its own. Those that the ledger reports are always the same too.

A spike may fall into another step when a threshold is passed by less than rounding, so a network is left out when the
smallest distance of any neuron from its threshold, in any step, is below 1e-12 of it.
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, ms
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings
from support.fidelity import OUR_NUMPY
from support.parity import TOLERANCE, assert_same
from support.random_networks import random_networks

import bioplast
from bioplast.errors import BioplastError, NonFiniteError, Unsupported

EXAMPLES = int(os.environ.get("BIOPLAST_RANDOM_NETWORKS", "5"))
ON_RECORD = 120  # examples that the ledger reports
SEED = 2004
DURATION = 10 * ms

NOT_RUN = "not run by the NumPy target either"
TOO_CLOSE = "left out, closer to a threshold than rounding"
REFUSED = "refused in one line"
AGREE = "agree"


def compared(network):
    """What came of a network, and how it agrees when it does."""
    try:
        expected = bioplast.compile(network, DURATION, "numpy", namespace={})(seed=1)
    except (BioplastError, NonFiniteError):
        return NOT_RUN, None
    margins = [np.abs(expected.states[f"{name}_margin"]["v"] - 1).min() for name in ("one", "two")]
    if min(margins) < 1e-12:
        return TOO_CLOSE, None
    try:
        program = bioplast.compile(network, DURATION, "jax", namespace={})
        found = program(seed=1)
    except Unsupported as refusal:
        assert "synapses_" in str(refusal) or "one" in str(refusal) or "two" in str(refusal)
        assert "\n" not in str(refusal)
        return REFUSED, None
    return AGREE, assert_same(expected, found)


fixed = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(fixed, max_examples=EXAMPLES, derandomize=EXAMPLES <= 5)
@given(random_networks())
def test_a_random_network_is_that_of_brian2_or_refused(network):
    outcome, _ = compared(network)
    event(outcome)
    assume(outcome in (AGREE, REFUSED))


@pytest.mark.long
def test_many_random_networks_are_those_of_brian2_or_refused(ledger):
    outcomes, agreements = Counter(), []

    @seed(SEED)
    @settings(fixed, max_examples=ON_RECORD, database=None, phases=[Phase.generate])
    @given(random_networks())
    def each(network):
        outcome, agreement = compared(network)
        outcomes[outcome] += 1
        agreements.append(agreement)

    each()
    agreements = [agreement for agreement in agreements if agreement]
    assert len(agreements) > ON_RECORD / 2
    counts = "; ".join(f"{outcomes[outcome]} {outcome}" for outcome in (AGREE, REFUSED, TOO_CLOSE, NOT_RUN))
    ledger.network(
        "random networks",
        kind="random",
        covers=f"{outcomes.total()} by hypothesis, seed {SEED}; {counts}",
        against=OUR_NUMPY,
        target="jax",
        dt=(),
        duration=DURATION / ms,
        spikes=sum(agreement.spikes for agreement in agreements),
        deviation=max(agreement.deviation for agreement in agreements),
        tolerance=TOLERANCE,
    )


def test_a_margin_below_rounding_would_be_left_out():
    """That the monitor looks at what the threshold looks at."""
    group = NeuronGroup(1, "v : 1", threshold="v > 1", reset="v = 0", namespace={}, name="one", dt=0.1 * ms)
    group.run_regularly("v += 0.25", dt=0.1 * ms)
    margin = StateMonitor(group, "v", record=True, name="margin", when="thresholds", order=-1, dt=0.1 * ms)
    out = bioplast.compile(Network(group, margin), 0.5 * ms, "numpy", namespace={})()
    assert out.states["margin"]["v"][:, 0] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.25])
