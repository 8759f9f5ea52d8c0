"""A run that is interrupted, or cannot write, never looks like a finished one."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms, second
from support import interpreter, networks

import bioplast
from bioplast.errors import RunError
from bioplast.program.codegen import program as compiled_program

# as long as it takes: nobody waits for its end
ENDLESS = 1000 * second


@pytest.fixture
def endless():
    return bioplast.compile(networks.single(), ENDLESS, "cpp", namespace={})


class Lines:
    """The lines of a stream, with something to do before the first is read on."""

    def __init__(self, stream, action):
        self.stream, self.action, self.close = stream, action, stream.close

    def __iter__(self):
        for number, line in enumerate(self.stream):
            if number == 0:
                assert line.startswith("progress")
                self.action()
            yield line


def at_the_start(monkeypatch, action):
    """Do something to the C++ program as soon as it has reported that it is under way."""
    started = compiled_program.subprocess.Popen

    class Process(started):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.stdout = Lines(self.stdout, lambda: action(self))

    monkeypatch.setattr(compiled_program.subprocess, "Popen", Process)


@pytest.mark.parametrize(
    ("number", "error", "told"),
    [
        (signal.SIGINT, KeyboardInterrupt, None),
        (signal.SIGTERM, RunError, "ended by signal SIGTERM: its run is not finished"),
        (signal.SIGKILL, RunError, "ended by signal SIGKILL: its run is not finished"),
    ],
)
def test_a_signal_to_the_program_is_never_an_output(endless, monkeypatch, number, error, told):
    at_the_start(monkeypatch, lambda process: process.send_signal(number))
    with pytest.raises(error, match=told):
        endless()


def test_an_exception_in_the_users_report_ends_the_program(endless, monkeypatch):
    begun = []
    at_the_start(monkeypatch, begun.append)

    def report(done, elapsed):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        endless(report=report)
    assert begun[0].returncode == -signal.SIGKILL


@pytest.mark.parametrize("rest", [lambda b: b[:-1], lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[8:]])
def test_a_result_that_is_cut_short_is_refused(monkeypatch, rest):
    program = bioplast.compile(networks.single(), 5 * ms, "cpp", namespace={})
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: rest(read(path)))
    with pytest.raises(RunError, match="result of the C\\+\\+ program"):
        program()


@pytest.mark.parametrize(
    ("file", "told"),
    [("data", "cannot write the data of the run to .*No space left"), ("results.part", "No space left")],
)
def test_a_full_disk_is_told_in_one_line(monkeypatch, tmp_path, file, told):
    class Full:
        def __init__(self, **_):
            (tmp_path / file).symlink_to("/dev/full")

        def __enter__(self):
            return str(tmp_path)

        def __exit__(self, *_):
            pass

    program = bioplast.compile(networks.single(), 5 * ms, "cpp", namespace={})
    monkeypatch.setattr(compiled_program.tempfile, "TemporaryDirectory", Full)
    with pytest.raises(RunError, match=told) as caught:
        program()
    assert "\n" not in str(caught.value)


def test_no_folder_for_temporary_files_is_told_in_one_line(monkeypatch):
    def refuse(**_):
        raise FileNotFoundError(2, "No usable temporary directory found")

    program = bioplast.compile(networks.single(), 5 * ms, "cpp", namespace={})
    monkeypatch.setattr(compiled_program.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(RunError, match="No usable temporary directory found"):
        program()


def test_ctrl_c_on_numpy_ends_the_run_and_leaves_the_network_as_it_was():
    code = """
import os, signal
network = networks.single()
program = bioplast.compile(network, 1000*second, "numpy", namespace={})
before = program.values
def report(done, elapsed):
    os.kill(os.getpid(), signal.SIGINT)
try:
    program({"cells.v": [0.5, 0.5]}, report=report)
except KeyboardInterrupt:
    print("interrupted", all(np.array_equal(before[k], v) for k, v in program.values.items()), network.t_)
    print(len(network["trace"].t), network["cells"].v[:].tolist())
"""
    assert interpreter.run(code).split("\n")[:2] == ["interrupted True 0.0", "0 [0.0, 0.0]"]


def test_a_killed_parent_leaves_no_program_behind():
    code = """
program = bioplast.compile(networks.single(), 1000*second, "cpp", namespace={})
from bioplast.program.codegen import program as compiled_program
started = compiled_program.subprocess.Popen
def popen(*arguments, **options):
    process = started(*arguments, **options)
    print(process.pid, flush=True)
    return process
compiled_program.subprocess.Popen = popen
program()
"""
    parent = interpreter.start(code)
    child = int(parent.stdout.readline())
    assert running(child)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 60
    while running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(child)
    parent.stdout.close()
    parent.stderr.close()


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        pass
    if Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_result_of_a_run_after_an_interrupted_one_is_right(endless, monkeypatch):
    with monkeypatch.context() as patched:
        at_the_start(patched, lambda process: process.send_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            endless()
    short = bioplast.compile(endless.network, 5 * ms, "cpp", namespace={})
    np.testing.assert_allclose(short().states["trace"]["v"][:2, 0], [0, 1.5 * 0.1 / 10])
