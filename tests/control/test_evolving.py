"""Evolution in the closed loop, on tasks whose best network is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Mohm, Network, ms, mV, nA

import bioplast
from bioplast import control
from bioplast.errors import BioplastError
from bioplast.learning import Trainable
from bioplast.models import heterogeneous_lif
from bioplast.protocols.heterogeneity.networks import afferents


@dataclass(frozen=True)
class Aim(control.Environment):
    """Act as near to `at` as can be, five times."""

    at: float
    max_steps: int = 5
    observation_shape = (1,)
    actions = control.Box(-1.0, 1.0, (1,))

    def reset(self, key):
        return jnp.ones(1, dtype=jnp.float32), jnp.int32(0)

    def step(self, key, state, action):
        return jnp.ones(1, dtype=jnp.float32), state + 1, -jnp.abs(action[0] - self.at), state == 4


@pytest.fixture(scope="module")
def aiming():
    """One neuron, whose potential after a step of 50 time constants is R*w_0."""
    cell = (heterogeneous_lif + afferents(1)).group(1, dt=1 * ms, name="cell", tau_m=1 * ms, v_th=1e9 * mV)
    cell.w_0 = 0.1 * nA
    program = bioplast.compile(Network(cell), 50 * ms, "jax", namespace={}, dtype="float32")
    return control.Rollout(program, Aim(0.5), control.Held("observation"), control.Continuous("cell", unit=10 * mV))


#: Of which tanh(R*w_0/10 mV) is 0.5.
BEST = math.atanh(0.5) * 10e-3 / 0.1e-9


@pytest.mark.parametrize("strategy", ["hybrid", "cem"])
def test_it_finds_the_resistance_that_acts_right(aiming, strategy):
    train = {"cell.R": Trainable(100 * Mohm, low=1 * Mohm, high=1000 * Mohm, scale="log")}
    found = control.evolve(
        aiming, train=train, strategy=strategy, population=32, generations=40, episodes=1, validation=1, seed=1
    )
    assert found.values["cell.R"][0] == pytest.approx(BEST, rel=0.02)
    assert found.history["validation"].max() > -0.02
    assert found.history["validation"][found.best] == found.history["validation"].max()
    # the best network has the return that is written down for it
    again = aiming.returns({"cell.R": found.values["cell.R"][None]}, found.seeds["validation"])
    assert again.mean() == pytest.approx(found.history["validation"][found.best], abs=1e-6)
    assert found.history["return"][-1] > found.history["return"][0]


def test_a_seed_gives_the_same_evolution_which_stops_when_it_is_good_enough(aiming):
    def once(seed, **options):
        how = dict(strategy="cem", population=8, generations=3, episodes=1, validation=1, seed=seed)
        return control.evolve(aiming, train={"cell.w_0": 0.1 * nA}, **{**how, **options})

    first, second, third = once(1), once(1), once(2)
    assert first.values["cell.w_0"] == second.values["cell.w_0"] != third.values["cell.w_0"]
    assert len(once(1, enough=-10.0).history["return"]) == 1
    unmeasured = once(1, validation=0)
    assert unmeasured.best == 2
    assert np.isnan(unmeasured.history["validation"]).all()


def test_episodes_are_others_in_each_generation_and_not_those_of_the_validation(aiming, monkeypatch):
    asked = []
    plain = control.Rollout.returns

    def returns(self, members, seeds, values=None):
        asked.append(tuple(seeds))
        return plain(self, members, seeds, values)

    monkeypatch.setattr(control.Rollout, "returns", returns)
    control.evolve(
        aiming, train={"cell.w_0": 0.1 * nA}, strategy="cem", population=4, generations=3, episodes=2, validation=2
    )
    training, validation = asked[::2], asked[1::2]
    assert len(set(validation)) == 1
    assert len({seed for seeds in training for seed in seeds} | set(validation[0])) == 3 * 2 + 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rollout": 3}, "rollout is a int: a bioplast.control.Rollout is accepted"),
        ({"population": 0}, "population is 0: a whole number from 1 is accepted"),
        ({"train": {"cell.x": 1}}, "unknown value 'cell.x'"),
        ({"train": {}}, "train names the values to be trained with a typical size each"),
    ],
)
def test_what_does_not_fit_together_is_told(aiming, change, message):
    given = {"rollout": aiming, "train": {"cell.w_0": 0.1 * nA}, "strategy": "cem", "generations": 1, **change}
    with pytest.raises(BioplastError) as error:
        control.evolve(given.pop("rollout"), **given)
    assert str(error.value).startswith(message)
