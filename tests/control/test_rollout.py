"""The closed loop: against the same loop in NumPy, on target cpp, and with spikes in flight."""

from __future__ import annotations

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import ms, mV
from support import acting

import bioplast
from bioplast import control
from bioplast.errors import BioplastError, NonFiniteError

DELAYS = {"no delay": 0, "spikes in flight": 4}
SEEDS = range(5)
LIMIT = 12


def rollout(program, environment=None, **options):
    return control.Rollout(
        program,
        control.CartPole() if environment is None else environment,
        options.pop("encoder", control.Held("observation")),
        options.pop("decoder", control.Potential("readout")),
        **{"steps": LIMIT, "record": lambda out: {"spikes": out.raster("spikes").sum()}, **options},
    )


@pytest.fixture(scope="module", params=DELAYS)
def delay(request):
    return DELAYS[request.param]


@pytest.fixture(scope="module")
def loop(delay):
    return rollout(acting.compiled("jax", delay * ms))


@pytest.fixture(scope="module")
def episodes(loop):
    return loop(seeds=SEEDS)


@pytest.fixture(scope="module")
def plain():
    """Without delays, in single precision."""
    return acting.compiled("jax", dtype="float32")


def check_against_numpy(episodes, values, delay):
    assert len(np.unique(episodes.actions)) == 2  # or nothing would be compared
    for k, seed in enumerate(SEEDS):
        stepped = control.Stepped(control.CartPole())

        def observe(action, stepped=stepped, seed=seed):
            return (stepped.reset(seed=seed)[0], False) if action is None else stepped.step(action)[0:3:2]

        found = acting.simulated(values, delay, observe, np.argmax, LIMIT)
        length = len(found["actions"])
        assert episodes.lengths[k] == length
        np.testing.assert_array_equal(episodes.actions[k, :length], found["actions"])
        np.testing.assert_array_equal(episodes.recorded["spikes"][k, :length], found["counts"])
        np.testing.assert_allclose(episodes.observations[k, :length], found["seen"], rtol=1e-5, atol=1e-6)
        assert episodes.returns[k] == length
        assert not episodes.actions[k, length:].any()


def test_episodes_are_those_of_the_loop_in_numpy(loop, episodes, delay):
    with jax.enable_x64(True):
        check_against_numpy(episodes, loop.program.values, delay)


def test_so_are_those_of_single_precision(plain):
    """Times are not carried then; a held observation is the same at all times."""
    check_against_numpy(rollout(plain)(seeds=SEEDS), plain.values, 0)


def test_target_cpp_has_the_same_episodes(loop, episodes, delay):
    found = rollout(acting.compiled("cpp", delay * ms))(seeds=SEEDS)
    for name in ("actions", "rewards", "observations", "lengths"):
        np.testing.assert_array_equal(getattr(found, name), getattr(episodes, name), err_msg=name)
    np.testing.assert_array_equal(found.recorded["spikes"], episodes.recorded["spikes"])


def test_the_state_goes_on_from_step_to_step(loop, episodes, delay):
    """One run of all steps, with the observations of an episode, has its spikes."""
    length = int(episodes.lengths[0])
    seen = episodes.observations[0, :length].astype(float)
    table = np.repeat(seen, acting.STEPS, axis=0)
    out = loop.program(None, {"observation": table}, duration=length * acting.STEPS * ms)
    counts = out.raster("spikes").reshape(length, -1).sum(axis=1)
    np.testing.assert_array_equal(episodes.recorded["spikes"][0, :length], counts)


def test_a_population_is_its_members(plain):
    both = rollout(plain)
    few = [np.full(acting.HIDDEN, 0.005), np.geomspace(0.002, 0.2, acting.HIDDEN), np.full(acting.HIDDEN, 0.05)]
    tau = np.stack(few)
    returns = both.returns({"hidden.tau_m": tau}, SEEDS, {"hidden.R": np.full(acting.HIDDEN, 2e8)})
    assert returns.shape == (3, len(SEEDS))
    for row, one in zip(returns, tau, strict=True):
        found = both({"hidden.tau_m": one, "hidden.R": np.full(acting.HIDDEN, 2e8)}, SEEDS)
        np.testing.assert_array_equal(row, found.returns)


def test_an_environment_of_gymnasium_is_stepped(plain):
    found = rollout(plain, gymnasium.make("CartPole-v1"), steps=None)
    assert found.steps == 500
    first, second = found(seeds=[4]), found(seeds=[4])
    np.testing.assert_array_equal(first.observations, second.observations)
    seen, _ = gymnasium.make("CartPole-v1").reset(seed=4)
    np.testing.assert_array_equal(first.observations[0, 0], seen)
    assert 5 < first.lengths[0] < 200


