"""Networks of hypothesis on a target against Brian2's NumPy target.

A spike may fall into another step when a threshold is passed by less than rounding, so a network is left out when the
smallest distance of any neuron from its threshold, in any step, is below 1e-12 of it.
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
from brian2 import ms
from hypothesis import HealthCheck, Phase, assume, event, given, seed, settings

import bioplast
from bioplast.errors import BioplastError, NonFiniteError, Unsupported

from .fidelity import OUR_NUMPY
from .parity import TOLERANCE, assert_same
from .random_networks import random_networks

EXAMPLES = int(os.environ.get("BIOPLAST_RANDOM_NETWORKS", "5"))
ON_RECORD = 120  # examples that the ledger reports
SEED = 2004
DURATION = 10 * ms

NOT_RUN = "not run by the NumPy target either"
TOO_CLOSE = "left out, closer to a threshold than rounding"
REFUSED = "refused in one line"
AGREE = "agree"


def compared(network, target):
    """What came of a network, and how it agrees when it does."""
    try:
        expected = bioplast.compile(network, DURATION, "numpy", namespace={})(seed=1)
    except (BioplastError, NonFiniteError):
        return NOT_RUN, None
    margins = [np.abs(expected.states[f"{name}_margin"]["v"] - 1).min() for name in ("one", "two")]
    if min(margins) < 1e-12:
        return TOO_CLOSE, None
    try:
        program = bioplast.compile(network, DURATION, target, namespace={})
        found = program(seed=1)
    except Unsupported as refusal:
        assert "synapses_" in str(refusal) or "one" in str(refusal) or "two" in str(refusal)
        assert "\n" not in str(refusal)
        return REFUSED, None
    return AGREE, assert_same(expected, found)


fixed = settings(deadline=None, suppress_health_check=list(HealthCheck))


def try_some(target):
    """A few networks, always the same ones; as many as ``BIOPLAST_RANDOM_NETWORKS`` says are a search of its own."""

    @settings(fixed, max_examples=EXAMPLES, derandomize=EXAMPLES <= 5)
    @given(random_networks())
    def each(network):
        outcome, _ = compared(network, target)
        event(outcome)
        assume(outcome in (AGREE, REFUSED))

    each()


def put_many_on_record(ledger, target):
    """Many networks, always the same ones."""
    outcomes, agreements = Counter(), []

    @seed(SEED)
    @settings(fixed, max_examples=ON_RECORD, database=None, phases=[Phase.generate])
    @given(random_networks())
    def each(network):
        outcome, agreement = compared(network, target)
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
        target=target,
        dt=(),
        duration=DURATION / ms,
        spikes=sum(agreement.spikes for agreement in agreements),
        deviation=max(agreement.deviation for agreement in agreements),
        tolerance=TOLERANCE,
    )
