"""A process that ignores Ctrl-C, as a job in the background of a script does, still ignores it with Brian2 in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

CODE = """
import os, signal
{before}
import bioplast
from brian2 import Network, ms, network_operation, prefs
from bioplast.models import lif

prefs.codegen.target = "numpy"
os.kill(os.getpid(), signal.SIGINT)
cells = lif.group(1, name="cells", dt=1*ms)

@network_operation(dt=1*ms)
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

network = Network(cells, interrupt)
network.run(5*ms)
print("ran", network.t/ms)
program = bioplast.compile(Network(lif.group(1, name="others", dt=1*ms)), 3*ms, target="numpy")
print("and", float(program().final["network.t"])*1e3)
"""


@pytest.mark.parametrize("before", ["", "import brian2"])
def test_an_ignored_interrupt_stays_ignored(before):
    shell = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    done = subprocess.run(
        [*shell, sys.executable, "-W", "ignore", "-c", CODE.format(before=before)],
        capture_output=True,
        text=True,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ran", "5.0", "and", "3.0"]


def test_where_it_is_not_ignored_brian2_stops_as_ever():
    code = CODE.replace("os.kill(os.getpid(), signal.SIGINT)\ncells", "cells").format(before="")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        # where the tests run in the background it is ignored, and that would be inherited
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    assert done.stdout.splitlines()[0] == "ran 1.0", done.stderr
