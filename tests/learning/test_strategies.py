"""The strategies against functions whose minimum is known, and against their formulas in plain NumPy."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplast.errors import BioplastError
from bioplast.learning.strategies import CEM, CEMES, OWN, Annealing, Hybrid, Pooling, Swarm, strategy_of
from bioplast.learning.strategies.evosax import without_ties

MEMBERS, SEEDS, GENERATIONS = 64, 20, 120
#: A generation in which every loss of the function with holes is NaN, beside the first.
LOST = 60
#: What is computed once need not be compiled well.
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
#: The landscape z = x^2 + 0.5 y^2 + 2 sin 3x on a fine grid of x, at y = 0.
X = np.linspace(-4, 4, 800_001)
LOWEST = (X**2 + 2 * np.sin(3 * X)).min()
STARTS = np.random.default_rng(0).uniform(-3, 3, size=(SEEDS, 2)).astype(np.float32)
EVOSAX = ["OpenAI-ES", "PSO"]


def landscape(points):
    x, y = points.T
    return x**2 + 0.5 * y**2 + 2 * jnp.sin(3 * x)


def quadratic(points):
    x, y = points.T
    return (x - 1) ** 2 + 3 * (y + 2) ** 2


def holed(points, generation):
    """Half of the plane has no loss, another part minus infinity, and two generations have none at all."""
    x, y = points.T
    losses = jnp.where(x < 0.5, jnp.nan, jnp.where(y < -3, -jnp.inf, quadratic(points)))
    return jnp.where((generation == 0) | (generation == LOST), jnp.nan, losses)


@functools.cache
def courses(name):
    """The point that would be deployed after each generation, [functions, seeds, generations, 2].

    The functions are the quadratic, the landscape and the one with holes.
    """
    if name in OWN:  # as wide as the landscape is, so that the valleys beside the deepest do not hold it
        strategy = OWN[name](population_size=MEMBERS, spread=2.0)
    else:
        strategy = strategy_of(name, MEMBERS, np.zeros(2, dtype=np.float32))
    params = strategy.default_params
    counts = np.array([strategy.samples(k) for k in range(GENERATIONS)])

    def course(function, key, start):
        def generation(state, along):
            key, k, count = along
            asking, telling = jax.random.split(key)
            points, state = strategy.ask(asking, state, params)
            losses = jnp.stack([quadratic(points), landscape(points), holed(points, k)])[function]
            losses = jnp.where(jnp.arange(MEMBERS) < count, losses, jnp.nan)
            state, _ = strategy.tell(telling, points, losses, state, params)
            return state, strategy.get_mean(state)

        first, *_ = keys = jax.random.split(key, GENERATIONS + 1)
        along = keys[1:], jnp.arange(GENERATIONS), counts
        return jax.lax.scan(generation, strategy.init(first, start, params), along)[1]

    seeds = jax.vmap(course, (None, 0, 0))
    keys = jax.random.split(jax.random.key(1), SEEDS)
    arguments = jnp.arange(3), keys, STARTS
    lowered = jax.jit(jax.vmap(seeds, (0, None, None))).lower(*arguments)
    return np.asarray(lowered.compile(QUICKLY)(*arguments))


@pytest.mark.parametrize("name", [*OWN, *EVOSAX])
def test_a_strategy_finds_the_minimum_from_twenty_seeds(name):
    on_quadratic, on_landscape, _ = courses(name)
    if name == "OpenAI-ES":  # it goes 0.05 a generation, and so not through the whole course
        apart = np.linalg.norm(on_quadratic - [1, -2], axis=2)
        assert (apart[:, -1] < np.maximum(0.2, np.linalg.norm(STARTS - [1, -2], axis=1) - 3)).all()
    else:
        np.testing.assert_allclose(on_quadratic[:, -1], np.tile([1, -2], (SEEDS, 1)), atol=0.1)
    if name in OWN:
        assert (landscape(on_landscape[:, -1]) < LOWEST + 0.1).all()


@pytest.mark.parametrize("name", [*OWN, *EVOSAX])
def test_a_loss_that_is_none_never_wins_and_never_poisons(name):
    points = courses(name)[2]
    assert np.isfinite(points).all()
    # nothing is learnt of a generation that failed as a whole, in the beginning or later
    np.testing.assert_array_equal(points[:, 0], STARTS)
    np.testing.assert_array_equal(points[:, LOST], points[:, LOST - 1])
    begun = STARTS[:, 0] > 0.7  # where there is a slope to follow
    if name != "OpenAI-ES":
        np.testing.assert_allclose(points[begun, -1], np.tile([1, -2], (begun.sum(), 1)), atol=0.25)


# Formulas -------------------------------------------------------------------------------------------------------------

RNG = np.random.default_rng(5)
POPULATION = RNG.normal(size=(12, 3)).astype(np.float32)
LOSSES = RNG.permutation(12).astype(np.float32)
LOSSES[[4, 9]] = np.nan, -np.inf
SORTED = np.argsort(np.where(np.isfinite(LOSSES), LOSSES, np.inf))
KEY = jax.random.key(7)


def told(strategy, state, population=POPULATION, losses=LOSSES, params=None):
    return strategy.tell(KEY, population, losses, state, strategy.default_params if params is None else params)[0]


@pytest.mark.parametrize("strategy", [CEM, CEMES])
def test_mean_and_variance_of_the_cross_entropy_method(strategy):
    made = strategy(12, spread=0.3, noise=0.2, noise_end=0.1)
    mean = np.array([0.1, -0.2, 0.3], dtype=np.float32)
    state = made.init(KEY, mean)
    np.testing.assert_allclose(state.variance, 0.09, rtol=1e-6)
    elite = POPULATION[SORTED[:3]]
    for generation in range(2):
        after = told(made, state)
        added = 0.01 + (0.04 - 0.01) * 0.97**generation
        np.testing.assert_allclose(after.variance, ((elite - state.mean) ** 2).mean(axis=0) + added, rtol=1e-5)
        wanted = elite.mean(axis=0)
        if strategy is CEMES:
            utility = np.empty(12)
            utility[SORTED] = 0.5 - np.arange(12) / 11
            utility[SORTED[10:]] = 0.5 - 10.5 / 11  # two of the twelve failed
            wanted = state.mean + 4 / 12 * utility @ (POPULATION - state.mean)
        np.testing.assert_allclose(after.mean, wanted, rtol=1e-4, atol=1e-6)
        state = after


def test_velocity_of_the_swarm():
    made = Swarm(12)
    state = made.init(KEY, np.zeros(3, dtype=np.float32))
    best, best_loss = np.asarray(state.best), np.full(12, np.inf)
    velocity = np.zeros((12, 3))
    r1, r2 = np.asarray(jax.random.uniform(KEY, (2, 12, 3)))
    for losses in (LOSSES, np.roll(LOSSES, 1), LOSSES + 0.5):
        losses = np.where(np.isfinite(losses), losses, np.inf)
        theta = np.asarray(made.ask(KEY, state)[0])
        state = told(made, state, theta, losses)
        better = losses < best_loss
        best, best_loss = np.where(better[:, None], theta, best), np.where(better, losses, best_loss)
        g = best[np.argmin(best_loss)]
        velocity = 0.5 * velocity + 1.5 * r1 * (best - theta) + 1.5 * r2 * (g - theta)
        np.testing.assert_allclose(state.velocity, velocity, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(state.theta, theta + velocity, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(made.get_mean(state), g)


def test_the_pool_is_the_best_quarter_and_offspring_lie_around_its_mean():
    made = Pooling(400, spread=0.5, spread_end=0.1)
    population = np.random.default_rng(1).normal(size=(400, 2)).astype(np.float32)
    losses = np.random.default_rng(2).permutation(400).astype(np.float32)
    state = made.init(KEY, np.zeros(2, dtype=np.float32))
    for _ in range(3):
        state = told(made, state, population, losses)
    pool = population[np.argsort(losses)[:100]]
    np.testing.assert_allclose(state.mean, pool.mean(axis=0), rtol=1e-4, atol=1e-6)
    asked = np.asarray(made.ask(KEY, state)[0])
    np.testing.assert_array_equal(asked[:100], pool)
    # 300 samples: standard errors of 4 % and of sigma/17
    sigma = 0.1 + 0.4 * 0.97**3
    np.testing.assert_allclose(asked[100:].std(axis=0), sigma, rtol=0.15)
    np.testing.assert_allclose(asked[100:].mean(axis=0), state.mean, atol=4 * sigma / 17)


def test_annealing_goes_downhill_always_and_uphill_by_chance():
    made = Annealing(2, temperature=1.0)
    start = np.zeros(1, dtype=np.float32)
    population = np.array([[0.0], [1.0]], dtype=np.float32)
    begun = made.init(KEY, start)
    down = made.tell(KEY, population, np.array([1.0, 0.5], dtype=np.float32), begun)[0]
    assert float(down.mean[0]) == 1.0
    # the losses 0 and 1 have the standard deviation 1/2, which is the temperature: exp(-2) of the steps are taken
    uphill = jax.vmap(lambda key: made.tell(key, population, np.array([0.0, 1.0], dtype=np.float32), begun)[0].mean[0])
    taken = float(uphill(jax.random.split(KEY, 4000)).mean())
    assert taken == pytest.approx(np.exp(-2), abs=4 * np.sqrt(0.135 * 0.865 / 4000))


def test_the_hybrid_pools_below_its_threshold_only():
    made = Hybrid(32, spread=0.5, spread_end=0.1, threshold=0.9)
    start = np.zeros(3, dtype=np.float32)
    state = made.init(KEY, start)
    population = np.random.default_rng(3).normal(size=(32, 3)).astype(np.float32)
    losses = np.random.default_rng(4).permutation(32).astype(np.float32)
    reached = told(made, state, population, losses, made.params_at(0.95))
    # members of particle k are rows k, k + 8, k + 16, k + 24
    own = losses.reshape(4, 8).argmin(axis=0) * 8 + np.arange(8)
    theta, best, g = population[8:16], population[own], population[np.argmin(losses)]
    np.testing.assert_array_equal(reached.best, best)
    np.testing.assert_array_equal(made.get_mean(reached), g)
    r1, r2 = np.asarray(jax.random.uniform(jax.random.split(KEY, 5)[1], (2, 8, 3)))
    velocity = 1.5 * r1 * (best - theta) + 1.5 * r2 * (g - theta)
    np.testing.assert_allclose(reached.theta, theta + velocity, rtol=1e-4, atol=1e-5)

    for accuracy in (0.5, np.nan):
        pooled = told(made, state, population, losses, made.params_at(accuracy))
        middle = population[np.argsort(losses)[:8]].mean(axis=0)
        order = np.argsort(losses[own])
        stay, last = order[:2], order[-1]
        np.testing.assert_allclose(pooled.theta[stay], (theta + velocity)[stay], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(pooled.theta[last], middle, rtol=1e-4, atol=1e-6)
        others = order[2:-1]
        assert np.abs(np.asarray(pooled.theta)[others] - middle).std() == pytest.approx(0.5, abs=0.35)
        assert not np.asarray(pooled.velocity)[order[2:]].any()


def test_the_samples_of_the_hybrid_are_annealed():
    made = Hybrid(128)
    assert [made.samples(k) for k in (0, 1, 10, 1000)] == [128, 126, round(64 + 64 * 0.97**10), 64]


# Ties -----------------------------------------------------------------------------------------------------------------


apart = jax.jit(without_ties)
SOME = st.sampled_from([0.0, 1.0, -1.0, 2.5, 1e-6, 3e4, np.nan, np.inf, -np.inf])


@given(st.lists(SOME, min_size=12, max_size=12), st.integers(0, 99))
def test_losses_without_ties_keep_their_order(losses, seed):
    losses = np.array(losses, dtype=np.float32)
    found = np.asarray(apart(jax.random.key(seed), losses))
    assert np.isfinite(found).all()
    assert len(set(found.tolist())) == len(losses)
    order, finite = np.argsort(found), np.isfinite(losses)
    assert finite[order[: finite.sum()]].all()
    assert (np.diff(losses[order[: finite.sum()]]) >= 0).all()
    # by some last digits of the largest
    np.testing.assert_allclose(found[finite], losses[finite], atol=12 * 4 * 1.2e-7 * max(1e-30, np.abs(found).max()))


def test_chance_decides_between_equals():
    found = {np.asarray(apart(jax.random.key(k), np.zeros(12, "f4"))).argmin().item() for k in range(200)}
    assert found == set(range(12))


def test_a_flat_loss_leaves_the_step_of_cma_es_as_it_is():
    """Of tied members evosax alone makes it collapse, to 3e-7 after 50 generations."""
    strategy = strategy_of("CMA_ES", 16, np.zeros(4, dtype=np.float32))
    params = strategy.default_params

    def generation(state, key):
        points, state = strategy.ask(key, state, params)
        return strategy.tell(key, points, jnp.zeros(16).at[3].set(jnp.nan), state, params)[0], None

    state = strategy.init(KEY, np.zeros(4, dtype=np.float32), params)
    state, _ = jax.jit(lambda state: jax.lax.scan(generation, state, jax.random.split(KEY, 50)))(state)
    assert 0.02 < float(state.inner.std) < 10


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "members", "message"),
    [
        ("hybird", 16, "unknown strategy 'hybird': did you mean 'hybrid'"),
        ("hybrid", 7, "a population of 7: at least 8 are needed"),
        ("OpenAI-ES", 15, "strategy 'OpenAI-ES' with a population of 15: Population size must be even"),
        (3, 16, "strategy is 3: a name such as 'hybrid'"),
        (dict, 16, "without init: see evosax"),
    ],
)
def test_a_strategy_that_is_none_is_refused(name, members, message):
    with pytest.raises(BioplastError, match=message.replace("'", ".")):
        strategy_of(name, members, np.zeros(2, dtype=np.float32))


def test_without_evosax_its_names_say_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BioplastError, match=r"pip install 'bioplast\[evolution\]'"):
        strategy_of("PGPE", 16, np.zeros(2, dtype=np.float32))
