"""Heterogeneity: its networks and codes, the fits of time constants, and a summary of made-up results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from brian2 import mV
from scipy import stats

import bioplast
from bioplast import control, experiment, learning
from bioplast.errors import BioplastError
from bioplast.protocols import heterogeneity as protocol
from bioplast.protocols.heterogeneity import (
    balance,
    classification,
    coevolution,
    locomotion,
    membranes,
    memory,
    networks,
)


def test_numbers_of_searched_values_are_those_of_the_paper():
    """An arm of 4096 is 1024 neurons with four numbers each, or 5 neurons with 794 weights each."""
    assert [classification.hidden_of("neurons", n) for n in (4096, 8192, 16384, 32768)] == [1024, 2048, 4096, 8192]
    assert [classification.hidden_of("weights", n) for n in (4096, 8192, 16384, 32768)] == [5, 10, 21, 41]
    assert classification.hidden_of("width", 4096) == 5
    searched = networks.arm("both", 3)
    program = networks.compiled(networks.policy(3, 8, 2, True, 0), 1)
    assert sum(program.values[key].size for key in searched) == 8 * 4 + 8 * (3 + 2)


def test_a_program_with_the_weights_of_a_seed_is_that_of_its_network():
    own = networks.compiled(networks.policy(3, 8, 2, True, 4), 1).values
    shared = networks.compiled(networks.policy(3, 8, 2, True, 0), 1).values
    weights = networks.weights(3, 8, 2, 4)
    assert weights.keys() == {"hidden.w_0", "hidden.w_1", "hidden.w_2", "efferents.w"}
    assert all((shared[key] != own[key]).all() for key in weights)
    assert shared.keys() == own.keys()
    for key, value in {**shared, **weights}.items():
        np.testing.assert_array_equal(value, own[key], err_msg=key)


@pytest.mark.parametrize("method", ["weights", "bptt"])
def test_a_trial_does_not_depend_on_those_before_it(method):
    """What JAX compiled for another seed is used again; the numbers are those of a process of its own."""
    how = {**protocol.heterogeneity.settings("demo")["memory"], "hidden": 8, "population": 16, "generations": 3}
    settings = {**how, "method": method, "length": 3, "test": 20}
    alone = memory.remembered(settings, 1)
    for cached in (memory._rollout, memory._descent):
        cached.cache_clear()
    first, after = memory.remembered(settings, 0), memory.remembered(settings, 1)
    assert not np.array_equal(first["history"], after["history"])
    for key, value in alone.items():
        np.testing.assert_array_equal(after[key], value, err_msg=key)


def test_a_descent_learns_what_a_cue_was():
    """By the gradient of the answer, with weights that are not those of its program."""
    how = {**protocol.heterogeneity.settings("demo")["memory"], "method": "bptt", "length": 2, "generations": 40}
    found = memory.remembered(how, 3)
    assert found["history"][0] < 1
    assert found["reward"] == 1


def test_an_intensity_is_as_many_spikes_as_it_has_fourths():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    raster = classification.rate_code(images)[0]
    assert raster.shape == (4, 256)
    np.testing.assert_array_equal(raster.sum(axis=0), np.floor(np.arange(256) * 4 / 255 + 0.5))
    # two of four steps are not two that follow one another
    assert raster[:, 128].tolist() in ([True, False, True, False], [False, True, False, True])


def test_a_hidden_neuron_sees_a_square_of_pixels_in_the_mean_nothing():
    weights = classification.random_weights(50, 0).reshape(28, 28, 50)
    for k in range(50):
        rows, columns = np.nonzero(weights[:, :, k])
        assert len(rows) == 14 * 14
        assert np.ptp(rows) == np.ptp(columns) == 13
    np.testing.assert_allclose(weights.sum(axis=(0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(weights[weights != 0].std(), 2, rtol=0.03)  # a fourth of the pixels, twice the weight
    assert len({tuple(np.argwhere(weights[:, :, k])[0]) for k in range(50)}) > 25  # all over the image


def test_the_network_of_images_is_what_its_equations_say():
    """Currents, hidden neurons and readout in NumPy, the four steps of a sample."""
    rng = np.random.default_rng(0)
    hidden = 7
    program = bioplast.compile(classification.network(hidden, 0, False), 4 * networks.DT, "jax", namespace={})
    images = rng.integers(0, 256, (2, 28, 28)).astype(np.uint8)
    inputs = classification.currents(images, classification.random_weights(hidden, 0))
    values = {"hidden.tau_m": rng.uniform(2e-3, 3e-2, hidden), "hidden.v_rest": rng.normal(0, 3e-3, hidden)}
    now = {**program.values, **values}
    w = now["efferents.w"].reshape(hidden, 10)
    for sample in range(2):
        out = program(values, {"drive": inputs["drive"][sample]})
        v, u, total = np.zeros(hidden), np.zeros(10), np.zeros(10)
        steady = now["hidden.v_rest"] + now["hidden.R"] * inputs["drive"][sample, 0]
        for _ in range(4):
            v = steady + (v - steady) * np.exp(-1e-3 / now["hidden.tau_m"])
            spikes = v >= now["hidden.v_th"]
            u = u * np.exp(-1e-3 / 20e-3) + spikes @ w
            v = np.where(spikes, now["hidden.v_rest"], v)
            total += u / 4
        assert spikes.any()
        np.testing.assert_allclose(classification.scores(out), total / 2e-3, rtol=1e-6, atol=1e-9)


def test_a_mutant_is_worth_what_the_network_loses_or_wins_with_it():
    """Against the losses of networks in which a neuron was really exchanged, one after the other."""
    rng = np.random.default_rng(3)
    hidden, samples = 5, 7
    program = bioplast.compile(
        classification.network(hidden, 0, False), 4 * networks.DT, "jax", namespace={}, dtype="float64"
    )
    images = rng.integers(0, 256, (samples, 28, 28)).astype(np.uint8)
    wanted = rng.integers(0, 10, samples)
    inputs = classification.currents(images, classification.random_weights(hidden, 0))
    mutants = np.stack([rng.normal(s, 0.8, hidden) for s in (0, 1, 0, 0)], axis=1)
    now = np.stack([np.zeros(hidden), np.ones(hidden), np.zeros(hidden), np.zeros(hidden)], axis=1)
    share = coevolution.weighting(4, 20e-3)

    def ran(numbers):
        values = {k: np.asarray(v, dtype=float) for k, v in coevolution.values_of(numbers).items()}
        out = program.batch(values, inputs)
        return np.asarray(classification.scores(out)), np.einsum("bsn,s->bn", np.asarray(out.raster("spikes")), share)

    def losses(scores):
        shifted = scores - scores.max(axis=1, keepdims=True)
        return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(samples), wanted]

    scores, sent = ran(now)
    weights = program.values["efferents.w"].reshape(hidden, 10) / 2e-3
    np.testing.assert_allclose(scores, sent @ weights, rtol=1e-9, atol=1e-9)  # so much of a spike arrives, by its step
    found = np.asarray(coevolution.changes(scores, wanted, weights, ran(mutants)[1] - sent))
    exchanged = []
    for k in range(hidden):
        one = now.copy()
        one[k] = mutants[k]
        exchanged.append((losses(ran(one)[0]) - losses(scores)).mean())
    assert np.abs(exchanged).min() > 1e-3
    np.testing.assert_allclose(found, exchanged, rtol=1e-5, atol=1e-6)


def test_coevolution_finds_neurons_that_tell_images_apart():
    """Two images, a stripe each: drawn at random the network guesses; bounds are kept, and seeds repeat."""
    images = np.zeros((2, 28, 28), dtype=np.uint8)
    images[0, :, 8:12] = images[1, 16:20, :] = 255
    many = np.tile(images, (20, 1, 1))
    labels = np.tile([3, 8], 20)
    hidden = 200
    program = bioplast.compile(
        classification.network(hidden, 0, False), 4 * networks.DT, "jax", namespace={}, dtype="float32"
    )
    weights = classification.random_weights(hidden, 0)
    inputs = learning.Encoded(many, lambda some, rng: classification.currents(some, weights))
    ways = {"population": 8, "generations": 20, "neurons": 8 * hidden, "rate": 0.1, "noise": 0.2, "every": 10}
    both = {"train": inputs, "validation": inputs}
    found, again = (
        coevolution.coevolved(
            program, both, dict.fromkeys(both, labels), scores=classification.scores, unit=2e-3, seed=1, **ways
        )
        for _ in range(2)
    )
    for wrong, told in (
        ({"population": 7}, "population 7: mutants come in pairs"),
        ({"generations": 0}, "generations 0, every 10: at least 1"),
    ):
        with pytest.raises(BioplastError, match=told):
            coevolution.coevolved(
                program,
                both,
                dict.fromkeys(both, labels),
                scores=classification.scores,
                unit=2e-3,
                seed=1,
                **(ways | wrong),
            )
    before = learning.predict(program, inputs, classification.scores).argmax(axis=1)
    assert (before == labels).mean() <= 0.5
    assert found["history"] == again["history"] and max(found["history"]) == 1
    assert len(found["history"]) == 2
    for name, how in networks.NEURONS.items():
        value = found["values"][f"hidden.{name}"]
        assert value.shape == (hidden,)
        assert (value >= float(how["low"]) * (1 - 1e-6)).all() and (value <= float(how["high"]) * (1 + 1e-6)).all()


def test_fits_find_the_laws_that_were_drawn_from():
    rng = np.random.default_rng(1)
    lognormal = membranes.fitted(20 * np.exp(0.3 * rng.normal(size=20000)))["lognormal"]
    gamma = membranes.fitted(rng.gamma(9, 3, size=20000))["gamma"]
    np.testing.assert_allclose([lognormal.shape, lognormal.scale], [0.3, 20], rtol=0.02)
    np.testing.assert_allclose([gamma.shape, gamma.scale], [9, 3], rtol=0.04)
    assert max(lognormal.distance, gamma.distance) < 0.015


def test_cells_are_those_of_the_database():
    """Means, medians and standard deviations as the database's own table gives them."""
    found = membranes.cells()
    expected = {"mouse-v1-l4": (290, 21.9, 20.9, 6.7), "human-mtg": (236, 29.0, 28.2, 10.0)}
    for name, (n, mean, median, sd) in expected.items():
        cell = found[name]
        assert cell["n"] == n == cell["counts"].sum()
        assert [round(cell[key], 1) for key in ("mean_ms", "median_ms", "sd_ms")] == [mean, median, sd]
        middle = (np.arange(len(cell["counts"])) + 0.5) * membranes.BIN
        assert np.average(middle, weights=cell["counts"]) == pytest.approx(mean, abs=0.3)
        for fit in cell["fits"].values():
            # the fits go with the bins: no bin's edge is further away than the distance to all cells
            edges = np.arange(1, len(cell["counts"]) + 1) * membranes.BIN
            assert np.abs(np.cumsum(cell["counts"]) / n - fit.cdf(edges)).max() <= fit.distance + 1e-3
    same = np.repeat(middle, found["human-mtg"]["counts"])
    assert membranes.distances(same, found["human-mtg"]) == 0
    assert membranes.distances(same + 1000, found["human-mtg"]) == 1
    drawn = stats.gamma.rvs(9.1, scale=3.18, size=4000, random_state=0)
    assert membranes.distances(drawn, found["human-mtg"]) < 0.08


