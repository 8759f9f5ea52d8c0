"""An exported project builds with make and g++ where there is no Python, and gives the same spikes."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from support import networks

import bioplast
from bioplast.cli import main
from bioplast.errors import BioplastError, Unsupported
from bioplast.program.cpp.export import export

TOOLS = ("make", "g++", "sh", "as", "ld", "rm")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """An exported network, built once; and what runs a command there without Python on its PATH."""
    place = tmp_path_factory.mktemp("export")
    tools = place / "tools"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool))
    folder = export(networks.plastic(), 100 * ms, place / "project", name="plastic", seed=7, namespace={})

    def run(*call: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(call, cwd=folder, env={"PATH": str(tools)}, capture_output=True, text=True)

    built = run("make", "-j2", "CXXFLAGS=-O1 -w")
    assert built.returncode == 0, built.stderr
    return folder, run


def spikes(folder: Path) -> list[tuple[float, int]]:
    with open(folder / "spikes.csv") as file:
        return [(float(row["t"]), int(row["i"])) for row in csv.DictReader(file)]


@pytest.mark.build
def test_the_project_gives_the_spikes_of_the_program_it_came_from(project):
    folder, run = project
    assert run("./plastic", "--out", "results").returncode == 0
    out = bioplast.compile(networks.plastic(), 100 * ms, "cpp", namespace={})(seed=7)
    times, neurons = out.events("spikes")
    assert spikes(folder / "results") == list(zip(times, neurons, strict=True))
    recorded = np.genfromtxt(folder / "results" / "weights.csv", delimiter=",", skip_header=1)
    np.testing.assert_allclose(recorded[:, 1:3], out.states["weights"]["w"], rtol=1e-9)


@pytest.mark.build
def test_values_and_duration_on_the_command_line_are_those_of_a_program(project):
    folder, run = project
    weights = np.linspace(0, 0.1, len(networks.plastic()["stdp"]))
    (folder / "weights.txt").write_text("\n".join(map(repr, weights.tolist())))
    call = ["./plastic", "--out", "other", "--duration", "0.05", "cells.tau=0.008", "stdp.w=@weights.txt"]
    assert run(*call).returncode == 0
    program = bioplast.compile(networks.plastic(), 50 * ms, "cpp", namespace={})
    times, neurons = program(values={"cells.tau": 8 * ms, "stdp.w": weights}).events("spikes")
    assert spikes(folder / "other") == list(zip(times, neurons, strict=True))


@pytest.mark.build
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cells.nothing=1"], "unknown value 'cells.nothing'"),
        (["cells.tau=fast"], "cells.tau: a number is accepted, not 'fast'"),
        (["stdp.w=@missing.txt"], "stdp.w: cannot read missing.txt"),
        (["--seed", "-1"], "--seed: a whole number"),
        (["--speed", "1"], "unknown option --speed"),
        (["--seed", "1e300"], "--seed: a whole number"),
        (["--duration", "1e300"], "--duration: a run may end at 9.0072e+11 s at steps of 0.0001 s at most"),
        (["--duration", "nan"], "--duration: seconds"),
        (["--duration", "1e999"], "--duration: a number is accepted"),
        (["--data", "missing.dat"], "cannot read missing.dat: No such file"),
        (["--data", "."], "cannot read .: "),
        (["--data", "/dev/null"], "/dev/null is no data of this program: it ends too early"),
        (["--data", "README.md"], "README.md is no data of this program"),
        (["--data", "shorter.dat"], "shorter.dat is no data of this program: it is damaged, its checksum is another"),
        (["--data", "longer.dat"], "longer.dat is no data of this program: it is damaged, its checksum is another"),
        (["--data", "half.dat"], "half.dat is no data of this program: it announces more than it holds"),
        (["--data", "larger.dat"], "larger.dat is no data of this program: it announces more than it holds"),
        (["stdp.w=@."], "stdp.w: cannot read ."),
        (["stdp.w=@README.md"], "stdp.w: a number is accepted, not '#'"),
        (["stdp.w="], "stdp.w: a number is accepted, not ''"),
        (["=1"], "unknown value ''"),
        (["stdp_pre.delay=-1e-3"], "stdp_pre.delay: delays in seconds, not negative and of fewer than 2^31 steps"),
        (["stdp_pre.delay=nan"], "stdp_pre.delay: delays in seconds, not negative"),
        (["stdp_pre.delay=1e300"], "stdp_pre.delay: delays in seconds, not negative"),
        (["--out", "Makefile"], "cannot write into Makefile: it is no folder"),
        (["--out", "missing/results"], "cannot make missing/results"),
        (["--out"], "--out needs a value"),
    ],
)
def test_a_mistake_on_its_command_line_is_one_line(project, words, message):
    folder, run = project
    data = (folder / "network.dat").read_bytes()
    (folder / "shorter.dat").write_bytes(data[:-1])
    (folder / "longer.dat").write_bytes(data + b"x")
    (folder / "half.dat").write_bytes(data[:100])
    constants = 8 * (4 + 2)  # after seed, watch, report and the last steps of two clocks
    (folder / "larger.dat").write_bytes(data[:constants] + (2**62).to_bytes(8, "little") + data[constants + 8 :])
    done = run("./plastic", *words)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.build
def test_a_flipped_bit_of_its_data_is_noticed_wherever_it_is(project):
    folder, run = project
    data = (folder / "network.dat").read_bytes()
    for place in np.linspace(0, len(data) - 1, 40).astype(int):
        (folder / "flipped.dat").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        done = run("./plastic", "--data", "flipped.dat")
        assert done.returncode == 2, place
        assert "flipped.dat is no data of this program: " in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.build
def test_a_state_that_is_not_finite_is_one_line(project):
    done = project[1]("./plastic", "--out", "infinite", "cells.tau=nan")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert done.stderr.startswith("error cells.v[0] is nan at ")


@pytest.mark.build
def test_the_project_names_no_machine(project):
    folder, _ = project
    texts = [p.read_text() for p in folder.rglob("*") if p.suffix in (".cpp", ".h", ".md") or p.name == "Makefile"]
    assert not any("march" in text or re.search(r"/(home|root|tmp|usr)/", text) for text in texts)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BioplastError, match="already holds something: give a new or empty folder"):
        export(networks.single(), 1 * ms, tmp_path, namespace={})
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BioplastError, match="cannot write"):
        export(networks.single(), 1 * ms, tmp_path / "file" / "project", namespace={})


def test_the_command_line_exports_protocols_and_neurons_and_nothing_else(tmp_path, capsys):
    assert main(["export", "firing-patterns", str(tmp_path / "pattern"), "--set", "patterns=C"]) == 0
    assert (tmp_path / "pattern" / "Makefile").exists()
    assert main(["export", "izhikevich-2003", str(tmp_path / "neuron")]) == 0
    assert "neuron.I" in (tmp_path / "neuron" / "main.cpp").read_text()
    capsys.readouterr()
    assert main(["export", "ampa", str(tmp_path / "receptor")]) == 2
    assert capsys.readouterr().err == "bioplast: ampa is a receptor: a protocol or a neuron is accepted\n"
    assert main(["export", "lif", str(tmp_path / "pattern")]) == 2
    assert "already holds something" in capsys.readouterr().err


def test_a_network_with_python_in_it_is_refused(tmp_path):
    import brian2

    network = networks.single()
    network.add(brian2.NetworkOperation(lambda: None, name="peek"))
    with pytest.raises(Unsupported, match="'peek' is a Python function"):
        export(network, 1 * ms, tmp_path / "project", namespace={})
