"""Environments of brax: one made by hand with brax's habits, and brax itself in an environment of its own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import mV
from support import acting
from support.beside import environment

from bioplast import control
from bioplast.errors import BioplastError, NonFiniteError

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDS = (
    "brax==0.14.2 mujoco==4.0.0 mujoco-core==4.0.0 mujoco-mjx==3.17.0 flax==0.12.12 jaxopt==0.8.5 trimesh==5.2.0 "
    "glfw==2.11.0"
)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class State:
    pipeline_state: Any
    obs: Any
    reward: Any
    done: Any
    metrics: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)


class Walk:
    """A walk with the habits of brax: numbers of Python's in its state, and a dict that is written into."""

    action_size = 2

    def __init__(self, end=1e9, lost=1e9, unpaid=1e9):
        self.end, self.lost, self.unpaid = end, lost, unpaid

    def reset(self, key):
        place = jax.random.uniform(key, (4,)) - 0.5
        return State(place, place, 0.0, 0.0, {"far": 0.0}, {"rng": key, "steps": 0})

    def step(self, state, action):
        steps = state.info["steps"] + 1
        place = state.pipeline_state + 0.1 * jnp.concatenate([action, -action]) + 0.02
        far = jnp.abs(place).max()
        state.metrics.update(far=far)
        state.info.update(steps=steps, rng=jax.random.fold_in(state.info["rng"], 1))
        return replace(
            state,
            pipeline_state=place,
            obs=jnp.where(steps >= self.lost, jnp.nan, place),
            reward=jnp.where(steps >= self.unpaid, jnp.nan, place[0]),
            done=1.0 * (far > self.end) if self.end < 1e9 else 0.0,
        )


class Wrapper:
    """As brax's wrappers are: what it lacks is that of the environment within."""

    def __init__(self, env, **settings):
        self.env = env
        self.__dict__.update(settings)

    @property
    def unwrapped(self):
        return getattr(self.env, "unwrapped", self.env)

    def __getattr__(self, name):
        return getattr(self.env, name)


class EpisodeWrapper(Wrapper):
    action_repeat = 1


class AutoResetWrapper(Wrapper):
    def step(self, state, action):
        raise AssertionError("it begins a new episode")


class Twice(Wrapper):
    """A wrapper of somebody's own: it pays double."""

    def step(self, state, action):
        state = self.env.step(state, action)
        return replace(state, reward=2 * state.reward)


class VmapWrapper(Wrapper):
    def reset(self, keys):
        return jax.vmap(self.env.reset)(keys)


class OfThree(VmapWrapper):
    def reset(self, key):
        return jax.vmap(self.env.reset)(jax.random.split(key, 3))


class TwoParts(Walk):
    def reset(self, key):
        state = super().reset(key)
        return replace(state, obs={"state": state.obs, "pixels": jnp.zeros((4, 4))})


class Unlike(Walk):
    def step(self, state, action):
        return replace(super().step(state, action), obs=jnp.zeros(3))


class Growing(Walk):
    def step(self, state, action):
        state = super().step(state, action)
        return replace(state, info={**state.info, "new": 1.0})


def rollout(program, walk, **options):
    decoder = options.pop("decoder", control.Continuous("readout", unit=1 * mV))
    return control.Rollout(program, walk, control.Held("observation"), decoder, **options)


@pytest.fixture(scope="module")
def programs():
    return {"jax": acting.compiled("jax"), "cpp": acting.compiled("cpp")}


def stepped_by_hand(walk, actions, seed, steps):
    """Observations and rewards of the same actions, until it says that it is done."""
    state = walk.reset(control.environment.environment_key(jax.random.key(seed), 0))
    seen, rewards = [], []
    for action in actions[:steps]:
        seen.append(np.asarray(state.obs))
        state = walk.step(replace(state, metrics={}, info=dict(state.info)), jnp.asarray(action))
        rewards.append(float(state.reward))
        if state.done:
            break
    return np.array(seen), np.array(rewards)