def test_evolved_neurons_remember_and_a_constant_answer_does_not():
    how = protocol.heterogeneity.settings("demo")["memory"]
    settings = {**how, "method": "neurons", "length": 6}
    found = memory.remembered(settings, 0)
    assert found["reward"] == 1
    assert found["tau_m_ms"].shape == (how["hidden"],)
    program = networks.compiled(networks.policy(3, how["hidden"], 2, True, 0), memory.STEPS)
    silent = {"hidden.v_th": np.full((1, how["hidden"]), 60e-3), "hidden.R": np.full((1, how["hidden"]), 1e6)}
    rollout = control.Rollout(program, control.MemoryLength(6), control.Held("observation"), control.Counts("answers"))
    assert abs(rollout.returns(silent, range(400)).mean()) < 0.2


def test_the_policy_gradient_is_that_of_the_expected_return():
    """One step of two actions, of which one is worth 1: the derivative of a chance, within the sampling error."""
    import jax
    import jax.numpy as jnp

    from bioplast.protocols.heterogeneity.descent import reinforce

    class OneChoice:
        def episode(self, values, key):
            scores = jnp.stack([values["s"], 0.0])
            action = jax.random.categorical(key, scores)
            return {
                "alive": jnp.ones(1, dtype=bool),
                "rewards": (action == 0).astype(float)[None],
                "actions": action[None],
                "recorded": {"scores": scores[None]},
            }

    keys = jax.random.split(jax.random.key(0), 40000)
    slope = jax.grad(lambda s: reinforce(OneChoice(), {"s": s}, keys))(0.7)
    p = 1 / (1 + np.exp(-0.7))
    # of the return divided by its standard deviation
    assert float(slope) == pytest.approx(-p * (1 - p) / np.sqrt(p * (1 - p)), rel=0.03)


