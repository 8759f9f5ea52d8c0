"""Trials on a cluster of Dask: real schedulers and workers, which are killed, lack packages, or are not there."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, StateMonitor, ms
from support import dask_processes
from support.processes import command, wait_until

import bioplast
from bioplast import experiment
from bioplast.cli import main
from bioplast.errors import BioplastError, ProtocolError, WrongWorker
from bioplast.experiment import cluster as cluster_module
from bioplast.experiment import plan as plan_module
from bioplast.experiment.perform import perform
from bioplast.program.build import build, cache

SAME = ("summary.json", "summary.csv", "values.csv")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers, which are started again when they are killed."""
    with dask_processes.scheduler(tmp_path_factory.mktemp("cluster")) as found:
        found.add_workers(2, BIOPLAST_CORES="")
        yield found


def the_line(capsys):
    """The one line of complaint, without those of the progress on a machine that takes minutes."""
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("toy: ")]
    assert len(lines) == 1, lines
    return lines[0]


def begun(toy, id):
    """The processes in which a trial was begun, in turn."""
    log = toy.folder / "log.txt"
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(line.split()[1]) for line in lines if line.split()[0] == id]


def killed_twice(toy, held):
    """Kill the worker that a trial is held in, and again where it has begun anew; then let it go on."""

    def wait_for(times):
        wait_until(lambda: len(begun(toy, held)) == times, seconds=dask_processes.PATIENCE)

    for times in (1, 2):
        wait_for(times)
        dask_processes.kill(begun(toy, held)[-1])
    wait_for(3)
    toy.unset(f"hold{held.rpartition('seed')[2]}")


# Runs -----------------------------------------------------------------------------------------------------------------


def test_a_run_gives_the_same_files_and_goes_on_where_a_trial_failed(toy, cluster, tmp_path, capsys):
    here, there = tmp_path / "here", tmp_path / "there"
    experiment.run(toy.spec, out=here, progress=False)
    before = toy.counts()
    toy.set("trouble1", "bug")
    arguments = ["run", toy.spec, "--scheduler", cluster.address, "--out", str(there)]
    assert main(arguments) == 1
    line = the_line(capsys)
    assert "trial group/seed1: ZeroDivisionError: division by zero" in line
    assert f"3 of 4 trials are finished and kept; continue with: bioplast run {toy.spec}" in line
    assert f"--scheduler {cluster.address}" in line
    assert "Traceback" in (there / "errors.txt").read_text()
    toy.unset("trouble1")
    assert main([*arguments, "--resume"]) == 0
    assert {id: toy.counts()[id] - before[id] for id in before} == {f"group/seed{k}": 1 + (k == 1) for k in range(4)}
    for name in SAME:
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
    assert {p.name for p in here.rglob("*")} == {p.name for p in there.rglob("*")}
    assert json.loads((there / "run.json").read_text())["workers"] == cluster.address


