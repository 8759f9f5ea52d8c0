"""Randman with derivatives and without: the tasks, the side tasks against closed forms, and a small run."""

from __future__ import annotations

import csv
import importlib.util
import json
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


METHODS = {"randman2": ["surrogate", "surrogate-neurons", "hybrid"]}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    shared = {"steps": 30, "dt_ms": 2.0}
    settings = protocol.randman.settings("demo")
    changes = {
        "methods": METHODS,
        "samples": 40,
        "gradient": {**shared, "hidden": 6, "epochs": 2},
        "evolution": {**shared, "hidden": 4, "population": 8, "batch": 16, "generations": 3},
        "evolution_of": {},
        "baselines": {**shared, "hidden": 4, "epochs": 1},
        "robustness": {
            **settings["robustness"],
            **shared,
            "task": "randman2",
            "shapes": ["triangle"],
            "betas": [10],
            "samples": 40,
            "hidden": 4,
            "epochs": 1,
        },
        "landscape": {**settings["landscape"], "strategies": ["cem"]},
        "one_neuron": {"strategies": ["cem"], "members": 16, "updates": 20},
    }
    out = tmp_path_factory.mktemp("randman") / "run"
    return experiment.run("randman", out=out, progress=False, changes=changes)


def test_a_run_has_the_rows_of_the_protocol_and_no_times(small):
    rows = {row.id: row for row in small.rows}
    assert list(rows) == [
        *[f"randman2/{method}/{name}" for method in METHODS["randman2"] for name in measures.MEASURES],
        "robustness/triangle/10/accuracy",
        "landscape/gradient/height",
        "landscape/cem/height",
        "one-neuron/surrogate/error",
        "one-neuron/cem/error",
        "baseline/randman2/chance/accuracy",
        "baseline/randman2/mlp/accuracy",
        "baseline/randman2/rnn/accuracy",
        "baseline/randman2/untrained-surrogate/accuracy",
        "baseline/randman2/untrained-hybrid/accuracy",
    ]
    assert rows["baseline/randman2/chance/accuracy"].value == 0.5
    assert rows["randman2/surrogate/accuracy"].published == 1
    assert rows["randman2/hybrid/accuracy"].published == 0.99
    assert "second" not in json.dumps([row.id for row in small.rows])


def test_the_current_of_the_one_neuron_makes_as_many_spikes_as_its_closed_form(small):
    """A leaky neuron at rest takes tau ln(R I/(R I - 10 mV)) from reset to threshold: 20 ms, 100 megaohm."""
    found = json.loads((small.folder / "trials" / "one-neuron" / "seed0.json").read_text())["result"]["cem"]
    assert found["spikes"] == one_neuron.TARGET
    drive = 0.1 * found["current_nA"] * 1e3  # mV
    between = 20 * math.log(drive / (drive - 10))
    # each spike comes up to a step of 0.5 ms late
    assert 200 / (between + 0.5) - 1 <= found["spikes"] <= 200 / between


def test_evaluations_and_updates_are_counted(small):
    with open(small.folder / "times.csv") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    # 64 training samples in one batch, twice; eight members, fewer later, on 16 samples
    assert (rows["surrogate"]["updates"], rows["surrogate"]["evaluations"]) == ("2", "128")
    assert rows["hybrid"]["updates"] == "3"
    assert int(rows["hybrid"]["evaluations"]) == 16 * sum(round(4 + 4 * 0.97**k) for k in range(3))
    names = {path.name for path in (small.folder / "figures").glob("*.png")}
    of_one = {"confusion", "potentials", "raster", "counts"}
    expected = {f"randman2-{method}-{name}.png" for method in ("surrogate", "hybrid") for name in of_one}
    assert names == expected | {"randman2-learning.png", "landscape.png", "one-neuron.png", "robustness.png"}


def test_what_is_missing_is_said_before_anything_is_written(tmp_path, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "evosax" else real(name))
    with pytest.raises(BioplastError, match=r"comes with the package evosax: pip install 'bioplast\[evolution\]'"):
        experiment.run("randman", preset="full", out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()