def test_the_observation_is_divided_by_its_scale():
    program = networks.compiled(networks.policy(4, 5, 2, False, 0), balance.STEPS)
    rollout = balance.rollout_of(program, 5)
    given = rollout.encoder(np.array([0.5, 0.5, 0.1, 0.5], dtype=np.float32), None)
    np.testing.assert_allclose(given["observation"], np.ones((1, 4)), rtol=1e-6)
    assert rollout.decoder.unit == 1 * mV


def test_one_number_of_the_neurons_is_searched_alone():
    assert list(networks.arm("v_rest", 3)) == ["hidden.v_rest"]
    assert set(networks.arm("neurons", 3)) == {f"hidden.{name}" for name in networks.NEURONS}
    settings = {**protocol.DEMO["memory"], "method": "R", "length": 2, "generations": 1, "population": 8, "test": 4}
    found = memory.remembered(settings, 0)
    np.testing.assert_allclose(found["tau_m_ms"], 20, rtol=1e-6)
    assert (found["tonic"], found["silenced"]) == (0, None)


def test_a_cue_is_kept_by_neurons_that_spike_without_input():
    settings = {**protocol.FULL["memory"], "method": "v_rest", "length": 25, "generations": 10, "test": 100}
    found = memory.remembered(settings, 0)
    assert found["reward"] == 1
    assert found["tonic"] > 0
    assert found["silenced"] < 0.5


