"""A state that turns NaN or infinite ends the run with a line that says which, where and when."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from support import networks

import bioplast
from bioplast.errors import NonFiniteError

DT = 1e-4

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered")  # what is looked for


def compiled(target, duration=20 * ms, **options):
    return bioplast.compile(networks.fragile(), duration, target, namespace={}, **options)


def first_infinite_step(x):
    """Euler's steps of dx/dt = x**2 by hand: how many until the result is not finite."""
    step = 0
    with np.errstate(over="ignore"):
        while np.isfinite(x):
            x, step = x + DT * np.float64(x) ** 2, step + 1
    return step


@pytest.mark.parametrize("target", ["numpy", "cpp"])
@pytest.mark.parametrize(("key", "told"), [("cells.v", "v of neuron 1 in 'cells'"), ("synapses.g", "g of synapse 1")])
def test_the_variable_the_neuron_and_the_time_are_told(target, key, told):
    step = first_infinite_step(100.0)
    assert 100 < step < 200  # the exact solution ends after 1/100 s
    values = {key: [0.0, 100.0, 0.0]}
    with pytest.raises(NonFiniteError) as caught:
        compiled(target, step * 0.1 * ms, watch=0.1 * ms)(values)
    assert told in str(caught.value)
    assert f"is inf at {step / 10:.10g} ms" in str(caught.value)
    compiled(target, (step - 1) * 0.1 * ms, watch=0.1 * ms)(values)  # until then all is well


@pytest.mark.parametrize("target", ["numpy", "cpp"])
def test_the_time_lies_between_two_looks(target):
    step = first_infinite_step(100.0)
    with pytest.raises(NonFiniteError) as caught:
        compiled(target, watch=3 * ms)({"cells.v": [0, 100, 0]})
    found = -(-step // 30) * 3  # the next look, every 30 steps
    assert f"is inf at {found} ms (last finite at {found - 3} ms)" in str(caught.value)


@pytest.mark.parametrize("target", ["numpy", "cpp"])
def test_the_end_of_a_run_is_looked_at_however_rare_the_looks(target):
    with pytest.raises(NonFiniteError, match="v of neuron 2 in 'cells' is inf at 20 ms"):
        compiled(target, watch=1000 * ms)({"cells.v": [0, 0, 1e4]})


@pytest.mark.parametrize("target", ["numpy", "cpp"])
def test_without_a_watch_the_run_goes_on(target):
    out = compiled(target, watch=None)({"cells.v": [0, 100, 0]})
    assert out.final["cells.v"].tolist() == [0, np.inf, 0]


@pytest.mark.parametrize("target", ["numpy", "cpp"])
def test_what_is_infinite_from_the_start_is_no_error(target):
    out = compiled(target)({"cells.cube": 0})  # cells.limit is infinite
    assert np.isinf(out.final["cells.limit"]).all()
    assert compiled(target)({"cells.v": np.inf}).final["cells.v"].tolist() == [np.inf] * 3


def test_slow_clocks_do_not_blur_the_time():
    network = networks.driven()
    program = bioplast.compile(network, 5 * ms, "cpp", namespace={}, watch=0.1 * ms)
    gain = np.array([1.0, -np.inf])  # +inf would be a spike and a reset
    with pytest.raises(NonFiniteError, match=r"v of neuron 0 in 'first' is -inf at 2\.1 ms \(last finite at 2 ms\)"):
        program(inputs={"gain": gain})
