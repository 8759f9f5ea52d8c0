"""Randman with derivatives and without: the tasks, the side tasks against closed forms, and a small run."""

from __future__ import annotations

import csv
import importlib.util
import math

import numpy as np
import pytest
from brian2 import ms
from scipy.optimize import brentq

from bioplast import experiment
from bioplast.errors import BioplastError
from bioplast.protocols import randman as protocol
from bioplast.protocols.randman import landscape, layers, measures, one_neuron, robustness, tasks


def test_parts_are_balanced_apart_and_spike_once_in_each_unit():
    parts = tasks.draw("randman2", 50, 30, 2 * ms, 3)
    assert {name: len(part.labels) for name, part in parts.items()} == {"train": 80, "validation": 10, "test": 10}
    for part in parts.values():
        assert np.bincount(part.labels).tolist() == [len(part.labels) / 2] * 2
        assert (part.raster.sum(axis=1) == 1).all()
        # 50 ms in steps of 2 ms; a spike at the very end is in the last of the 25 steps
        np.testing.assert_array_equal(part.raster.argmax(axis=1), np.minimum(part.times * 25, 24.999).astype(int))
    seen = [tuple(times) for part in parts.values() for time in [part.times] for times in time.tolist()]
    assert len(seen) == len(set(seen))
    # all that is known of the scale is known of the training part
    assert [parts["train"].times.min(), parts["train"].times.max()] == [0, 1]
    other = tasks.draw("randman2", 50, 30, 2 * ms, 4)
    assert (other["test"].times != parts["test"].times).any()


def test_weights_of_a_hidden_neuron_begin_with_mean_zero_and_one_spread():
    first = layers.start(7, 2, 0)["afferents.w"].reshape(tasks.UNITS, 7)
    np.testing.assert_allclose(first.mean(axis=0), 0, atol=1e-24)
    np.testing.assert_allclose(first.std(axis=0), 0.15e-9)
    # element k belongs to the synapse of unit k // 7 and neuron k % 7
    synapses = layers.network(7, 2, 1 * ms)["afferents"]
    np.testing.assert_array_equal(synapses.j[:], np.arange(tasks.UNITS * 7) % 7)