def test_the_summary_has_a_row_for_each_arm_with_what_is_published():
    settings = protocol.heterogeneity.settings("full")
    tau = np.geomspace(5, 50, 64)
    results = {
        "memory/neurons/25/seed0": {"reward": 1.0, "tau_m_ms": tau, "history": [1.0], "tonic": 3, "silenced": 0.1},
        "memory/neurons/25/seed1": {
            "reward": 0.9,
            "tau_m_ms": 2 * tau,
            "history": [0.0, 0.9],
            "tonic": 5,
            "silenced": 0.3,
        },
        "memory/weights/25/seed0": {"reward": 0.1, "tau_m_ms": tau, "history": [0.1], "tonic": 0, "silenced": None},
        "cartpole/es/heterogeneous/1000/seed0": {"return": 812.0, "history": [1.0]},
        "cartpole/es/homogeneous/500/seed0": {"return": 400.0, "history": [1.0]},
        "cartpole/es/homogeneous/500/seed1": {"return": 300.0, "history": [1.0]},
        "cartpole/bptt/homogeneous/500/seed1": {"return": 60.0, "history": [1.0]},
        "cartpole/bptt/homogeneous/500/seed0": {"return": 100.0, "history": [1.0]},
        "rates/seed0": {"rates": [[[1.0, 0.0], [0.5, 2.5]], [[3.0, 0.0], [0.0, 1.0]]], "generations": [1, 300]},
        "mnist/neurons/4096/seed0": {"accuracy": 0.82, "untrained": 0.1, "hidden": 1024, "history": [0.8]},
        "control/hopper/neurons/4096/seed0": {"reward": 1900.0, "history": [1.0]},
        "ablation/hopper/tau_m/seed0": {"reward": 900.0, "history": [1.0]},
    }
    rows = {row.id: row for row in protocol.summarise(results, settings)}
    assert (rows["memory/neurons/25/reward"].value, rows["memory/neurons/25/reward"].published) == (0.95, 0.9)
    assert rows["memory/weights/25/reward"].published is None
    assert rows["memory/neurons/25/generations"].value == 1.5
    assert rows["memory/neurons/25/tonic"].value == 4
    assert rows["memory/neurons/25/silenced"].value == pytest.approx(0.2)
    assert "memory/weights/25/silenced" not in rows
    assert rows["baseline/memory/neurons/25/first/reward"].value == 0.5
    assert rows["cartpole/es/heterogeneous/1000/return"].value == 812
    difference = rows["cartpole/es-minus-bptt/homogeneous/500/return"]  # 300 and 240
    assert (difference.value, difference.seeds) == (270, 2)
    assert difference.low == pytest.approx(270 - 12.706 * 30, rel=1e-3)  # Student's t with one degree of freedom
    assert "cartpole/es-minus-bptt/heterogeneous/1000/return" not in rows
    assert 21 < rows["baseline/cartpole/random/return"].value < 23  # 22.1 in 2,000 episodes of gymnasium's CartPole-v1
    assert [rows[f"rates/{k}/range"].value for k in (1, 300)] == [1.5, 2.0]
    assert rows["mnist/neurons/4096/accuracy"].published == 0.8096
    assert rows["control/hopper/neurons/4096/reward"].published == 1851
    assert rows["ablation/hopper/tau_m/reward"].value == 900
    assert rows["membrane/length-25/median"].value == pytest.approx(1.5 * np.median(tau))
    assert 0 < rows["membrane/length-25/mouse-v1-l4/distance"].value < 1
    assert rows["baseline/memory/constant/reward"].value == 0
    assert protocol.tables(results, settings)["history.csv"][2]["validation"] == 0.9