def test_random_actions_have_the_chances_of_the_softmax(plain):
    decoder = control.Sampled(control.Potential("readout", unit=1 * mV), temperature=2.0)
    both = rollout(plain, steps=1, decoder=decoder, record=lambda out: {"scores": decoder.scores(out)})
    found = both(seeds=range(600))
    scores = found.recorded["scores"][:, 0]
    chance = np.exp(scores[:, 1]) / np.exp(scores).sum(axis=1)
    expected, sd = chance.sum(), np.sqrt((chance * (1 - chance)).sum())
    assert abs(found.actions.sum() - expected) < 4 * sd
    assert 0.02 < chance.mean() < 0.98


def test_spikes_that_encode_an_observation_have_its_chances():
    encoder = control.OnOff("pixels", steps=4, scale=[1.0, 2.0])
    keys = jax.random.split(jax.random.key(1), 2000)
    raster = jax.vmap(lambda key: encoder(jnp.array([0.25, -1.0]), key)["pixels"])(keys)
    np.testing.assert_allclose(raster.mean(axis=(0, 1)), [0.25, 0, 0, 0.5], atol=0.03)


# What cannot have been meant ------------------------------------------------------------------------------------------


class Broken(control.CartPole):
    """A pole that is nowhere after four steps."""

    def step(self, key, state, action):
        observation, state, reward, ended = super().step(key, state, action)
        lost = state.at[0].set(jnp.nan)
        push = jnp.where(abs(state[1]) > 0.4, True, False)
        return jnp.where(push, lost.astype(jnp.float32), observation), state, reward, ended


@pytest.mark.parametrize("target", ["jax", "cpp"])
def test_an_observation_that_is_nan_is_told(target, plain):
    found = rollout(plain if target == "jax" else acting.compiled("cpp"), Broken())
    with pytest.raises(NonFiniteError) as error:
        found(seeds=[7])
    assert str(error.value).startswith("episode 0, step ")
    assert str(error.value).endswith(": the environment's observation has nan at place 0")
    with pytest.raises(NonFiniteError, match=r"^member 0, episode 0, step \d+: the environment's observation has nan"):
        found.returns({"hidden.R": np.full((1, acting.HIDDEN), 1e8)}, [7])


@pytest.mark.parametrize("target", ["jax", "cpp"])
def test_an_action_out_of_range_is_told(target, plain):
    program = plain if target == "jax" else acting.compiled("cpp")
    found = rollout(program, decoder=lambda out: out.final["readout.v"].argmax() + 2)
    with pytest.raises(BioplastError) as error:
        found(seeds=[0])
    assert str(error.value).startswith("episode 0, step 0: the decoder's action is ")
    assert str(error.value).endswith(": whole numbers from 0 to 1 are accepted")


def test_a_member_whose_state_is_not_finite_has_no_return(plain):
    tau = np.full((2, acting.HIDDEN), 0.02)
    tau[1] = np.nan
    returns = rollout(plain).returns({"hidden.tau_m": tau}, SEEDS)
    assert np.isfinite(returns[0]).all()
    assert np.isnan(returns[1]).all()
    with pytest.raises(NonFiniteError, match=r"^episode 0, step \d+: the state of the network is no longer finite"):
        rollout(plain)({"hidden.tau_m": tau[1]}, [0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"environment": control.MemoryLength(5)},
            "environment MemoryLength, observation of shape (3,): input 'observation' has shape (1, 3): "
            "values [steps, 4] are accepted, a row of steps for each sample",
        ),
        (
            {"encoder": control.Held("observation", gain=np.ones((3, 4)))},
            "environment CartPole, observation of shape (4,): the encoder ended in ValueError: ",
        ),
        ({"encoder": control.Held("seen")}, "environment CartPole, observation of shape (4,): unknown input 'seen'"),
        (
            {"encoder": lambda seen, key: {"observation": np.zeros((3, 4))}},
            "input 'observation' has 3 rows: one, held for the step, is accepted",
        ),
        (
            {"decoder": control.Potential("hidden")},
            "environment CartPole: the decoder Potential chooses among 6 actions: whole numbers from 0 to 1 are",
        ),
        (
            {"decoder": control.Continuous("readout")},
            "environment CartPole: the decoder Continuous gives actions of shape (2,): () is expected",
        ),
        ({"decoder": control.Potential("read")}, "unknown value for the decoder Potential 'read.v'"),
        ({"environment": 3}, "environment is a int: an Environment, one of gymnax or brax, or one of gymnasium"),
        ({"steps": 0}, "steps is 0: a whole number from 1 is accepted"),
    ],
)
def test_what_does_not_fit_together_is_told(change, message, plain):
    with pytest.raises(BioplastError) as error:
        rollout(plain, **change)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_members_of_another_shape_are_told(plain):
    with pytest.raises(BioplastError, match=r"'hidden.R' has shape \(6,\): \(members, 6\) is expected"):
        rollout(plain).returns({"hidden.R": np.ones(6)}, SEEDS)


def test_a_network_that_depends_on_the_time_needs_double_precision():
    network = acting.network()
    network["hidden"].run_regularly("v += 1e-9*mV*t/second", dt=1 * ms)
    program = bioplast.compile(network, 3 * ms, "jax", namespace={}, dtype="float32")
    with pytest.raises(BioplastError, match="depends on the time"):
        rollout(program)
