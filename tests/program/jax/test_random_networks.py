"""Networks that hypothesis puts together, on target jax against Brian2's NumPy target, or refused.

``BIOPLAST_RANDOM_NETWORKS`` is how many are tried: a few in each run of the tests, since each is compiled, and always
the same; a larger number starts a search of its own. Those that the ledger reports are always the same too.
"""

from __future__ import annotations

import pytest
from brian2 import Network, NeuronGroup, StateMonitor, ms
from support.compared_networks import put_many_on_record, try_some

import bioplast


def test_a_random_network_is_that_of_brian2_or_refused():
    try_some("jax")


@pytest.mark.long
def test_many_random_networks_are_those_of_brian2_or_refused(ledger):
    put_many_on_record(ledger, "jax")


def test_a_margin_below_rounding_would_be_left_out():
    """That the monitor looks at what the threshold looks at."""
    group = NeuronGroup(1, "v : 1", threshold="v > 1", reset="v = 0", namespace={}, name="one", dt=0.1 * ms)
    group.run_regularly("v += 0.25", dt=0.1 * ms)
    margin = StateMonitor(group, "v", record=True, name="margin", when="thresholds", order=-1, dt=0.1 * ms)
    out = bioplast.compile(Network(group, margin), 0.5 * ms, "numpy", namespace={})()
    assert out.states["margin"]["v"][:, 0] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.25])