def test_a_worker_that_is_killed_twice_loses_nothing(toy, cluster, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    experiment.run(toy.spec, seeds=12, out=here, progress=False)
    toy.unset("log.txt")
    toy.set("hold2")
    with ThreadPoolExecutor(1) as aside:
        run = aside.submit(experiment.run, toy.spec, seeds=12, out=there, progress=False, scheduler=cluster.address)
        killed_twice(toy, "group/seed2")
        run.result(timeout=dask_processes.PATIENCE)
    for name in SAME:
        assert (here / name).read_bytes() == (there / name).read_bytes(), name


def test_a_protocol_file_that_was_changed_is_read_again(toy, cluster, tmp_path):
    experiment.run(toy.spec, out=tmp_path / "a", progress=False, scheduler=cluster.address)
    toy.edit("rng.normal(1, 0.2", "rng.normal(3, 0.2")
    done = experiment.run(toy.spec, out=tmp_path / "b", progress=False, scheduler=cluster.address)
    assert done.rows[0].value > 2


def test_a_worker_takes_its_share_of_the_cores(toy, cluster, tmp_path):
    toy.edit("from bioplast import figure", "from bioplast import figure, machine")
    toy.edit('Row("normal/count", len(means)', 'Row("normal/count", max(r["cores"] for r in results.values())')
    toy.edit('"none": float("nan")', '"cores": machine.cores()')
    done = experiment.run(toy.spec, out=tmp_path / "out", progress=False, scheduler=cluster.address)
    assert done.rows[1].value == 1  # its threads


@pytest.mark.long
def test_a_trial_that_ends_its_workers_fails_and_the_others_go_on(toy, cluster, tmp_path, capsys):
    out = tmp_path / "out"
    toy.set("trouble3", "die")
    assert main(["run", toy.spec, "--scheduler", cluster.address, "--out", str(out)]) == 1
    line = the_line(capsys)
    assert "trial group/seed3: not carried out by the executor: 4 workers that began it ended abruptly" in line
    assert "3 of 4 trials are finished and kept" in line
    assert len(set(begun(toy, "group/seed3"))) == 4
    cluster.wait_for(2)


@pytest.mark.long
def test_ctrl_c_keeps_what_is_finished(toy, cluster, tmp_path):
    out = tmp_path / "out"
    toy.set("hold2")
    process = command("run", toy.spec, "--scheduler", cluster.address, "--out", out)
    wait_until(lambda: len(list(out.rglob("seed*.json"))) == 3, process, seconds=dask_processes.PATIENCE)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=dask_processes.PATIENCE)
    toy.unset("hold2")
    assert process.returncode == 130
    *progress, line = err.splitlines()  # a line of progress for each minute that it took
    assert all(told.startswith("toy: ") for told in progress), err
    assert line.startswith("bioplast: interrupted: 3 of 4 trials are finished and kept; continue with: ")
    experiment.run(toy.spec, out=out, resume=True, progress=False, scheduler=cluster.address)
    assert {toy.counts()[f"group/seed{k}"] for k in (0, 1, 3)} == {1}


def membrane():
    cells = NeuronGroup(2, "dv/dt = -v/tau : 1\ntau : second", method="exact", name="cells")
    cells.v, cells.tau = 1, 10 * ms
    return bioplast.compile(Network(cells, StateMonitor(cells, "v", record=True, name="v")), 5 * ms, target="numpy")


def test_a_sweep_is_that_of_the_closed_form_and_of_one_process(cluster, tmp_path):
    from distributed import Client

    program, values = membrane(), {"cells.tau": [5, 10, 20] * ms}
    with Client(cluster.address, set_as_default=False) as client:
        executor = client.get_executor(pure=False)
        there = bioplast.sweep(program, values, lambda out: out.final["cells.v"], executor=executor, progress=False)
    here = bioplast.sweep(program, values, lambda out: out.final["cells.v"], progress=False)
    assert there.to_csv(tmp_path / "a").read_bytes() == here.to_csv(tmp_path / "b").read_bytes()
    np.testing.assert_allclose(there["result"], np.exp(-5 / np.array([[5, 5], [10, 10], [20, 20]])), rtol=1e-12)


# What is not accepted -------------------------------------------------------------------------------------------------


@pytest.fixture
def nothing_written(tmp_path):
    yield tmp_path / "out"
    assert not (tmp_path / "out").exists()


def test_a_worker_with_another_version_is_named(toy, cluster, nothing_written, capsys, monkeypatch):
    real = plan_module.package_versions
    monkeypatch.setattr(plan_module, "package_versions", lambda names: {**real(names), "brian2": "9.9"})
    assert main(["run", toy.spec, "--scheduler", cluster.address, "--out", str(nothing_written)]) == 2
    line = the_line(capsys)
    assert line.startswith("bioplast: worker tcp://127.0.0.1:")
    assert f"has brian2 {real(['brian2'])['brian2']}, 9.9 is needed" in line


def test_a_worker_without_the_package_is_named(toy, nothing_written, tmp_path, capsys):
    with dask_processes.scheduler(tmp_path / "cluster") as found:
        found.add_workers(1, first=dask_processes.LACKING)
        assert main(["run", toy.spec, "--scheduler", found.address, "--out", str(nothing_written)]) == 2
        line = the_line(capsys)
        assert line.startswith("bioplast: worker tcp://127.0.0.1:")
        assert f"has no bioplast, or an older one: install {bioplast.__version__} there" in line


