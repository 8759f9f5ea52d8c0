"""Evolution against losses that NumPy knows, against itself when interrupted, and on targets without JAX."""

from __future__ import annotations

import functools
import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, mV
from support import interpreter
from support.evolving import GENERATIONS, MEMBERS, evolve
from support.training import (
    CLASSES,
    CURRENTS,
    DT,
    SPIKES,
    STEPS,
    WANTED,
    compiled_spiking,
    counted,
    integrators,
    squares,
)

import bioplast
from bioplast import learning
from bioplast.errors import BioplastError, NonFiniteError, RunError
from bioplast.learning import population, strategies

LEFT = np.exp(-1 / 5) ** (STEPS - 1 - np.arange(STEPS))  # of a spike in a step at the end
A = np.einsum("k,nki->ni", LEFT, SPIKES[:17].astype(float))


@pytest.fixture(scope="module")
def program():
    return bioplast.compile(integrators(), STEPS * DT, "jax", namespace={})


@pytest.fixture(scope="module")
def whole(program):
    return evolve(program)


def losses_of(points, rows):
    """[members] of points in units of 2 mV."""
    w = 2 * points.reshape(len(points), 3, 2)
    return ((A[rows] @ w - WANTED[rows]) ** 2).sum(axis=2).mean(axis=1)


def follow(rows_of, generations=GENERATIONS, members=MEMBERS):
    """The evolution, with CEM asked and told by hand and the losses from NumPy."""
    with jax.enable_x64(True):
        strategy = strategies.CEM(members)
        key, _ = jax.random.split(jax.random.key(3))
        state = strategy.init(jax.random.fold_in(key, 0), np.arange(6.0) / 2)
        history = {"loss": [], "best_loss": []}
        for generation in range(generations):
            asking, telling, _ = jax.random.split(jax.random.fold_in(key, generation + 1), 3)
            points, state = strategy.ask(asking, state)
            losses = losses_of(np.asarray(points), rows_of(generation))
            state, _ = strategy.tell(telling, points, losses, state)
            history["loss"].append(losses.mean())
            history["best_loss"].append(losses.min())
        return np.asarray(strategy.get_mean(state)), history


def test_each_generation_is_told_the_mean_losses_of_its_batch(whole):
    def rows(generation):  # 17 samples in batches of 5: the last one has two
        epoch, k = divmod(generation, 4)
        return np.random.default_rng([3, epoch]).permutation(17)[5 * k : 5 * k + 5]

    mean, history = follow(rows)
    np.testing.assert_allclose(whole.values["weights.w"], 2e-3 * mean, rtol=1e-8)
    for name, column in history.items():
        np.testing.assert_allclose(whole.history[name], column, rtol=1e-8)
    assert whole.history["evaluations"].tolist() == [45, 90, 135, 153]
    assert whole.history["failed"].tolist() == [0] * 4
    assert (whole.best, whole.deployed) == (3, "mean")


@pytest.mark.parametrize("cache", [1, 2**30])
def test_members_are_evaluated_in_any_portions(program, monkeypatch, cache):
    monkeypatch.setattr(population, "CACHE", cache)
    evolved = evolve(program, batch=None)
    mean, _ = follow(lambda generation: np.arange(17))
    np.testing.assert_allclose(evolved.values["weights.w"], 2e-3 * mean, rtol=1e-8)


def test_a_generation_may_evaluate_some_members_only(program):
    evolved = evolve(program, strategy="hybrid", population=16, batch=None, generations=3)
    assert np.diff(evolved.history["evaluations"], prepend=0).tolist() == [
        17 * round(8 + 8 * 0.97**k) for k in range(3)
    ]
    assert evolved.history["failed"].tolist() == [0, 0, 0]
    assert evolved.deployed == "global best"


def test_the_same_seed_gives_the_same_run(program, whole):
    again = evolve(program)
    assert again.values["weights.w"].tobytes() == whole.values["weights.w"].tobytes()
    assert evolve(program, seed=4).values["weights.w"].tobytes() != whole.values["weights.w"].tobytes()


