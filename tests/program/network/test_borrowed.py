"""Subexpressions that are read from elsewhere, with a constant of another value there: what Brian2 does is told."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, TimedArray, linked_var, ms, mV

import bioplast

#: What reads x, twice k in the group "one": a model and statements of synapses.
SYNAPSES = {
    "a statement": {"on_pre": "y_post += x_pre"},
    "a sum": {"model": "y_post = x_pre : 1 (summed)"},
    "a subexpression": {"model": "own = x_pre : 1", "on_pre": "y_post += own"},
    "a subexpression of two": {"on_pre": "y_post += double_pre/2"},
    "a rate": {"model": "dw/dt = (x_pre - w)/ms : 1 (clock-driven)", "on_pre": "y_post += 0*w + x_pre"},
}
TOLD = r"'{}' reads '{}', whose equations in 'one' refer to 'k': Brian2 takes {} for it, .* and not the {} of 'one'"


def one(k=2.0):
    equations = "x = k*v : 1\ndouble = 2*x : 1\nv : 1"
    group = NeuronGroup(1, equations, threshold="v > 0", reset="", dt=1 * ms, namespace={"k": k}, name="one")
    group.v = 1
    return group


def network(reads, k):
    before, after = one(), NeuronGroup(1, "y : 1", dt=1 * ms, name="other")
    synapses = Synapses(before, after, namespace={"k": k}, name="synapses", dt=1 * ms, method="euler", **reads)
    synapses.connect()
    return Network(before, after, synapses)


def reached(made, names=None):
    return bioplast.compile(made, 1 * ms, "numpy", namespace=names or {})().final["other.y"][0]


@pytest.mark.parametrize("reads", SYNAPSES)
def test_the_constant_of_the_synapses_is_told(reads):
    with pytest.warns(RuntimeWarning, match=TOLD.format("synapses", r"\w+_pre", "100.0", "2.0")):
        assert reached(network(SYNAPSES[reads], 100.0)) == 100  # and so it is in Brian2
    plain = network(SYNAPSES[reads], 100.0)
    plain.run(1 * ms, namespace={})
    assert plain["other"].y[0] == 100


@pytest.mark.parametrize("reads", SYNAPSES)
def test_the_same_constant_needs_no_word(reads):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert reached(network(SYNAPSES[reads], 2)) == 2


def test_what_is_not_read_needs_no_word():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert reached(network({"on_pre": "y_post += k*v_pre"}, 100.0)) == 100


def test_a_linked_variable_has_the_constants_of_the_group_that_it_is_in():
    def linked(k):
        before = one()
        after = NeuronGroup(1, "z : 1 (linked)\ny = z : 1", dt=1 * ms, namespace={"k": k}, name="other")
        after.z = linked_var(before, "x")
        return Network(before, after, StateMonitor(after, "y", record=True, dt=1 * ms, name="seen"))

    with pytest.warns(RuntimeWarning, match=TOLD.format("other", "z", "100.0", "2.0")):
        made = bioplast.compile(linked(100.0), 1 * ms, "numpy", namespace={})
    np.testing.assert_array_equal(made().states["seen"]["y"], [[100.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        bioplast.compile(linked(2.0), 1 * ms, "numpy", namespace={})


@pytest.mark.parametrize(
    ("named", "told", "reached"), [("double", "100.0", 200.0), ("x", "the variable of that name", 7)]
)
def test_a_linked_variable_is_looked_through_to_the_last_constant(named, told, reached):
    before = one()
    variables = "k : 1\n" if told.startswith("the variable") else ""
    after = NeuronGroup(1, f"z : 1 (linked)\n{variables}y = z : 1", dt=1 * ms, namespace={"k": 100.0}, name="other")
    after.z = linked_var(before, named)
    if variables:
        after.k = 7
    made = Network(before, after, StateMonitor(after, "y", record=True, dt=1 * ms, name="seen"))
    with pytest.warns(RuntimeWarning, match=TOLD.format("other", "z", told, "2.0")):
        program = bioplast.compile(made, 1 * ms, "numpy", namespace={})
    np.testing.assert_array_equal(program().states["seen"]["y"], [[reached]])


@pytest.mark.parametrize(
    "reads",
    [
        {"model": "k : 1", "on_pre": "y_post += x_pre"},
        {"model": "k = 7*int(True) : 1", "on_pre": "y_post += x_pre"},
        {"on_pre": "z = 1; k = 7\ny_post += x_pre"},
    ],
)
def test_a_variable_with_the_name_of_a_constant_is_told(reads):
    made = network(reads, 2.0)
    if reads.get("model") == "k : 1":
        made["synapses"].k = 7
    with pytest.warns(RuntimeWarning, match=TOLD.format("synapses", "x_pre", "the variable of that name", "2.0")):
        assert reached(made) == 7


def test_what_synapses_do_regularly_and_what_is_recorded_of_them_is_told():
    made = network({"model": "w : 1", "on_pre": "y_post += 0"}, 100.0)
    made["synapses"].run_regularly("w = x_pre", dt=1 * ms)
    with pytest.warns(RuntimeWarning, match=TOLD.format("synapses", "x_pre", "100.0", "2.0")):
        out = bioplast.compile(made, 1 * ms, "numpy", namespace={})()
    assert out.final["synapses.w"][0] == 100
    made = network({"on_pre": "y_post += 0"}, 100.0)
    made.add(StateMonitor(made["synapses"], "x_pre", record=True, dt=1 * ms, name="seen"))
    with pytest.warns(RuntimeWarning, match=TOLD.format("synapses", "x_pre", "100.0", "2.0")):
        out = bioplast.compile(made, 1 * ms, "numpy", namespace={})()
    np.testing.assert_array_equal(out.states["seen"]["x_pre"], [[100.0]])


def test_a_spike_monitor_has_the_constants_of_the_run():
    def recorded(k):
        group = one()
        made = Network(group, SpikeMonitor(group, "x", name="spikes"))
        return bioplast.compile(made, 1 * ms, "numpy", namespace={"k": k})

    with pytest.warns(RuntimeWarning, match=TOLD.format("spikes", "x", "100.0", "2.0")):
        made = recorded(100.0)
    np.testing.assert_array_equal(made().spikes["spikes"].variables["x"], [100.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        recorded(2.0)


def test_units_and_tables_are_compared_as_what_they_are():
    def told(theirs, ours):
        before = NeuronGroup(
            1, "x = 0*v + drive(t)/scale : 1\nv : 1", threshold="v > 0", reset="", dt=1 * ms, name="one"
        )
        before.namespace.update(theirs)
        after = NeuronGroup(1, "y : 1", dt=1 * ms, name="other")
        synapses = Synapses(before, after, on_pre="y_post += x_pre", namespace=ours, name="synapses", dt=1 * ms)
        synapses.connect()
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always", RuntimeWarning)
            bioplast.compile(Network(before, after, synapses), 1 * ms, "numpy", namespace={})
        return [re.search("refer to '(.*?)'", str(each.message)).group(1) for each in found]

    table, same = (TimedArray([1.0, 2.0], dt=1 * ms) for _ in range(2))
    longer = TimedArray([1.0, 2.0], dt=2 * ms)
    assert told({"drive": table, "scale": 1}, {"drive": same, "scale": 1.0}) == []
    assert told({"drive": table, "scale": 1}, {"drive": longer, "scale": 1.0}) == ["drive"]
    assert told({"drive": table, "scale": 1.0}, {"drive": longer, "scale": 2.0}) == ["drive", "scale"]


def test_names_of_the_run_are_the_same_for_all():
    before = NeuronGroup(1, "x = k*v/mV : 1\nv : volt", threshold="v > 0*mV", reset="", dt=1 * ms, name="one")
    before.v = 1 * mV
    after = NeuronGroup(1, "y : 1", dt=1 * ms, name="other")
    synapses = Synapses(before, after, on_pre="y_post += x_pre", name="synapses", dt=1 * ms)
    synapses.connect()
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert reached(Network(before, after, synapses), {"k": 3.0}) == pytest.approx(3)
