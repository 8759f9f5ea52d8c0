"""Digits by a spiking network: what goes in, what is compared, and a run in its shortest form."""

from __future__ import annotations

import csv
import importlib.util

import numpy as np
import pytest

from bioplast import experiment
from bioplast.cli import main
from bioplast.dataset import digits
from bioplast.errors import TargetUnavailable
from bioplast.protocols import surrogate_gradient as protocol


def test_the_parts_are_those_of_the_data_set():
    for part, (pixels, labels) in protocol.split(1, limit=7).items():
        expected = digits.split(1, limit=7)[part]
        np.testing.assert_array_equal(pixels, expected.images.reshape(len(labels), 64))
        np.testing.assert_array_equal(labels, expected.labels)


def test_a_pixel_spikes_once_and_the_earlier_the_brighter():
    raster = protocol.spikes(np.array([[0, 0.2, 0.25, 0.5, 1.0]]))[0]
    assert raster.sum(axis=0).tolist() == [0, 0, 1, 1, 1]
    # 20 ms * ln(x/(x - 0.2)): 32.2, 10.2 and 4.5 ms
    assert raster[:, 2:].argmax(axis=0).tolist() == [32, 10, 4]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    changes = {"hidden": 16, "epochs": 3, "samples": 192, "compared": 2}
    out = tmp_path_factory.mktemp("digits") / "run"
    return experiment.run("surrogate-gradient", out=out, progress=False, changes=changes)


def test_a_run_has_the_rows_of_the_protocol(small):
    rows = {row.id: row.value for row in small.rows}
    assert list(rows) == [
        "lif/surrogate/accuracy",
        "lif/surrogate/spikes",
        "lif/numpy/equal",
        "lif/numpy/spikes_apart",
        "lif/numpy/deviation",
        "mlp/accuracy",
        "baseline/pixels/accuracy",
        "baseline/random-hidden/accuracy",
        "baseline/untrained/accuracy",
        "baseline/chance/accuracy",
    ]
    assert (rows["lif/numpy/equal"], rows["lif/numpy/spikes_apart"]) == (1, 0)
    assert rows["lif/numpy/deviation"] < 1e-9
    # twice chance and more after three epochs with a tenth of the samples
    assert rows["lif/surrogate/accuracy"] > 2 * rows["baseline/chance/accuracy"]
    assert rows["mlp/accuracy"] > rows["baseline/pixels/accuracy"] / 2 > rows["baseline/chance/accuracy"]
    _, counts = np.unique(digits.split(0)["test"].labels, return_counts=True)
    assert rows["baseline/chance/accuracy"] == max(counts) / 360


def test_a_run_leaves_its_history_and_its_pictures(small):
    with open(small.folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["seed", "epoch", "loss", "validation_loss", "validation_score"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])
    found = {path.name for path in (small.folder / "figures").glob("*.png")}
    assert found == {"learning.png", "confusion.png", "sample.png", "readout.png"}


def test_what_is_missing_is_said_before_anything_is_written(tmp_path, monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "jax" else real(name, *rest))
    with pytest.raises(TargetUnavailable, match="target 'jax' cannot work here: the package jax is missing"):
        experiment.run("surrogate-gradient", out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_run_all_goes_on_without_what_a_protocol_lacks(tmp_path, monkeypatch, capsys):
    from bioplast.experiment import Protocol, Row, Trial, find

    def lacking(settings, targets, seeds):
        raise TargetUnavailable("the package jax is missing")

    def made(name, trials):
        return Protocol(
            name=name,
            title="t",
            source="s",
            description="d",
            presets={"demo": {}},
            trials=trials,
            run=lambda trial: {"x": 1},
            summarise=lambda results, settings: [Row("x", 1)],
        )

    protocols = {"first": made("first", lacking), "second": made("second", lambda *_: [Trial("one")])}
    monkeypatch.setattr(find, "protocols", lambda: protocols)
    monkeypatch.setattr(find, "load_protocol", protocols.__getitem__)
    assert main(["run", "all", "--out", str(tmp_path / "out")]) == 0
    assert "bioplast: first: the package jax is missing" in capsys.readouterr().err
    assert (tmp_path / "out" / "second" / "summary.json").exists()
    del protocols["second"]
    assert main(["run", "all", "--out", str(tmp_path / "other")]) == 2