KILLED = """
import os, signal
import bioplast
from support.evolving import evolve
from support.training import DT, STEPS, integrators

def ended(found):
    if found["generation"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)

program = bioplast.compile(integrators(), STEPS*DT, "jax", namespace={{}})
evolve(program, strategy={strategy!r}, population={population}, checkpoint={file!r}, progress=ended)
"""


def test_a_killed_evolution_resumes_to_the_very_same_values(program, tmp_path):
    file = tmp_path / "evolution.npz"
    options = {"strategy": "hybrid", "population": 10}
    interpreter.run(KILLED.format(file=str(file), **options), preamble="", status=-signal.SIGKILL)
    generations = []
    resumed = evolve(program, checkpoint=file, progress=lambda f: generations.append(f["generation"]), **options)
    assert generations == [3, 4]
    require_the_same(resumed, evolve(program, **options))
    for changed, name in (
        ({"strategy": functools.partial(strategies.Hybrid, spread=0.4)}, "strategy"),
        ({"loss": lambda out, y: 2 * squares(out, y)}, "network, loss"),
    ):
        with pytest.raises(BioplastError, match=f"was made with another {name}"):
            evolve(program, checkpoint=file, **{**options, **changed})


@pytest.mark.parametrize("strategy", ["PSO", "OpenAI-ES"])
def test_strategies_of_evosax_resume_too(program, tmp_path, strategy):
    file, options = tmp_path / "evolution.npz", {"strategy": strategy, "population": 10}
    evolve(program, checkpoint=file, generations=2, **options)
    require_the_same(evolve(program, checkpoint=file, **options), evolve(program, **options))


def require_the_same(one, other):
    """Equality to the last bit."""
    assert one.values["weights.w"].tobytes() == other.values["weights.w"].tobytes()
    for name, column in other.history.items():
        assert one.history[name].tobytes() == column.tobytes()


# Bounds and scales ----------------------------------------------------------------------------------------------------


def asked_for(program, how, **options):
    """All values that a loss meets, by asking for the weights themselves."""
    met = []

    def loss(out, wanted):
        jax.debug.callback(lambda w: met.append(np.asarray(w)), out.final["weights.w"])
        return squares(out, wanted)

    evolved = evolve(program, train={"weights.w": how}, loss=loss, batch=1, generations=3, **options)
    jax.effects_barrier()
    return evolved, np.concatenate([each.ravel() for each in met])


@pytest.mark.parametrize("strategy", [functools.partial(strategies.CEM, spread=3.0), "swarm"])
def test_all_members_are_within_their_bounds(program, strategy):
    evolved, met = asked_for(program, learning.Trainable(2 * mV, low=0 * mV, high=5 * mV), strategy=strategy)
    assert met.min() == 0
    assert met.max() == pytest.approx(5e-3, rel=1e-12) and met.max() <= 5e-3
    assert ((evolved.values["weights.w"] >= 0) & (evolved.values["weights.w"] <= 5e-3)).all()


