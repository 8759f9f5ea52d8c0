"""Quantities of a wrong unit, in whatever they are packed, are refused wherever values come in; right ones arrive."""

from __future__ import annotations

import functools

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Quantity, SpikeGeneratorGroup, StateMonitor, TimedArray, amp, ms, mV, nA, nS
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import bioplast
from bioplast import BlackBox, Neuron, Parameter, learning
from bioplast.errors import BioplastError
from bioplast.models import ampa, ampa_synapse, lif, pair_stdp

SECOND, VOLT, AMP, SIEMENS = (unit.dim for unit in (brian2.second, brian2.volt, brian2.amp, brian2.siemens))
UNITS = [mV, nA, ms, brian2.Hz, nS, brian2.pF, brian2.Mohm, brian2.um]
NAMES = dict(zip(map(str, UNITS), ("volt", "amp", "second", "hertz", "siemens", "farad", "ohm", "metre"), strict=True))


# What a program has ---------------------------------------------------------------------------------------------------


@functools.cache
def network():
    drive = TimedArray([1, 2] * nA, dt=1 * ms)
    cells = NeuronGroup(
        2,
        "dv/dt = (-v + 0*drive(t)*mV/nA)/tau : volt\ntau : second (constant)",
        method="euler",
        name="cells",
        namespace={"drive": drive},
    )
    cells.tau = 10 * ms
    source = SpikeGeneratorGroup(2, [], [] * ms, name="source")
    return Network(cells, source, StateMonitor(cells, "v", record=True, name="trace"))


@functools.cache
def program(target="numpy"):
    return bioplast.compile(network(), 2 * ms, target, namespace={})


@functools.cache
def layers():
    made = (lif + ampa).group(2, name="before*"), (lif + ampa).group(2, name="after*")
    return (*made, Network(*made))  # a group that no network has is warned of


def connected(rule, **values):
    pre, post, net = layers()
    synapses = rule.connect(pre, post, i=[0, 1], j=[1, 0], **values)
    net.add(synapses)
    net.remove(synapses)
    return synapses


def grouped(neuron, **values):
    group = neuron.group(2, **values)
    Network(group)
    return group


def trained(train=None, values=None, inputs=None):
    """A way into `learning.fit`, whose program is compiled when what it is given is right."""
    settings = {"train": train or {"cells.tau": learning.Trainable(10 * ms)}, "values": values, "epochs": 1, "batch": 2}
    drives = {"drive": np.ones((2, 2)) * 1e-9} if inputs is None else inputs
    return learning.fit(
        program("jax"), drives, np.zeros(2), loss=lambda out, _: out.states["trace"]["v"][-1, 0], **settings
    )


#: Where two numbers come in, by name: the unit, and what gives the numbers that arrive (None where that is not seen).
TWO = {
    "call, state": (VOLT, lambda x: program()({"cells.v": x}).states["trace"]["v"][0]),
    "call, parameter": (SECOND, lambda x: program()({"cells.tau": x}).final["cells.tau"]),
    "call, TimedArray": (AMP, lambda x: program()(inputs={"drive": x}) and None),
    "call, times of spikes": (SECOND, lambda x: program()(inputs={"source": (x, [0, 1])}) and None),
    "batch": (VOLT, lambda x: program().batch({"cells.v": [x, x]})[1].states["trace"]["v"][0]),
    "batch, TimedArray": (AMP, lambda x: program().batch(inputs={"drive": [x, x]}) and None),
    "batch, times of spikes": (SECOND, lambda x: program().batch(inputs={"source": [(x, [0, 1])]}) and None),
    "jax, batch": (VOLT, lambda x: program("jax").batch({"cells.v": [x, x]})[1].states["trace"]["v"][0]),
    "write_back": (SECOND, lambda x: program().write_back({"cells.tau": x}) or network()["cells"].tau[:]),
    "group, parameter": (VOLT, lambda x: grouped(lif, E_L=x).E_L[:]),
    "group, variable": (VOLT, lambda x: grouped(lif, v=x).v[:]),
    "group, input": (AMP, lambda x: grouped(lif, I=x).I[:]),
    "group, input of a sum": (AMP, lambda x: grouped(lif + ampa, I=x).I_ext[:]),
    "group, variable of a receptor": (SIEMENS, lambda x: grouped(lif + ampa, g_ampa=x).g_ampa[:]),
    "group, parameter of a receptor": (SECOND, lambda x: grouped(lif + ampa, tau_ampa=x).tau_ampa[:]),
    "group, initial values": (VOLT, lambda x: grouped(Neuron("dv/dt = -v/ms : volt", initial={"v": x})).v[:]),
    "connect, weight": (SIEMENS, lambda x: connected(ampa_synapse, w=x).w[:]),
    "connect, plasticity": (SECOND, lambda x: connected(pair_stdp, tau_plus=x).tau_plus[:]),
    "connect, delay": (SECOND, lambda x: connected(ampa_synapse, delay=x).delay[:]),
    "connect, delay by name": (SECOND, lambda x: connected(pair_stdp, delay={"post": x}).post.delay[:]),
}  # fmt: skip