def test_a_scheduler_that_ends_is_one_line_and_without_workers_it_waits(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cluster_module, "TIMEOUT", 3.0)
    out = tmp_path / "out"
    with dask_processes.scheduler(tmp_path / "cluster") as found, ThreadPoolExecutor(1) as aside:
        run = aside.submit(experiment.run, toy.spec, out=out, scheduler=found.address)
        wait_until((out / "run.json").exists, seconds=dask_processes.PATIENCE)
        assert "has no workers yet: the trials begin when some come" in capsys.readouterr().err
        found.end()
        with pytest.raises(ProtocolError, match=r"gave its work up.* 0 of 4 trials are finished and kept"):
            run.result(timeout=dask_processes.PATIENCE)


@pytest.mark.parametrize(
    "address",
    ["localhost:8786", "tcp://", "tcp://localhost", "tcp://localhost:99999", "http://localhost:1", "tcp://a:1/b"],
)
def test_an_address_that_is_none(toy, nothing_written, capsys, address):
    assert main(["run", toy.spec, "--scheduler", address, "--out", str(nothing_written)]) == 2
    assert the_line(capsys) == f"bioplast: --scheduler {address}: tcp://HOST:PORT or tls://HOST:PORT is accepted"


def test_an_address_where_no_scheduler_is(toy, nothing_written, capsys, monkeypatch):
    monkeypatch.setattr(cluster_module, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        assert main(["run", toy.spec, "--scheduler", address, "--out", str(nothing_written)]) == 2
        assert the_line(capsys) == f"bioplast: --scheduler {address}: no scheduler of Dask answers there"
    for name in ("all", toy.spec):
        assert main(["run", name, "--scheduler", address, "--out", str(nothing_written)]) == 2
        assert the_line(capsys) == f"bioplast: --scheduler {address} cannot be reached: Connection refused"


def test_what_excludes_a_scheduler(toy, nothing_written, capsys, monkeypatch):
    arguments = ["--scheduler", "tcp://localhost:1", "--out", str(nothing_written)]
    for name in ("all", toy.spec):
        assert main(["run", name, "--workers", "2", *arguments]) == 2
        assert "--scheduler and --workers exclude each other" in the_line(capsys)
    with ThreadPoolExecutor(1) as threads, pytest.raises(BioplastError, match="scheduler and executor exclude"):
        experiment.run(toy.spec, out=nothing_written, executor=threads, scheduler="tcp://localhost:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["run", toy.spec, *arguments]) == 2
    assert the_line(capsys).endswith("--scheduler needs the package distributed: pip install 'bioplast[cluster]'")


# Any executor ---------------------------------------------------------------------------------------------------------


def test_a_process_of_another_version_ends_the_work_and_is_named(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(plan_module, "package_versions", lambda names: {"bioplast": "0.0.1"})
    with ThreadPoolExecutor(1) as threads, pytest.raises(WrongWorker) as caught:
        experiment.run(toy.spec, out=tmp_path / "out", progress=False, executor=threads)
    assert f"has bioplast {bioplast.__version__}, 0.0.1 is needed" in str(caught.value)
    assert "0 of 4 trials are finished and kept" in str(caught.value)
    assert not toy.counts()


def test_a_process_carries_out_one_trial_at_a_time(toy, tmp_path):
    toy.edit("    rng = np", "    time.sleep(0.02)\n    (HERE / 'log.txt').open('a').write('end 0\\n')\n    rng = np")
    with ThreadPoolExecutor(4) as threads:
        experiment.run(toy.spec, out=tmp_path / "out", progress=False, executor=threads)
    assert [line.split()[0] == "end" for line in (toy.folder / "log.txt").read_text().splitlines()] == [False, True] * 4


def test_a_worker_that_sees_another_protocol_file_is_named(toy, tmp_path):
    from bioplast.experiment.orders import carried_out, write_orders

    orders = write_orders(toy.spec, [experiment.Trial("a", {"size": 2}, 1)])
    assert "error" in carried_out(orders[0])
    toy.edit("toy", "yot")
    with pytest.raises(WrongWorker, match=r"has another .*toy\.py"):
        carried_out(orders[0])
    toy.file.unlink()
    with pytest.raises(WrongWorker, match=r"cannot read .*toy\.py"):
        carried_out(orders[0])
    # here and now, where no process is to agree with another, it is the trial that fails
    assert "there is no such file" in perform((toy.spec, "other"), experiment.Trial("a")).error


def test_brian2_is_imported_in_a_thread():
    """A worker of Dask carries its trials out in one, where Python refuses a handler for Ctrl-C."""
    code = """
import signal, sys, threading
from bioplast.remote import call
real = signal.signal
thread = threading.Thread(target=lambda: print(call("definition.quantities:as_quantity", {}, 1.0)[0]))
thread.start(); thread.join()
assert "brian2" in sys.modules
assert signal.signal is real
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "1.0\n"), done.stderr


# Builds ---------------------------------------------------------------------------------------------------------------


def test_builds_of_another_processor_are_not_taken(monkeypatch, tmp_path):
    monkeypatch.setenv("BIOPLAST_CACHE", str(tmp_path))
    compiler = build.Compiler("g++", ("-march=native",))
    places = []
    for processor in ("one", "another"):
        for module in (build, cache):
            monkeypatch.setattr(module, "processor", lambda name=processor: name)
        places.append((build.fingerprint({}, compiler), cache.compilations()))
        for _ in range(2):
            assert (build.fingerprint({}, compiler), cache.compilations()) == places[-1]
    assert places[0][0] != places[1][0]
    assert places[0][1] != places[1][1]


CELLS = """
import os
import time
from pathlib import Path

import numpy as np
from brian2 import Network, NeuronGroup, ms

import bioplast
from bioplast.experiment import Protocol, Row, Trial

HERE = Path(__file__).resolve().parent


def run(trial):
    with open(HERE / "log.txt", "a") as log:
        log.write(f"{trial.id} {os.getpid()}\\n")
    while (HERE / f"hold{trial.seed}").exists():
        time.sleep(0.01)
    cell = NeuronGroup(1, "dv/dt = -v/tau + sqrt(2/tau)*xi : 1\\ntau : second", method="euler", name="cell")
    program = bioplast.compile(Network(cell), 5 * ms, target="cpp", namespace={})
    return {"v": program({"cell.tau": (1 + trial.seed / 10) * ms}, seed=trial.seed).final["cell.v"]}


cells = Protocol(
    name="cells",
    title="t",
    source="s",
    description="d",
    presets={"demo": {"seeds": 200}},
    trials=lambda settings, targets, seeds: [Trial(f"seed{seed}", {}, seed) for seed in seeds],
    run=run,
    summarise=lambda results, settings: [Row(id, result["v"][0]) for id, result in results.items()],
)
"""


@pytest.mark.long
@pytest.mark.build
def test_two_hundred_trials_on_four_workers_of_which_one_is_killed_twice(toy, tmp_path):
    toy.file.write_text(CELLS)
    spec, here, there, built = f"{toy.file}:cells", tmp_path / "here", tmp_path / "there", tmp_path / "cache"
    with dask_processes.scheduler(tmp_path / "cluster") as found, ThreadPoolExecutor(1) as aside:
        found.add_workers(4, BIOPLAST_CACHE=str(built))
        toy.set("hold2")
        run = aside.submit(experiment.run, spec, out=there, progress=False, scheduler=found.address)
        killed_twice(toy, "seed2")
        run.result(timeout=dask_processes.PATIENCE)
    assert len(set(begun(toy, "seed2"))) == 3  # how many of the others worked depends on how fast each began
    assert len([each for each in (built / "builds").iterdir() if not each.name.startswith(".")]) == 1
    experiment.run(spec, out=here, progress=False)
    for name in ("summary.json", "summary.csv"):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name
