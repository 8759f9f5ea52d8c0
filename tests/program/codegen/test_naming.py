"""Names that meet in generated code, and constants that C++ writes otherwise than Python."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, inf, linked_var, ms, mV
from support.parity import assert_same

import bioplast
from bioplast.errors import BioplastError, Unsupported
from bioplast.program.cpp.lowering import lower


def cells(name, equations="x : 1", number=3, **options):
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "namespace": {}} | options
    group = NeuronGroup(number, f"dv/dt = (1.2 - v)/(5*ms) : 1\n{equations}", name=name, **options)
    group.v = np.linspace(0, 0.9, number)
    return group


def meeting():
    """E_1 and E_2 become E and E_1 in C++, where w_E_1_x is not to become w_E_x."""
    source = cells("E_1", "x : 1\nz = 2*x + v : 1", 6)
    source.x = np.linspace(0.1, 0.6, 6)
    target = cells("E_2", "x : 1\nE_1_x : 1\nE_x : 1\nz_E_1_y : 1 (linked)\nz_E_y : 1 (linked)\nseen : 1")
    target.z_E_1_y = linked_var(source, "z", index=[0, 1, 2])
    target.z_E_y = linked_var(source, "x", index=[3, 4, 5])
    target.run_regularly("seen = z_E_1_y + 10*z_E_y", dt=1 * ms, name="E_2_look")
    # named as Brian2 names subgroups, and as what every program has
    other, runtime = cells("E_1_subgroup_1"), cells("runtime", "clocks : 1\ndata : 1\nn : 1\nrows_ : 1\nx : 1")
    model = "w_E_1_x : 1\nw_E_x : 1\nE_1_z = 2*z_pre : 1\nE_z = z_pre : 1"
    first = Synapses(source[:3], target, model, on_pre="x_post += w_E_1_x + w_E_x*E_1_z + E_z*E_x_post", name="E_3")
    first.connect()
    first.w_E_1_x, first.w_E_x = 0.01, 0.002
    summed = Synapses(source[3:], target, "E_1_x_post = x_pre : 1 (summed)\nw : 1", on_pre="E_x_post += w", name="w_E")
    summed.connect(j="i")
    summed.w = 0.3
    last = Synapses(source[3:], other, "E_1_subgroup_x : 1", on_pre="x_post += E_1_subgroup_x", name="std")
    last.connect()
    last.E_1_subgroup_x = 0.1
    runtime.run_regularly("clocks += 1\ndata += 2\nn += 3\nrows_ += clocks", dt=2 * ms, name="main")
    # the last two never take part: constants that C++ cannot write as Python does
    constants = {"high": np.inf, "low": -np.inf * mV / mV, "big": 2**60 + 1, "near": 2**60, "none": np.nan}
    wide = cells("wide", "x : 1\ny : 1", threshold="v > 1 and v < high", reset="v = 0", namespace=constants)
    wide.run_regularly("x = clip(v, low, high)\ny = int(v > 5)*0 + (big - near)", name="wide_limits")
    wide.run_regularly("x = none", when="end", dt=100 * ms, name="wide_never")
    groups = [source, target, other, runtime, wide]
    states = [StateMonitor(group, True, record=True, name=f"{group.name}_states") for group in groups]
    return Network(groups, first, summed, last, states, SpikeMonitor(source[2:4], name="E_spikes"))


@pytest.mark.build
@pytest.mark.parametrize("target", ["cpp", "jax"])
def test_names_that_meet_stay_apart(target):
    network = meeting()

    start = {"network.t": 1 * ms, "wide.x": 0}
    expected, found = (bioplast.compile(network, 10 * ms, t, namespace={})(start, seed=1) for t in ("numpy", target))
    assert len(expected.spikes["E_spikes"].times) and expected.final["E_2.x"].min() > 0.01
    assert expected.final["wide.y"][0] == 1 and expected.final["E_2.E_x"].min() > 0
    assert_same(expected, found)


def test_lowered_names_do_not_depend_on_what_else_was_made():
    one, other = lower(meeting(), {}).sources, lower(meeting(), {}).sources
    assert one == other


@pytest.mark.parametrize("name", ["default", "double", "errno", "NULL", "xor"])
def test_a_word_of_cpp_is_refused_by_name(name):
    group = NeuronGroup(1, f"v : 1\n{name} : 1", name="E_1")
    group.run_regularly(f"v += {name}", name="regular")
    with pytest.raises(Unsupported) as caught:
        lower(Network(group), {})
    assert f"'E_1' has a name {name!r}, which C++ keeps for itself" in str(caught.value)
    assert "use target='numpy' or 'jax'" in str(caught.value)


def test_so_are_constants():
    group = NeuronGroup(1, "v : 1", name="cells", namespace={"errno": 3.0})
    group.run_regularly("v = errno", name="regular")
    with pytest.raises(Unsupported, match=r"'cells' has a name 'errno', which C\+\+ keeps for itself"):
        lower(Network(group), {})


def test_functions_of_brian2_are_no_such_names():
    group = NeuronGroup(1, "v : 1", name="cells")
    group.run_regularly("v = int(v > 0.5)", name="regular")
    assert lower(Network(group), {}).sources


@pytest.mark.parametrize("target", ["numpy", "cpp", "jax"])
@pytest.mark.parametrize("period", [inf * ms, np.nan * ms])
def test_a_refractory_period_that_is_no_time_is_refused(target, period):
    network = Network(cells("cells", refractory=period))
    with pytest.raises(BioplastError, match=r"the refractory period of 'cells' is .*: a finite time is accepted"):
        bioplast.compile(network, 1 * ms, target, namespace={})