@pytest.mark.parametrize("target", ["jax", "cpp"])
@pytest.mark.parametrize("end", [0.9, 1e9])
def test_episodes_are_those_of_its_own_steps(target, end, programs):
    """Also those that end early, with the reward of the last step, and those that are cut off."""
    walk, seeds, steps = Walk(end), [3, 4, 5, 6], 20
    both = rollout(programs[target], walk, steps=steps)
    found = both(seeds=seeds)
    with jax.enable_x64(True):
        for e, seed in enumerate(seeds):
            seen, rewards = stepped_by_hand(walk, found.actions[e], seed, steps)
            length = len(rewards)
            assert found.lengths[e] == length
            np.testing.assert_allclose(found.observations[e, :length], seen, rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(found.rewards[e, :length], rewards, rtol=1e-12, atol=1e-15)
            assert found.returns[e] == pytest.approx(rewards.sum(), rel=1e-12)
    assert len(np.unique(found.actions)) > 10
    assert found.lengths.max() < steps if end < 1e9 else (found.lengths == steps).all()
    members = {"hidden.R": programs[target].values["hidden.R"][None]}
    np.testing.assert_allclose(both.returns(members, seeds)[0], found.returns, rtol=1e-12)
    np.testing.assert_array_equal(both(seeds=seeds).observations, found.observations)


def test_wrappers_that_count_or_begin_anew_are_taken_off():
    walk = Walk()
    assert control.Brax(walk).max_steps == 1000
    for inside in (EpisodeWrapper(walk, episode_length=30), VmapWrapper(walk)):
        found = control.Brax(AutoResetWrapper(inside))
        assert found.environment is walk
        assert found.max_steps == getattr(inside, "episode_length", 1000)
        assert control.Brax(AutoResetWrapper(inside), 7).max_steps == 7


def test_a_wrapper_of_ones_own_stays(programs):
    plain, double = (rollout(programs["jax"], walk, steps=5)(seeds=[1]) for walk in (Walk(), Twice(Walk())))
    np.testing.assert_array_equal(double.rewards, 2 * plain.rewards)
    assert plain.rewards.any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (object, "Brax: object has no action_size: see brax.envs.get_environment"),
        (
            lambda: EpisodeWrapper(Walk(), episode_length=30, action_repeat=4),
            "Brax: EpisodeWrapper repeats each action 4 times: give n_frames to brax.envs.get_environment instead",
        ),
        (lambda: OfThree(Walk()), "Brax: OfThree is a batch of 3: a single environment is accepted"),
        (TwoParts, "Brax: TwoParts shows pixels, state: one array is accepted"),
        (lambda: Twice(VmapWrapper(Walk())), "Brax: reset of Twice ended in ValueError: vmap "),
    ],
)
def test_what_is_no_single_environment_is_told(make, message):
    with pytest.raises(BioplastError) as error:
        control.Brax(make())
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("target", ["jax", "cpp"])
@pytest.mark.parametrize(
    ("walk", "options", "error", "message"),
    [
        (Walk(lost=3), {}, NonFiniteError, "episode 0, step 3: the environment's observation has nan at place 0"),
        (Walk(unpaid=3), {}, NonFiniteError, "episode 0, step 2: the environment's reward is not finite"),
        (
            Walk(),
            {"decoder": control.Continuous("readout", unit=1 * mV, low=-2, high=1.5)},
            BioplastError,
            "numbers from -1 to 1 are accepted",
        ),
        (
            Walk(),
            {"decoder": control.Continuous("hidden", unit=1 * mV)},
            BioplastError,
            "environment Brax: the decoder Continuous gives actions of shape (6,): (2,) is expected",
        ),
        (
            Unlike(),
            {},
            BioplastError,
            "environment Brax: the observation after a step has shape (3,): (4,) is expected",
        ),
        (Growing(), {}, BioplastError, "environment Brax: its state has other arrays after a step than after reset"),
    ],
)
def test_what_cannot_have_been_meant_is_told(target, walk, options, error, message, programs):
    with pytest.raises(error) as found:
        rollout(programs[target], walk, steps=9, **options)(seeds=[1])
    assert message in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_brax_itself(tmp_path):
    """The tests of with_brax.py: brax is not among what the tests install."""
    python = environment(tmp_path, NEEDS)
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [python, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "tests/control/with_brax.py"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