def test_on_a_logarithmic_scale_a_step_is_a_factor(program):
    how = learning.Trainable(2 * mV, high=20 * mV, scale="log")
    strategy = functools.partial(strategies.Pooling, spread=2.0)
    _, met = asked_for(program, how, strategy=strategy, values={"weights.w": 2 * mV})
    assert met.min() > 0
    assert met.min() < 0.3e-3  # -1 or less in logarithms, of some hundred numbers with the deviation 2
    assert met.max() <= 20e-3
    assert met.max() == pytest.approx(20e-3, rel=1e-9)
    assert np.median(met) == pytest.approx(2e-3, rel=0.7)
    # the optimiser of a gradient sees the same numbers: d/d(log w) = w d/dw
    options = {"train": {"weights.w": how}, "loss": squares, "batch": 17, "epochs": 1, "values": {"weights.w": 2 * mV}}
    import optax

    fitted = learning.fit(program, {"source": SPIKES[:17]}, WANTED[:17], optimiser=optax.sgd(1e-3), **options)
    w = np.full((3, 2), 2.0)
    slope = 2 * A.T @ (A @ w - WANTED[:17]) / 17
    np.testing.assert_allclose(fitted.values["weights.w"], 1e-3 * (w * np.exp(-1e-3 * w * slope)).ravel(), rtol=1e-9)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (learning.Trainable(2 * mV, scale="cubic"), "'weights.w': the scale 'cubic' is not known"),
        (learning.Trainable(2 * mV, scale="log"), "'weights.w' begins with 0 V: on the scale 'log' positive"),
        (learning.Trainable(2 * mV, low=0 * mV, scale="log"), "on the scale 'log' must be positive"),
    ],
)
def test_a_scale_that_does_not_fit_is_refused(program, how, message):
    with pytest.raises(BioplastError, match=message):
        evolve(program, train={"weights.w": how})


# Validation -----------------------------------------------------------------------------------------------------------


def test_the_best_generation_is_that_of_validation(program):
    """What is wanted of the samples that are held out is the opposite, so that each step makes it worse."""
    held_out = ({"source": SPIKES[:17]}, 100 - WANTED[:17])
    strategy = functools.partial(strategies.CEM, spread=0.05, noise=0.01)
    evolved = evolve(
        program,
        strategy=strategy,
        validation=held_out,
        patience=2,
        generations=9,
        batch=None,
        values={"weights.w": 9 * mV, "cells.v": 3 * mV},  # of which one is trained
    )
    assert len(evolved.history["loss"]) == 3
    assert evolved.best == 0
    finals = learning.predict(program, {"source": SPIKES[:17]}, lambda out: out.final["cells.v"], evolved.values)
    told = ((finals * 1e3 - 100 + WANTED[:17]) ** 2).sum(axis=1).mean()
    assert told == pytest.approx(evolved.history["validation_loss"][0], rel=1e-9)


# What is not finite ---------------------------------------------------------------------------------------------------


def test_members_without_a_loss_never_win(program):
    def holed(out, wanted):
        return jnp.where(out.final["weights.w"][0] > 0, jnp.nan, squares(out, wanted))

    evolved = evolve(program, loss=holed, batch=None, generations=6, population=20)
    assert evolved.values["weights.w"][0] <= 0
    assert evolved.history["failed"].max() > 0
    assert np.isfinite(evolved.history["loss"]).all()


def test_a_generation_without_any_loss_says_why(program):
    labels = WANTED[:17].copy()
    labels[6] = np.nan
    with pytest.raises(RunError, match="the loss is nan for sample 6 in generation 1"):
        evolve(program, labels=labels, batch=None)


def unstable(target):
    """A state that overflows for a rate that is positive."""
    cells = NeuronGroup(1, "dx/dt = rate*x : 1\nrate : Hz (constant)", method="euler", dt=1 * ms, name="cells")
    cells.x = 1
    return bioplast.compile(Network(cells), 400 * ms, target, namespace={})


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_members_whose_states_diverge_never_win(target):
    """The loss itself stays finite: it does not read the state."""

    def loss(out, label):
        return -1e-4 * jnp.asarray(out.final["cells.rate"])[0]

    def search(rate, **options):
        return learning.evolve(
            unstable(target),
            None,
            np.zeros(1),
            train={"cells.rate": learning.Trainable(20 / ms)},
            loss=loss,
            strategy="cem",
            population=6,
            values={"cells.rate": rate},
            **options,
        )

    evolved = search(0.0, generations=1)
    assert 0 < evolved.history["failed"][0] < 6
    # (1 + rate dt)^400 overflows from 10^(308/400)
    assert -1e4 * evolved.history["best_loss"].min() < (10 ** (308.3 / 400) - 1) / 1e-3
    with pytest.raises(NonFiniteError, match=r"generation 1.*x"):
        search(1e5, generations=1)


# Spiking networks -----------------------------------------------------------------------------------------------------

