"""What the user's own functions raise is told as theirs, and what is asked for by a wrong name in one line."""

from __future__ import annotations

import pickle

import jax
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, PopulationRateMonitor, SpikeMonitor, StateMonitor, ms, network_operation

import bioplast
from bioplast.errors import BioplastError, UnknownName
from bioplast.progress import progress_bar

TARGETS = ["numpy", pytest.param("cpp", marks=pytest.mark.long), "jax", "native"]


class MineError(Exception):
    pass


def cells():
    group = NeuronGroup(2, "dv/dt = (2 - v)/(2*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    parts = [SpikeMonitor(group, name="spikes"), StateMonitor(group, "v", record=True, name="trace")]
    return Network(group, *parts, PopulationRateMonitor(group, name="rate"))


@pytest.fixture(scope="module", params=TARGETS)
def program(request):
    return bioplast.compile(cells(), 3 * ms, request.param, namespace={})


@pytest.mark.parametrize("error", [MineError("stop"), KeyError("mine"), BioplastError("mine"), KeyboardInterrupt()])
def test_what_a_progress_function_raises_is_raised_as_it_is(program, error):
    def tell(done, seconds):
        raise error

    with pytest.raises(type(error)) as raised:
        program(seed=1, progress=tell)
    assert raised.value is error
    assert program(seed=1).counts["spikes"].sum() > 0


@pytest.mark.parametrize("wrong", ["yes", 1, None, [True]])
def test_a_progress_that_is_neither_is_refused(program, wrong):
    with pytest.raises(BioplastError, match=r"progress is .*: True, False or a function is accepted"):
        program(seed=1, progress=wrong)
    with pytest.raises(BioplastError, match="progress is"), progress_bar("work", wrong):
        pass


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("mine"), "'ticking': KeyError: 'mine'"),
        (KeyError("two words"), "'ticking': KeyError: 'two words'"),
        (MineError("some\nlines"), "'ticking': .*MineError: some lines"),
        (NotImplementedError(), "'ticking': NotImplementedError"),
        (ZeroDivisionError("by zero"), "'ticking': ZeroDivisionError: by zero"),
    ],
)
def test_what_a_network_operation_raises_is_told_as_python_tells_it(error, told):
    network = cells()

    @network_operation(name="ticking")
    def operation():
        raise error

    network.add(operation)
    with pytest.raises(BioplastError, match=f"^{told}$") as raised:
        bioplast.compile(network, 1 * ms, "numpy", namespace={})()
    cause = raised.value
    while cause.__cause__ is not None:
        cause = cause.__cause__
    assert cause is error


def test_a_monitor_that_does_not_exist_is_told(program):
    outs = [program(seed=1), program.batch(seed=[1, 2])]
    if program.target == "jax":
        with jax.enable_x64(True):
            outs += [jax.jit(lambda v: program({"cells.v": v, "network.t": 0.0}))(np.zeros(2))]
    for out in outs:
        with pytest.raises(UnknownName, match=r"unknown spike monitor 'spike': did you mean 'spikes'\?"):
            out.events("spike")
        for ask in (out.events, out.raster):
            with pytest.raises(BioplastError, match=r"a monitor is asked for by its name, not by a list: \['spikes'\]"):
                ask(["spikes"])
        with pytest.raises(UnknownName, match=r"unknown state monitor 'tracs': did you mean 'trace'\?"):
            out.states["tracs"]
        with pytest.raises(UnknownName, match=r"unknown spike monitor.* 'x'"):
            out.counts["x"]
        assert out.states.get("tracs") is None
    again = pickle.loads(pickle.dumps(outs[0]))
    np.testing.assert_array_equal(again.states["trace"]["v"], outs[0].states["trace"]["v"])
    with pytest.raises(UnknownName, match="unknown rate monitor 'x': accepted: rate"):
        again.rates["x"]


def test_neo_has_a_block_for_each_run_and_none_of_what_is_traced():
    program = bioplast.compile(cells(), 3 * ms, "jax", namespace={})
    blocks = program.batch(seed=[1, 2]).to_neo()
    assert [len(block.segments[0].spiketrains) for block in blocks] == [2, 2]
    with jax.enable_x64(True), pytest.raises(BioplastError, match=r"to_neo\(\) needs the numbers of one run: call the"):
        jax.jit(lambda v: program({"cells.v": v, "network.t": 0.0}))(np.zeros(2)).to_neo()