def test_measures_are_those_that_are_counted_by_hand():
    labels, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])
    found = measures.measured(labels, predicted, 3)
    assert found["confusion"].tolist() == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert found["accuracy"] == 0.5
    assert found["precision"] == pytest.approx((2 / 4 + 1 / 2 + 0) / 3)
    assert found["recall"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert found["f1"] == pytest.approx((2 * 2 / (4 + 3) + 2 * 1 / (2 + 2) + 0) / 3)


def test_the_deepest_point_is_that_of_a_fine_grid():
    x = np.linspace(-4, 4, 800_001)
    z = landscape.height(x, np.zeros_like(x))
    assert abs(x[z.argmin()] - landscape.LOWEST[0]) < 1e-5
    assert landscape.height(*landscape.LOWEST) <= z.min() + 1e-9


def test_gradient_descent_ends_in_the_valley_beside_its_start_and_a_search_in_the_deepest():
    valley = brentq(lambda x: 2 * x + 6 * math.cos(3 * x), 1, 2)
    path = landscape.gradient_path(400)
    np.testing.assert_allclose(path[0], landscape.START)
    np.testing.assert_allclose(path[-1], (valley, 0), atol=1e-3)
    found = landscape.path("hybrid", 32, 60, 0)
    assert found.shape == (61, 2)
    np.testing.assert_allclose(found[-1], landscape.LOWEST, atol=0.05)


def test_a_triangle_has_the_area_and_the_width_of_its_steepness():
    x = np.linspace(-1, 1, 200_001)
    slope = np.asarray(robustness.Triangle(beta=4.0).slope(x))
    assert slope.max() == 1
    assert np.trapezoid(slope, x) == pytest.approx(1 / 4, rel=1e-5)
    assert not slope[abs(x) > 0.25].any()


def test_the_current_of_the_one_neuron_makes_as_many_spikes_as_its_closed_form():
    """A leaky neuron takes tau ln(R I/(R I - 10 mV)) from reset to threshold: 20 ms, 100 megaohm."""
    found = one_neuron.searched("cem", 16, 20, 0)
    assert (found["spikes"], found["loss"][-1]) == (one_neuron.TARGET, 0)
    assert found["loss"][0] > 0
    drive = 0.1 * found["current_nA"] * 1e3  # mV
    between = 20 * math.log(drive / (drive - 10))
    # each spike comes up to a step of 0.5 ms late
    assert 200 / (between + 0.5) - 1 <= found["spikes"] <= 200 / between


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    shared = {"steps": 30, "dt_ms": 2.0}
    settings = protocol.randman.settings("demo")
    changes = {
        "methods": {"randman2": ["surrogate", "hybrid"]},
        "samples": 40,
        "gradient": {**shared, "hidden": 6, "epochs": 2},
        "evolution": {**shared, "hidden": 4, "population": 8, "batch": 16, "evaluations": 400},
        "evolution_of": {},
        "baselines": {**shared, "hidden": 4, "epochs": 1},
        "landscape": {**settings["landscape"], "strategies": []},
        "one_neuron": {**settings["one_neuron"], "strategies": []},
    }
    out = tmp_path_factory.mktemp("randman") / "run"
    return experiment.run("randman", out=out, progress=False, changes=changes)


def test_a_run_has_the_rows_of_the_protocol(small):
    rows = {row.id: row for row in small.rows}
    assert list(rows) == [
        *[f"randman2/{method}/{name}" for method in ("surrogate", "hybrid") for name in measures.MEASURES],
        "baseline/randman2/chance/accuracy",
        "baseline/randman2/mlp/accuracy",
        "baseline/randman2/rnn/accuracy",
        "baseline/randman2/untrained-surrogate/accuracy",
        "baseline/randman2/untrained-hybrid/accuracy",
    ]
    assert rows["baseline/randman2/chance/accuracy"].value == 0.5
    assert [rows[f"randman2/{method}/accuracy"].published for method in ("surrogate", "hybrid")] == [1, 0.99]


def test_evaluations_and_updates_are_counted(small):
    with open(small.folder / "times.csv") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    # 64 training samples in one batch, twice; eight members, fewer later, on 16 samples, as long as 400 are enough
    assert (rows["surrogate"]["updates"], rows["surrogate"]["evaluations"]) == ("2", "128")
    assert rows["hybrid"]["updates"] == "3"
    assert int(rows["hybrid"]["evaluations"]) == 16 * sum(round(4 + 4 * 0.97**k) for k in range(3))


def test_a_run_leaves_its_pictures(small):
    names = {path.name for path in (small.folder / "figures").glob("*.png")}
    of_one = {"confusion", "potentials", "raster", "counts"}
    expected = {f"randman2-{method}-{name}.png" for method in ("surrogate", "hybrid") for name in of_one}
    assert names == expected | {"randman2-learning.png"}


def test_side_tasks_have_their_rows_and_pictures(tmp_path):
    path = [[2.6, 2.0], list(landscape.LOWEST)]
    one = {"loss": [9.0, 4.0], "current_nA": 0.2, "spikes": 7}
    results = {
        "landscape/seed0": {"paths": {"gradient": path, "cem": path}},
        "one-neuron/seed0": {"surrogate": one, "cem": one | {"spikes": 4}},
        "robustness/triangle/1/seed0": {"accuracy": 0.5},
        "robustness/triangle/1/seed1": {"accuracy": 0.7},
        "robustness/triangle/10/seed0": {"accuracy": 0.9},
        "robustness/triangle/10/seed1": {"accuracy": 0.9},
    }
    values = {row.id: row.value for row in protocol.summarise(results, {})}
    lowest = landscape.height(*landscape.LOWEST)
    assert values == pytest.approx(
        {
            "landscape/gradient/height": lowest,
            "landscape/cem/height": lowest,
            "one-neuron/surrogate/error": 2,
            "one-neuron/cem/error": 1,
            "robustness/triangle/1/accuracy": 0.6,
            "robustness/triangle/10/accuracy": 0.9,
        }
    )
    drawn = protocol.figures(results, {}, tmp_path)
    assert [figure.file for figure in drawn] == ["landscape.png", "one-neuron.png", "robustness.png"]


def test_what_is_missing_is_said_before_anything_is_written(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "evosax" else real(name))
    with pytest.raises(BioplastError, match=r"comes with the package evosax: pip install 'bioplast\[evolution\]'"):
        experiment.run("randman", preset="full", out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_methods_and_tasks_that_do_not_exist_are_told_before_anything_runs():
    settings = protocol.randman.settings("demo")
    with pytest.raises(BioplastError, match="unknown method of randman's randman2 'foo': accepted: "):
        protocol.trials(settings | {"methods": {"randman2": ["foo"]}}, [], [0])
    with pytest.raises(BioplastError, match="unknown task of randman 'randman3': did you mean 'randman"):
        protocol.trials(settings | {"methods": {"randman3": ["surrogate"]}}, [], [0])
