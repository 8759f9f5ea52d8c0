"""Environments of pure functions against gymnasium's, and against bsuite's written down again."""

from __future__ import annotations

import gymnasium
import jax
import numpy as np
import pytest

from bioplast import control
from bioplast.control.environment import environment_key
from bioplast.errors import BioplastError


def test_cart_pole_is_that_of_gymnasium():
    """The same start and the same actions, until both say that the pole has fallen."""
    theirs = gymnasium.make("CartPole-v1").unwrapped
    rng = np.random.default_rng(1)
    with jax.enable_x64(True):
        ours = control.Stepped(control.CartPole())
        for seed in range(20):
            seen, _ = ours.reset(seed=seed)
            theirs.reset(seed=seed)
            theirs.state = np.array(ours._state)
            for _ in range(500):
                action = int(rng.integers(2))
                seen, reward, ended, cut, _ = ours.step(action)
                expected, expected_reward, fallen, _, _ = theirs.step(action)
                np.testing.assert_allclose(seen, expected, rtol=1e-6, atol=1e-7)
                assert (reward, ended, cut) == (expected_reward, fallen, False)
                if fallen:
                    break
            assert fallen


def test_cart_pole_begins_like_that_of_gymnasium_and_is_cut_off():
    starts = np.array([control.Stepped(control.CartPole()).reset(seed=k)[0] for k in range(300)])
    assert starts.min() >= -0.05
    assert starts.max() <= 0.05
    # uniform: the standard deviation is 0.1/sqrt(12)
    np.testing.assert_allclose(starts.std(axis=0), 0.1 / np.sqrt(12), rtol=0.1)
    stepped = control.Stepped(control.CartPole(max_steps=3))
    stepped.reset(seed=0)
    assert [stepped.step(k % 2)[2:4] for k in range(3)] == [(False, False), (False, False), (False, True)]


class BsuiteMemory:
    """bsuite's memory chain, as its file says it: the observation is made before time goes on."""

    def __init__(self, length, context, query):
        self.length, self.context, self.query, self.timestep = length, context, query, 0

    def observe(self):
        found = np.zeros(2 + len(self.context), dtype=np.float32)
        found[0] = 1 - self.timestep / self.length
        if self.timestep == self.length - 1:
            found[1] = self.query
        if self.timestep == 0:
            found[2:] = 2 * np.asarray(self.context) - 1
        return found

    def step(self, action):
        seen = self.observe()
        self.timestep += 1
        if self.timestep - 1 < self.length:
            return seen, 0.0, False
        return seen, 1.0 if action == self.context[self.query] else -1.0, True


def test_memory_length_is_that_of_bsuite_on_a_thousand_random_episodes():
    rng = np.random.default_rng(2)
    rewards = []
    for _ in range(1000):
        length, bits = int(rng.choice([1, 2, 3, 7, 12])), int(rng.choice([1, 3]))
        ours = control.Stepped(control.MemoryLength(length, bits))
        seen, _ = ours.reset(seed=int(rng.integers(2**31)))
        _, context, query = ours._state
        theirs = BsuiteMemory(length, np.asarray(context), int(query))
        np.testing.assert_array_equal(seen, theirs.observe())
        ended, steps = False, 0
        while not ended:
            action = int(rng.integers(2))
            seen, reward, done, cut, _ = ours.step(action)
            expected, expected_reward, ended = theirs.step(action)
            np.testing.assert_allclose(seen, expected, rtol=1e-6)
            assert (reward, done, cut) == (expected_reward, ended, False)
            steps += 1
        assert steps == length + 1 == ours.environment.max_steps
        rewards.append(reward)
    assert abs(np.mean(rewards)) < 0.15  # of guessing


def test_cues_and_queries_are_drawn_evenly():
    environment = control.MemoryLength(4, 3)
    keys = jax.vmap(jax.random.key)(np.arange(2000))
    _, (_, cues, queries) = jax.vmap(lambda key: environment.reset(environment_key(key, 0)))(keys)
    np.testing.assert_allclose(np.mean(cues, axis=0), 0.5, atol=0.05)
    np.testing.assert_allclose(np.bincount(queries) / 2000, 1 / 3, atol=0.05)


class LikeGymnax:
    """An environment with the methods of gymnax's: a walk that ends at 3."""

    class Params:
        max_steps_in_episode = 9

    default_params = Params()

    def observation_space(self, params):
        return gymnasium.spaces.Box(-9, 9, (1,))

    def action_space(self, params):
        return gymnasium.spaces.Discrete(2)

    def reset_env(self, key, params):
        return jax.numpy.zeros(1), jax.numpy.int32(0)

    def step_env(self, key, state, action, params):
        state = state + 2 * action - 1
        return jax.numpy.float32(state)[None], state, 1.0, state >= 3, {"discount": 1.0}


def test_an_environment_of_gymnax_is_one_of_ours():
    stepped = control.Stepped(control.Gymnax(LikeGymnax()))
    assert stepped.environment.max_steps == 9
    assert (stepped.environment.observation_shape, stepped.action_space) == ((1,), control.Discrete(2))
    stepped.reset(seed=0)
    assert [stepped.step(1)[:3] for _ in range(3)] == [([1.0], 1.0, False), ([2.0], 1.0, False), ([3.0], 1.0, True)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: control.MemoryLength(0), "MemoryLength: length is 0: a whole number from 1 is accepted"),
        (lambda: control.Gymnax(object()), "Gymnax: object has no reset_env: see gymnax.make"),
    ],
)
def test_what_is_no_environment_is_told(make, message):
    with pytest.raises(BioplastError) as error:
        make()
    assert str(error.value) == message
