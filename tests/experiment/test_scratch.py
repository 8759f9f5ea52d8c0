"""What a long trial goes on from when its run is killed, and the share of the cores that a worker gets."""

from __future__ import annotations

import json
import os
import signal

import pytest
from support.processes import command

from bioplast import experiment, machine
from bioplast.cli import main
from bioplast.errors import BioplastError
from bioplast.experiment import Trial
from bioplast.experiment.workers import local_workers

TRAINING = """
import os
import signal
from pathlib import Path

import numpy as np
import optax
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, mV, prefs

import bioplast
from bioplast import learning
from bioplast.experiment import Protocol, Row, Trial

HERE = Path(__file__).resolve().parent
prefs.codegen.target = "numpy"


def run(trial):
    source = SpikeGeneratorGroup(3, [], [] * ms, dt=1 * ms, name="source")
    cells = NeuronGroup(2, "dv/dt = -v/(5*ms) : volt", method="exact", dt=1 * ms, name="cells")
    weights = Synapses(source, cells, "w : volt", on_pre="v_post += w", dt=1 * ms, name="weights")
    weights.connect()
    program = bioplast.compile(Network(source, cells, weights), 12 * ms, "jax", namespace={})
    rng = np.random.default_rng(trial.seed)

    def ended(means):
        with open(HERE / "epochs.txt", "a") as log:
            log.write(f"{trial.seed}:{means['epoch']} ")
        if means["epoch"] == 2 and (HERE / f"kill{trial.seed}").exists():
            os.kill(os.getpid(), signal.SIGKILL)

    fitted = learning.fit(
        program,
        {"source": rng.random((17, 12, 3)) < 0.3},
        rng.normal(size=(17, 2)),
        train={"weights.w": 2 * mV},
        loss=lambda out, wanted: ((out.final["cells.v"] * 1e3 - wanted) ** 2).sum(),
        optimiser=optax.adam(0.1),
        batch=5,
        epochs=trial.settings["epochs"],
        seed=trial.seed,
        checkpoint=trial.scratch and trial.scratch / "training.npz",
        progress=ended,
    )
    return {"loss": fitted.history["loss"], "w": fitted.values["weights.w"]}


training = Protocol(
    name="training",
    title="t",
    source="s",
    description="d",
    presets={"demo": {"epochs": 4, "seeds": 2}},
    trials=lambda settings, targets, seeds: [Trial(f"seed{s}", {"epochs": settings["epochs"]}, s) for s in seeds],
    run=run,
    summarise=lambda results, settings: [
        Row(f"{id}/{k}", value) for id, result in results.items() for k, value in enumerate(result["w"])
    ],
)
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "own" / "training.py"
    path.parent.mkdir()
    path.write_text(TRAINING)
    return path


def epochs(file):
    log = file.with_name("epochs.txt")
    found = log.read_text().split()
    log.unlink()
    return found


def test_a_killed_training_goes_on_to_the_very_same_summary(file, tmp_path):
    calm, out = tmp_path / "calm", tmp_path / "out"
    file.with_name("kill1").touch()
    process = command("run", f"{file}:training", "--out", out)
    _, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, err
    assert epochs(file) == ["0:1", "0:2", "0:3", "0:4", "1:1", "1:2"]
    kept = list((out / "scratch").rglob("training.npz"))
    assert [path.parent.parent.name for path in kept] == ["seed1"]  # of the trial that is not finished
    file.with_name("kill1").unlink()
    assert main(["run", f"{file}:training", "--out", str(out), "--resume"]) == 0
    assert epochs(file) == ["1:3", "1:4"]
    assert main(["run", f"{file}:training", "--out", str(calm)]) == 0
    assert epochs(file) == [f"{seed}:{epoch}" for seed in (0, 1) for epoch in (1, 2, 3, 4)]
    assert not (calm / "scratch").exists()
    assert (out / "summary.json").read_bytes() == (calm / "summary.json").read_bytes()
    results = [
        [json.loads(path.read_text())["result"] for path in sorted((o / "trials").iterdir())] for o in (calm, out)
    ]
    assert results[0] == results[1]
    assert not (out / "scratch").exists()


NOTES = """
    notes = trial.scratch / "notes.txt"
    with open(notes, "a") as kept:
        kept.write("begun ")
    (HERE / f"seen{trial.seed}").write_text(f"{len(notes.read_text().split())}")
    rng = np"""


@pytest.fixture
def noting(toy):
    """The toy protocol, whose trials write down how often they were begun."""
    toy.edit("\n    rng = np", NOTES)
    toy.edit(
        '    return {"values"',
        '    if (HERE / f"late{trial.seed}").exists():\n        1 / 0\n    return {"values"',
    )
    return toy


def seen(toy, seed):
    return int((toy.folder / f"seen{seed}").read_text())


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_kept_is_there_for_the_same_trial_alone(noting, tmp_path, workers):
    out = tmp_path / "out"
    noting.set("late2")
    assert main(["run", noting.spec, "--workers", workers, "--out", str(out)]) == 1
    assert [seen(noting, k) for k in range(4)] == [1, 1, 1, 1]
    assert [path.parent.parent.name for path in (out / "scratch").rglob("notes.txt")] == ["seed2"]
    noting.unset("late2")
    assert main(["run", noting.spec, "--workers", workers, "--out", str(out), "--resume"]) == 0
    assert [seen(noting, k) for k in range(4)] == [1, 1, 2, 1]
    assert not (out / "scratch").exists()


@pytest.mark.parametrize(
    ("old", "new", "options", "times"),
    [
        ("", "", ["--resume"], 2),
        ("", "", [], 1),  # begun anew
        ('"size": 5', '"size": 7', ["--resume"], 1),
        ('    name="toy",', '    version=2,\n    name="toy",', ["--resume"], 1),
    ],
)
def test_a_trial_that_has_changed_does_not_go_on(noting, tmp_path, old, new, options, times):
    out = tmp_path / "out"
    noting.set("late0")
    assert main(["run", noting.spec, "--seeds", "1", "--out", str(out)]) == 1
    noting.unset("late0")
    if old:
        noting.edit(old, new)
    assert main(["run", noting.spec, "--seeds", "1", "--out", str(out), *options]) == 0
    assert seen(noting, 0) == times


def test_outside_a_run_a_trial_has_no_scratch():
    assert Trial("a").scratch is None


def test_the_folder_is_made_when_it_is_asked_for(toy, tmp_path):
    toy.edit("    rng = np", "    assert not (HERE.parent / 'out' / 'scratch').exists()\n    rng = np")
    experiment.run(toy.spec, out=tmp_path / "out", progress=False)


# The share of a worker


def test_workers_share_the_cores_and_the_numbers_of_jax_do_not_depend_on_how_many(toy, tmp_path, monkeypatch):
    monkeypatch.delenv("BIOPLAST_CORES", raising=False)  # a worker of the tests has its own share
    toy.edit('"none": float("nan")', '"cores": [machine.cores(), machine.all_cores()]')
    toy.edit("from bioplast import figure", "from bioplast import figure, machine")
    toy.edit('Row("normal/count", len(means)', 'Row("normal/count", max(r["cores"][0] for r in results.values())')
    every = machine.all_cores()
    for workers, share in ((1, every), (2, max(every // 2, 1)), (4, max(every // 4, 1))):
        done = experiment.run(toy.spec, out=tmp_path / str(workers), workers=workers, progress=False)
        assert done.rows[1].value == share
        trials = (tmp_path / str(workers) / "trials").rglob("*.json")
        assert {tuple(json.loads(path.read_text())["result"]["cores"]) for path in trials} == {(share, every)}
    assert "BIOPLAST_CORES" not in os.environ


@pytest.mark.parametrize(
    ("own", "told"), [(None, "glibc.malloc.hugetlb=1"), ("", ""), ("glibc.malloc.perturb=0", "glibc.malloc.perturb=0")]
)
def test_workers_take_large_pages_unless_the_user_has_chosen(monkeypatch, own, told):
    if own is None:
        monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    else:
        monkeypatch.setenv("GLIBC_TUNABLES", own)
    with local_workers(1) as pool:
        assert pool.submit(os.getenv, "GLIBC_TUNABLES").result() == told
    assert os.environ.get("GLIBC_TUNABLES") == own


@pytest.mark.parametrize(("text", "number"), [("1", 1), (" 2 ", 2), ("", 3), ("100000", 3)])
def test_the_share_of_the_cores_is_read_from_the_environment(monkeypatch, text, number):
    monkeypatch.setattr(machine, "all_cores", lambda: 3)
    monkeypatch.setenv("BIOPLAST_CORES", text)
    assert machine.cores() == number


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_a_share_that_is_no_number_of_cores_is_refused(monkeypatch, text):
    monkeypatch.setenv("BIOPLAST_CORES", text)
    with pytest.raises(BioplastError, match=r"BIOPLAST_CORES is .*: a whole number from 1 is accepted"):
        machine.cores()
