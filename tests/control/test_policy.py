"""A CartPole policy that was evolved on target jax, in C++."""

from __future__ import annotations

import numpy as np
import pytest

import bioplast
from bioplast import control
from bioplast.protocols.heterogeneity import balance, networks

EPISODES, LIMIT = 200, 20


@pytest.mark.build
@pytest.mark.long  # thousands of short runs of a C++ program
def test_an_evolved_policy_acts_in_cpp_as_on_jax():
    live = networks.policy(balance.OBSERVATIONS, 32, 2, False, 1)
    fast = networks.compiled(live, balance.STEPS)
    found = control.evolve(
        balance.rollout_of(fast, 100),
        train=networks.arm("neurons", balance.OBSERVATIONS),
        strategy="hybrid",
        population=128,
        generations=40,
        episodes=4,
        validation=32,
        enough=95.0,
        seed=1,
    )
    episodes = {}
    for target in ("jax", "cpp"):
        program = bioplast.compile(live, balance.STEPS * networks.DT, target, namespace={})
        episodes[target] = balance.rollout_of(program, LIMIT)(found.values, range(EPISODES))
    ours, theirs = episodes["jax"], episodes["cpp"]
    assert ours.lengths.mean() > 19.5  # it has learned to balance: untrained ones fall after 10
    assert 0.3 < np.mean(ours.actions[ours.rewards > 0]) < 0.7
    np.testing.assert_array_equal(ours.lengths, theirs.lengths)
    np.testing.assert_array_equal(ours.actions, theirs.actions)