def test_full_has_a_trial_for_each_arm_size_and_seed(monkeypatch):
    monkeypatch.setattr(protocol, "_at_hand", lambda task: True)
    settings = protocol.heterogeneity.settings("full")
    settings = {**settings, "parts": ["memory", "cartpole", "images", "rates"]}
    found = [trial.id for trial in protocol.trials(settings, [], list(range(100)))]
    assert len(found) == len(set(found)) == 8 * 8 * 20 + 2 * 2 * 4 * 100 + 2 * 4 * 4 * 3 + 1
    with pytest.raises(BioplastError, match="unknown part of heterogeneity in this preset 'memories'"):
        protocol.trials({**settings, "parts": ["memories"]}, [], [0])
    demo = protocol.heterogeneity.settings("demo")
    with pytest.raises(BioplastError, match=r"in this preset 'images': accepted: memory$"):
        protocol.trials({**demo, "parts": ["images"]}, [], [0])


def test_bodies_have_a_trial_for_each_arm_size_and_seed(monkeypatch):
    monkeypatch.setattr(locomotion, "at_hand", lambda: True)
    settings = protocol.heterogeneity.settings("full") | {"parts": ["control"]}
    found = [trial.id for trial in protocol.trials(settings, [], list(range(100)))]
    assert len(found) == len(set(found)) == 4 * (2 * 2 + 4) * 3
    monkeypatch.setattr(locomotion, "at_hand", lambda: False)
    with pytest.warns(RuntimeWarning, match=r"control is left out: it needs .* pip install 'bioplast\[brax\]'"):
        assert protocol.trials(settings, [], [0]) == []


def test_bodies_have_their_figures_and_tables(tmp_path):
    def one(reward):
        return {"reward": reward, "history": [np.nan, reward], "returns": [1.0, reward / 2]}

    results = {
        f"control/{body}/{method}/{numbers}/seed{s}": one(reward + s)
        for body in ("hopper", "ant")
        for method, reward in (("neurons", 300.0), ("weights", 200.0))
        for numbers in (4096, 8192)
        for s in range(2)
    }
    results |= {f"ablation/hopper/{name}/seed{s}": one(100.0) for name in ("tau_m", "R") for s in range(2)}
    settings = protocol.heterogeneity.settings("full") | {"parts": ["control"]}
    drawn = protocol.figures(results, settings, tmp_path)
    assert [Path(figure.file).stem for figure in drawn] == ["control", "evolution", "ablation"]
    assert all((tmp_path / figure.file).stat().st_size > 5000 for figure in drawn)
    rows = {row.id: row.value for row in protocol.summarise(results, settings)}
    assert len(rows) == 2 * 2 * 2 + 2
    assert rows["control/hopper/neurons/4096/reward"] == 300.5
    tables = protocol.tables(results, settings)
    assert len(tables["returns.csv"]) == 2 * len(results)
    validated = [row for row in tables["history.csv"] if row["trial"] == "control/ant/weights/8192/seed1"]
    assert validated == [{"trial": "control/ant/weights/8192/seed1", "generation": 2, "validation": 201.0}]


def test_the_demo_is_the_same_twice_and_has_its_figures(tmp_path):
    for name in ("one", "two"):
        experiment.run("heterogeneity", out=tmp_path / name, progress=False)
    summaries = [(tmp_path / name / "summary.json").read_bytes() for name in ("one", "two")]
    assert summaries[0] == summaries[1]
    assert {path.stem for path in (tmp_path / "one" / "figures").iterdir()} == {"memory", "membranes"}


@pytest.mark.parametrize(
    ("part", "name", "told"),
    [
        ("memory", "methods", "unknown value of heterogeneity's memory.methods 'foo': accepted: R, both"),
        ("cartpole", "kinds", "unknown value of heterogeneity's cartpole.kinds 'foo'"),
        ("images", "methods", "unknown value of heterogeneity's images.methods 'foo'"),
        ("control", "environments", "unknown value of heterogeneity's control.environments 'foo'"),
    ],
)
def test_arms_that_do_not_exist_are_told_before_anything_runs(part, name, told):
    settings = protocol.heterogeneity.settings("full")
    settings = {**settings, "parts": [part], part: {**settings[part], name: ["foo"]}}
    with pytest.raises(BioplastError, match=told):
        protocol.trials(settings, [], [0])
