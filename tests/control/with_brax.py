"""Episodes of brax's own environments against brax itself: test_brax.py runs these tests where brax is installed."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brax import envs
from brax.envs.base import Wrapper
from brax.envs.wrappers import training
from brian2 import mV

import bioplast
from bioplast import control
from bioplast.control.environment import environment_key
from bioplast.errors import BioplastError, NonFiniteError
from bioplast.protocols import heterogeneity as protocol
from bioplast.protocols.heterogeneity import locomotion, networks

HIDDEN, SEEDS = 8, [3, 4]


def rollout(environment, dtype="float64", steps=None, **options):
    seen = control.Brax(environment).observation_shape[0]
    network = networks.policy(seen, HIDDEN, environment.action_size, False, 0)
    program = bioplast.compile(network, 2 * networks.DT, "jax", namespace={}, dtype=dtype)
    decoder = options.pop("decoder", control.Continuous("readout", unit=10 * mV))
    return control.Rollout(program, environment, control.Held("observation"), decoder, steps=steps)


def stepped_by_hand(environment, episodes, steps):
    """Observations and rewards of the same actions, until brax says that an episode is done or as many as `steps`."""
    reset, step = jax.jit(environment.reset), jax.jit(environment.step)
    for e, seed in enumerate(SEEDS):
        state = reset(environment_key(jax.random.key(seed), 0))
        seen, rewards = [], []
        for action in episodes.actions[e, :steps]:
            seen.append(np.asarray(state.obs))
            state = step(state, jnp.asarray(action))
            rewards.append(float(state.reward))
            if state.done:
                break
        yield np.array(seen), np.array(rewards)


def test_an_episode_of_hopper_is_that_of_brax():
    """It falls early, and what it was paid until then is its return; the wrappers of `create` are taken off."""
    both = rollout(envs.create("hopper", backend="spring", episode_length=100))
    assert both.steps == 100
    found = both(seeds=SEEDS)
    assert found.lengths.min() > 10
    assert found.lengths.max() < 100
    bare = envs.get_environment("hopper", backend="spring")
    with jax.enable_x64(True):
        for e, (seen, rewards) in enumerate(stepped_by_hand(bare, found, 100)):
            length = len(rewards)
            assert found.lengths[e] == length
            np.testing.assert_allclose(found.observations[e, :length], seen, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(found.rewards[e, :length], rewards, rtol=1e-9, atol=1e-9)
            assert found.returns[e] == pytest.approx(rewards.sum(), rel=1e-9)
            assert not found.rewards[e, length:].any()
    same, swapped = both(seeds=SEEDS), both(seeds=SEEDS[::-1])
    for name in ("rewards", "actions", "observations", "lengths"):
        np.testing.assert_array_equal(getattr(same, name), getattr(found, name), err_msg=name)
        np.testing.assert_allclose(getattr(swapped, name)[::-1], getattr(found, name), rtol=1e-9, atol=1e-9)
    members = {"hidden.R": np.stack([both.program.values["hidden.R"]] * 2)}
    np.testing.assert_allclose(both.returns(members, SEEDS), [found.returns] * 2, rtol=1e-9)


def test_one_that_never_ends_is_cut_off():
    """What says that it is done with a number of Python's, in single precision."""
    environment = envs.get_environment("hopper", backend="spring", terminate_when_unhealthy=False)
    found = rollout(environment, "float32", steps=60)(seeds=SEEDS)
    assert found.lengths.tolist() == [60, 60]
    for e, (seen, rewards) in enumerate(stepped_by_hand(environment, found, 60)):
        # single precision: a fall magnifies what the last digits differ in, so the steps before it are compared
        np.testing.assert_allclose(found.observations[e, :30], seen[:30], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found.rewards[e, :30], rewards[:30], rtol=1e-3, atol=1e-4)


def test_the_protocol_moves_it():
    """As the part of the protocol does, with a tiny population."""
    settings = protocol.heterogeneity.settings("full")["control"] | {
        "environment": "hopper",
        "method": "neurons",
        "numbers": 40,
        "only": ["tau_m", "R"],
        "strategy": "cem",
        "population": 4,
        "generations": 2,
        "steps": 40,
        "test": 4,
    }
    one, two = locomotion.moved(settings, 0), locomotion.moved(settings, 0)
    assert one["reward"] == two["reward"]
    for name in ("returns", "history"):
        np.testing.assert_array_equal(one[name], two[name])
    assert len(one["returns"]) == 2
    # it is paid about 1 for each step, of 40 at most
    assert 5 < one["reward"] < 80


class Odd(Wrapper):
    """A wrapper of somebody's own around brax's environment for tests: it pays double, and breaks."""

    def __init__(self, env, lost=10**6, unpaid=10**6):
        super().__init__(env)
        self.lost, self.unpaid = lost, unpaid

    def reset(self, rng):
        state = self.env.reset(rng)
        return state.replace(info={**state.info, "step": jnp.zeros(())})

    def step(self, state, action):
        state = self.env.step(state, action)
        step = state.info["step"] + 1
        reward = jnp.where(step >= self.unpaid, jnp.nan, 2 * state.reward)
        obs = jnp.where(step >= self.lost, jnp.nan, state.obs)
        return state.replace(info={**state.info, "step": step}, reward=reward, obs=obs)


def fast(**options):
    return envs.get_environment("fast", **options)


def test_a_wrapper_of_ones_own_stays():
    plain, double = (rollout(one, steps=5)(seeds=SEEDS) for one in (fast(), Odd(fast())))
    np.testing.assert_array_equal(double.rewards, 2 * plain.rewards)


def test_wrappers_of_its_trainers_are_taken_off():
    bare = fast()
    for wrapped in (training.wrap(bare, 25), training.AutoResetWrapper(training.EpisodeWrapper(bare, 25, 1))):
        found = control.Brax(wrapped)
        assert found.environment is bare
        assert found.max_steps == 25
    assert control.Brax(training.EvalWrapper(training.VmapWrapper(bare, 3))).environment is bare


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: training.EpisodeWrapper(fast(), 30, 4), "Brax: EpisodeWrapper repeats each action 4 times: give n_"),
        (lambda: fast(obs_mode="dict_state"), "Brax: Fast shows state: one array is accepted"),
        (
            lambda: Odd(training.VmapWrapper(fast(), 3)),
            "Brax: Odd is a batch of 3: a single environment is accepted",
        ),
    ],
)
def test_what_is_no_single_environment_is_told(make, message):
    with pytest.raises(BioplastError) as error:
        control.Brax(make())
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("make", "decoder", "error", "message"),
    [
        (
            lambda: Odd(fast(), lost=3),
            {},
            NonFiniteError,
            "episode 0, step 3: the environment's observation has nan",
        ),
        (lambda: Odd(fast(), unpaid=3), {}, NonFiniteError, "episode 0, step 2: the environment's reward is not fin"),
        (fast, {"low": 2.0, "high": 3.0}, BioplastError, "numbers from -1 to 1 are accepted"),
        (fast, {"group": "hidden"}, BioplastError, "gives actions of shape (8,): (1,) is expected"),
    ],
)
def test_what_cannot_have_been_meant_is_told(make, decoder, error, message):
    with pytest.raises(error) as found:
        rollout(make(), decoder=control.Continuous(**{"group": "readout", **decoder}), steps=9)(seeds=[0])
    assert message in str(found.value)
    assert "\n" not in str(found.value)
