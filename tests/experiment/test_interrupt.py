"""Ctrl-C, kill -9 and two runs at once, with real processes and signals."""

import os
import shlex
import signal

import pytest
from support.processes import alive, command, wait_until

from bioplast.cli import main


def finished(out):
    return {f"group/{path.stem}" for path in (out / "trials").rglob("*.json")}


def same_summary(toy, out, tmp_path):
    """Whether the folder's summary is, to the byte, that of a run that nothing disturbed."""
    calm = tmp_path / "calm"
    assert main(["run", toy.spec, "--out", str(calm)]) == 0
    names = ("summary.json", "summary.csv", "values.csv")
    return all((calm / name).read_bytes() == (out / name).read_bytes() for name in names)


def begin_and_hold(toy, out, workers):
    """A run whose trial 2 does not end, at the moment when all it can do has been done."""
    toy.set("hold2")
    process = command("run", toy.spec, "--workers", workers, "--out", out)
    done = {"group/seed0", "group/seed1"} if workers == 1 else {"group/seed0", "group/seed1", "group/seed3"}
    wait_until(lambda: finished(out) == done and toy.counts()["group/seed2"] == 1, process)
    return process, done


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_in_the_middle_and_resume(toy, tmp_path, workers):
    out = tmp_path / "out"
    process, done = begin_and_hold(toy, out, workers)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not any(alive(pid) for pid in toy.processes()))
    assert finished(out) == done
    assert not (out / "summary.json").exists()
    toy.unset("hold2")
    assert main(["run", toy.spec, "--out", str(out), "--resume"]) == 0
    counts = toy.counts()
    assert {counts[id] for id in done} == {1}
    assert counts["group/seed2"] == 2
    assert same_summary(toy, out, tmp_path)


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(toy, tmp_path, workers):
    out = tmp_path / "out"
    process, done = begin_and_hold(toy, out, workers)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith(f"bioplast: interrupted: {len(done)} of 4 trials are finished and kept; continue with: ")
    wait_until(lambda: not any(alive(pid) for pid in toy.processes()))
    assert finished(out) == done
    assert not list(out.rglob("*.tmp"))
    toy.unset("hold2")
    words = shlex.split(lines[0].partition("continue with: ")[2])
    assert words[0] == "bioplast"
    assert main(words[1:]) == 0  # the very command that was told
    assert {toy.counts()[id] for id in done} == {1}
    assert same_summary(toy, out, tmp_path)


def test_ctrl_c_while_workers_start(toy, tmp_path):
    out = tmp_path / "out"
    toy.set("hold0")
    toy.set("hold1")
    process = command("run", toy.spec, "--workers", 2, "--out", out)
    wait_until((out / "run.json").exists, process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "0 of 4 trials are finished" in err


SIMULATION = """
from pathlib import Path
{top}
from bioplast.experiment import Protocol, Row, Trial


def run(trial):
    {inside}
    brian2.prefs.codegen.target = "numpy"
    group = brian2.NeuronGroup(1, "dv/dt = -v/second : 1", method="exact", name="group")
    network = brian2.Network(group)

    @brian2.network_operation(dt=1*brian2.ms)
    def beat(t):
        (Path(__file__).parent / "beat").touch()

    network.add(beat)
    network.run(1e6*brian2.second)
    return {{"steps": 0}}


endless = Protocol("endless", "t", "s", "d", {{"demo": {{}}}}, lambda *_: [Trial("a")], run, lambda *_: [Row("a", 1)])
"""


@pytest.mark.parametrize(("top", "inside"), [("import brian2", "pass"), ("", "import brian2")])
def test_ctrl_c_during_a_simulation_does_not_count_it_as_finished(tmp_path, top, inside):
    """Brian2 itself answers Ctrl-C by ending the simulation early, as if it were complete."""
    file, out = tmp_path / "endless.py", tmp_path / "out"
    file.write_text(SIMULATION.format(top=top, inside=inside))
    process = command("run", f"{file}:endless", "--out", out)
    wait_until((tmp_path / "beat").exists, process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "0 of 1 trials are finished" in err
    assert not list((out / "trials").rglob("*.json"))


def test_two_runs_into_one_folder(toy, tmp_path):
    out = tmp_path / "out"
    first, _ = begin_and_hold(toy, out, 1)
    for more in ([], ["--resume"]):
        second = command("run", toy.spec, "--out", out, *more)
        _, err = second.communicate(timeout=60)
        assert second.returncode == 2
        assert err == f"bioplast: another run is writing into {out}: wait until it has ended, or choose another --out\n"
    toy.unset("hold2")
    _, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert set(toy.counts().values()) == {1}
    assert same_summary(toy, out, tmp_path)