TRAIN = {
    "cells.tau": learning.Trainable(5 * ms, low=1 * ms, high=50 * ms, scale="log"),
    "cells.th": learning.Trainable(10 * mV, low=1 * mV, high=40 * mV),
}


def right(out, label):
    return learning.Count("spikes")(out).argmax() == label


def test_a_spiking_network_evolves():
    program = compiled_spiking()
    evolved = learning.evolve(
        program,
        {"stim": CURRENTS},
        CLASSES,
        train=TRAIN,
        loss=counted,
        population=16,
        generations=8,
        score=right,
        validation=({"stim": CURRENTS}, CLASSES),
    )
    counts = learning.Count("spikes")
    read = learning.predict(program, {"stim": CURRENTS}, counts, evolved.values)
    assert evolved.history["validation_score"][evolved.best] == (read.argmax(axis=1) == CLASSES).mean()

    def cross_entropy(counts):
        return (np.log(np.exp(counts).sum(axis=1)) - counts[np.arange(8), CLASSES]).mean()

    assert evolved.history["validation_loss"][evolved.best] == pytest.approx(cross_entropy(read), rel=1e-6)
    assert cross_entropy(read) < 0.9 * cross_entropy(learning.predict(program, {"stim": CURRENTS}, counts))
    assert set(evolved.history["score"] * 8) <= set(range(9))


@pytest.mark.build
def test_a_network_that_jax_refuses_evolves_on_cpp():
    """A reset by a user's C++ function; the final potential is the weight itself."""
    network, namespace = refused_by_jax()
    with pytest.raises(BioplastError):
        bioplast.compile(network, 5 * ms, "jax", namespace=namespace)
    program = bioplast.compile(network, 5 * ms, "cpp", namespace=namespace)
    spikes = np.zeros((2, 5, 1), dtype=bool)
    spikes[:, 1] = True
    evolved = learning.evolve(
        program,
        {"source": spikes},
        np.array([3.0, 3.0]),
        train={"weights.w": 1 * mV},
        loss=lambda out, wanted: (out.final["cells.v"][0] * 1e3 - wanted) ** 2,
        strategy="cem",
        population=12,
        generations=12,
        score=lambda out, wanted: out.final["cells.v"][0] > 2e-3,
        validation=({"source": spikes}, np.array([3.0, 3.0])),
    )
    assert evolved.values["weights.w"][0] == pytest.approx(3e-3, rel=0.1)
    wanted = (evolved.last["weights.w"][0] * 1e3 - 3) ** 2
    assert evolved.history["validation_loss"][-1] == pytest.approx(wanted, rel=1e-9)
    assert evolved.history["validation_score"][-1] == 1


def refused_by_jax():
    from brian2 import check_units, implementation

    @implementation("cpp", "double unchanged(double x) { return x; }")
    @check_units(x=1, result=1)
    def unchanged(x):
        raise NotImplementedError("in C++ only")

    source = SpikeGeneratorGroup(1, [], [] * ms, dt=DT, name="source")
    cells = NeuronGroup(1, "v : volt", dt=DT, name="cells")
    weights = Synapses(source, cells, "w : volt", on_pre="v_post += unchanged(1)*w", dt=DT, name="weights")
    weights.connect()
    return Network(source, cells, weights), {"unchanged": unchanged}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": 0}, "population is 0: a whole number from 1"),
        ({"generations": None}, "generations is None: a whole number from 1"),
        ({"batch": 0}, "batch is 0: a whole number from 1"),
        ({"patience": 2}, "patience needs validation"),
        ({"strategy": "hybird"}, "unknown strategy 'hybird'"),
        ({"loss": 3}, "loss is 3: a function"),
        ({"progress": "yes"}, "progress is 'yes': True, False or a function"),
        ({"train": {}}, "train names the values"),
    ],
)
def test_arguments_that_are_none_are_refused(program, options, message):
    with pytest.raises(BioplastError, match=message):
        evolve(program, **options)