#: Where one number comes in.
ONE = {
    "compile": (SECOND, lambda x: bioplast.compile(network(), x, "numpy", namespace={}).duration),
    "compile, watch": (SECOND, lambda x: bioplast.compile(network(), 1 * ms, "numpy", watch=x, namespace={}).watch),
    "duration": (SECOND, lambda x: program()(duration=x).duration),
    "group, one value": (VOLT, lambda x: grouped(lif, v=x).v[0]),
    "group, dt": (SECOND, lambda x: grouped(lif, dt=x).clock.dt),
    "connect, one weight": (SIEMENS, lambda x: connected(ampa_synapse, w=x).w[0]),
    "connect, one delay": (SECOND, lambda x: np.ravel(connected(ampa_synapse, delay=x).delay[:])[0]),
    "replace": (VOLT, lambda x: lif.replace(E_L=x).parameters["E_L"].value),
    "replace, initial value": (VOLT, lambda x: lif.replace(v=x).initial["v"]),
    "high": (VOLT, lambda x: Parameter(0 * mV, low=-1 * mV, high=x).high),
    "low": (VOLT, lambda x: Parameter(1 * mV, low=x, high=1000 * mV).low),
    "refractory": (SECOND, lambda x: Neuron("dv/dt = -v/ms : volt", threshold="v > 0*mV", refractory=x).refractory),
    "suggested dt": (SECOND, lambda x: lif.replace(dt=x).dt),
    "black box": (SECOND, lambda x: BlackBox(max, {"a": Parameter(1, low=0, high=2)}, dt=x).dt),
}  # fmt: skip

#: Ways into `fit`, which are entered with a wrong unit only: with a right one, training begins.
FIT = {
    "fit, unit": (SECOND, lambda x: trained(train={"cells.tau": learning.Trainable(x)})),
    "fit, low": (SECOND, lambda x: trained(train={"cells.tau": learning.Trainable(10 * ms, low=x)})),
    "fit, high": (SECOND, lambda x: trained(train={"cells.tau": learning.Trainable(10 * ms, high=x)})),
    "fit, unit alone": (SECOND, lambda x: trained(train={"cells.tau": x})),
}
FIT_TWO = {
    "fit, start": (SECOND, lambda x: trained(values={"cells.tau": x})),
    "fit, inputs": (AMP, lambda x: trained(inputs={"drive": [x, x]})),
}


# What it is packed in -------------------------------------------------------------------------------------------------


def variable(unit):
    """A variable of a group that has the numbers 0.5 and 1."""
    group = NeuronGroup(2, f"x : {NAMES[str(unit)]}", name="packing*")
    Network(group)
    group.x = [0.5, 1] * unit
    return group.x


def synaptic(unit):
    pre, post, _ = layers()
    synapses = brian2.Synapses(pre, post, f"x : {NAMES[str(unit)]}", name="packing_synapses*")
    Network(synapses)
    synapses.connect(j="i")
    synapses.x = [0.5, 1] * unit
    return synapses.x


