"""A run on target native that is interrupted ends within a second, and its report is the user's own affair."""

from __future__ import annotations

import pytest
from brian2 import Network, NeuronGroup, ms, second
from support import interpreter

import bioplast

pytestmark = pytest.mark.build


def test_ctrl_c_ends_the_run_and_leaves_the_network_as_it_was():
    code = """
import os, signal, threading, time
import numpy as np
network = Network(NeuronGroup(10, "dx/dt = -x/(5*ms) : 1", method="exact", name="cells", namespace={}))
program = bioplast.compile(network, 1e7*second, "native", namespace={})
program(duration=0.1*ms)
before = program.values
sent = []
def interrupt():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)
threading.Timer(0.3, interrupt).start()
try:
    program.batch(seed=[1, 2, 3])
except KeyboardInterrupt:
    soon = time.perf_counter() - sent[0] < 1
    print("interrupted", soon, all(np.array_equal(before[k], v) for k, v in program.values.items()))
"""
    assert interpreter.run(code).split("\n")[0] == "interrupted True True"


def test_a_report_is_told_how_far_it_is_and_may_end_the_run():
    seen = []

    def report(done, elapsed):
        seen.append((done, elapsed))
        if len(seen) == 3:
            raise ZeroDivisionError

    cells = NeuronGroup(10, "dx/dt = -x/(5*ms) : 1", method="exact", name="cells", namespace={})
    program = bioplast.compile(Network(cells), 1e5 * second, "native", namespace={})
    with pytest.raises(ZeroDivisionError):
        program(progress=report)
    assert 0 < seen[0][0] < seen[1][0] < seen[2][0] < 1
    assert 0 < seen[0][1] < seen[1][1]
    seen.clear()
    program(progress=lambda *told: seen.append(told), duration=1 * ms)
    assert seen[-1][0] == 1