PACKED = {
    "quantity": lambda unit: [0.5, 1] * unit,
    "list": lambda unit: [0.5 * unit, 1 * unit],
    "tuple": lambda unit: (0.5 * unit, 1 * unit),
    "list of arrays": lambda unit: [np.array(0.5) * unit, np.float64(1) * unit],
    "objects": lambda unit: np.array([0.5 * unit, 1 * unit], dtype=object),
    "float32": lambda unit: Quantity(np.array([0.5, 1], dtype=np.float32) * float(unit), dim=unit.dim),
    "variable": variable,
    "synaptic variable": synaptic,
    "slice": lambda unit: variable(unit)[:],
    "elements": lambda unit: [variable(unit)[0], variable(unit)[1]],
    "reversed": lambda unit: ([1, 0.5] * unit)[::-1],
}
NESTED = {
    "column": lambda unit: [[0.5 * unit], [1 * unit]],
    "row": lambda unit: ([0.5 * unit, 1 * unit],),
    "tuple of quantities": lambda unit: ([0.5] * unit, [1] * unit),
    "list of variables": lambda unit: [variable(unit), variable(unit)],
}
SINGLE = {
    "one quantity": lambda unit: 0.5 * unit,
    "array": lambda unit: np.array(0.5) * unit,
    "numpy scalar": lambda unit: np.float64(0.5) * unit,
    "element": lambda unit: variable(unit)[0],
    "element of an array": lambda unit: ([0.5, 1] * unit)[0],
}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(TWO | FIT_TWO)), st.sampled_from(UNITS), st.sampled_from(sorted(PACKED | NESTED)))
def test_two_numbers_of_a_wrong_unit_are_refused_and_those_of_the_right_one_arrive(name, unit, form):
    dimensions, enter = (TWO | FIT_TWO)[name]
    right = unit.dim is dimensions and form not in NESTED
    assume(not (right and name in FIT_TWO))
    value = (PACKED | NESTED)[form](unit)
    if not right:
        with pytest.raises(BioplastError) as caught:
            enter(value)
        assert "\n" not in str(caught.value)
        return
    found = enter(value)
    if found is not None:
        np.testing.assert_allclose(np.asarray(found), np.array([0.5, 1]) * float(unit), rtol=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(ONE | FIT)), st.sampled_from(UNITS), st.sampled_from(sorted(SINGLE | PACKED | NESTED)))
def test_one_number_of_a_wrong_unit_is_refused_and_that_of_the_right_one_arrives(name, unit, form):
    dimensions, enter = (ONE | FIT)[name]
    right = unit.dim is dimensions and form in SINGLE
    takes_two = name in ("group, one value", "connect, one weight", "connect, one delay", "replace, initial value")
    assume(not (unit.dim is dimensions and (name in FIT or (takes_two and form in PACKED))))
    value = (SINGLE | PACKED | NESTED)[form](unit)
    if not right:
        with pytest.raises(BioplastError) as caught:
            enter(value)
        assert "\n" not in str(caught.value)
    else:
        np.testing.assert_allclose(float(enter(value)), 0.5 * float(unit), rtol=1e-12)


@pytest.mark.parametrize("name", sorted(TWO))
def test_every_entrance_takes_a_list_of_quantities(name):
    dimensions, enter = TWO[name]
    unit = next(unit for unit in UNITS if unit.dim is dimensions)
    found = enter([0.5 * unit, 1 * unit])
    assert found is None or np.asarray(found) == pytest.approx(np.array([0.5, 1]) * float(unit), rel=1e-12)


def test_amperes_for_a_neuron_without_a_unit_are_refused():
    plain = Neuron("dx/dt = (a - x)/ms : 1", parameters={"a": Parameter(1.0)})
    with pytest.raises(BioplastError, match="a is in amp; expected no unit"):
        plain.group(2, a=[1 * amp, 2 * amp])
