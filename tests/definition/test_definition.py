"""Definitions: what they accept, what they refuse and how they say it, what Brian2 gets, how they show."""

import dataclasses
import gc
import html
import pickle
import re

import numpy as np
import pytest
from brian2 import (
    Equations,
    Hz,
    Mohm,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    amp,
    check_units,
    defaultclock,
    implementation,
    ms,
    mV,
    nA,
    nS,
    pA,
    prefs,
    second,
    siemens,
    volt,
)
from brian2.stateupdaters.base import UnsupportedEquationsException
from brian2.utils.logger import catch_logs
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast import Neuron, Parameter, Receptor, Synapse
from bioplast.definition import co_release, definition_of, merged, without_plasticity
from bioplast.definition.find import models
from bioplast.definition.sequential import sequential
from bioplast.errors import BioplastError, DefinitionError, UnknownName
from bioplast.models import ampa, ampa_synapse, gaba_a, gaba_a_synapse, izhikevich_2003, lif, pair_stdp


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def cell(equations="dv/dt = (E_L - v + R*I)/tau : volt", parameters=None, **fields):
    """A passive membrane to be spoilt in one place."""
    given = {"E_L": Parameter(-70 * mV), "R": Parameter(100 * Mohm), "tau": Parameter(10 * ms)}
    given.update(parameters or {})
    return Neuron(equations, parameters=given, name="cell", **{"input": "I", **fields})


# ---- parameters ------------------------------------------------------------------------------------------------------


def test_a_parameter_keeps_value_bounds_and_meaning():
    tau = Parameter(10 * ms, low=1 * ms, high=100 * ms, meaning="membrane time constant", scale="log")
    assert (tau.value, tau.low, tau.high) == (10 * ms, 1 * ms, 100 * ms)
    assert tau.unit == "second"
    assert tau.line("tau") == "tau : second (constant)"
    assert Parameter(3.0, shared=True).line("n") == "n : 1 (shared, constant)"
    assert Parameter(True).line("on") == "on : boolean (constant)"
    assert repr(tau) == "Parameter(10 ms, low=1 ms, high=100 ms, meaning='membrane time constant', scale='log')"
    with pytest.raises(dataclasses.FrozenInstanceError):
        tau.value = 5 * ms


def test_parameters_compare_by_value_and_unit():
    assert Parameter(1 * second) == Parameter(1000 * ms)
    assert hash(Parameter(1 * second)) == hash(Parameter(1000 * ms))
    assert Parameter(1 * second) != Parameter(1 * volt)
    assert Parameter(1 * second) != Parameter(1.0)
    assert Parameter(ms) == Parameter(1 * ms)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3 * mV, {"low": 1, "high": 2}), "low is in no unit, but the value is in volt"),
        ((3 * mV, {"low": 1 * ms, "high": 2 * ms}), "low is in second, but the value is in volt"),
        ((3, {"low": 2, "high": 1}), "low must be below high"),
        ((3, {"low": 2}), "bounds come in pairs"),
        ((3, {"low": -1, "high": 1, "scale": "log"}), "scale 'log' needs bounds above zero"),
        ((3, {"scale": "cubic"}), "'linear', 'log'"),
        (([1, 2], {}), "must be one number"),
        (("3*mV", {}), "must be one number"),
        ((float("nan"), {}), "NaN"),
    ],
)
def test_a_parameter_that_cannot_be(arguments, message):
    value, keywords = arguments
    with pytest.raises(DefinitionError, match=message):
        Parameter(value, **keywords)


# ---- groups ----------------------------------------------------------------------------------------------------------


def test_group_is_an_ordinary_neurongroup():
    group = izhikevich_2003.group(100, a=0.1 / ms)
    assert type(group) is NeuronGroup
    assert len(group) == 100
    np.testing.assert_array_equal(np.asarray(group.a), np.full(100, float(0.1 / ms)))
    np.testing.assert_allclose(group.v / mV, -65)
    np.testing.assert_allclose(np.asarray(group.u), np.asarray(group.b * group.v))


def test_parameters_stay_variables():
    group = izhikevich_2003.group(2)
    for name in izhikevich_2003.parameters:
        assert group.variables[name].constant
    assert group.variables["v_peak"].scalar
    assert not group.variables["a"].scalar
    group.a = [1, 2] * Hz
    assert list(group.a / Hz) == [1, 2]


def test_scalars_arrays_quantities_lists_and_expressions_go_in():
    group = lif.group(3, v=[-70, -65, -60] * mV, tau_m=[10 * ms, 20 * ms, 30 * ms], R_m="(i + 1)*Mohm", E_L=-70 * mV)
    np.testing.assert_allclose(group.v / mV, [-70, -65, -60])
    np.testing.assert_allclose(group.tau_m / ms, [10, 20, 30])
    np.testing.assert_allclose(group.R_m / Mohm, [1, 2, 3])
    np.testing.assert_allclose(group.E_L / mV, -70)


def test_expressions_see_the_users_own_variables_or_the_namespace():
    width = 5 * mV
    group = lif.group(2, v="E_L + i*width", tau_m="scale*ms", namespace={"scale": 7})
    np.testing.assert_allclose(group.v / mV, [-60, -55])
    np.testing.assert_allclose(group.tau_m / ms, 7)
    assert width == 5 * mV


def test_initial_values_are_set_in_the_order_written():
    equations = "dx/dt = -x/tau : 1\ndy/dt = -y/tau : 1"
    parameters = {"tau": Parameter(1 * ms)}
    first = Neuron(equations, parameters=parameters, initial={"x": 2, "y": "x + 1"})
    second_ = Neuron(equations, parameters=parameters, initial={"y": "x + 1", "x": 2})
    assert float(first.group(1).y[0]) == 3
    assert float(second_.group(1).y[0]) == 1
    assert float(first.group(1, x=10).y[0]) == 11
    assert first != second_


def test_an_initial_expression_uses_the_groups_own_parameters():
    group = izhikevich_2003.group(2, c=[-50, -60] * mV)
    np.testing.assert_allclose(group.v / mV, [-50, -60])


def test_the_arguments_of_neurongroup_are_handed_on():
    group = lif.group(2, name="pool", dt=0.5 * ms, order=3, method="euler", dtype=np.float32)
    assert group.name == "pool"
    assert group.clock.dt == 0.5 * ms
    assert group.order == 3
    assert group.state_updater.method_choice == "euler"
    assert np.asarray(group.v).dtype == np.float32
    clock = lif.group(2, clock=defaultclock).clock
    assert clock.name == "defaultclock"


def test_the_name_of_a_definition_names_its_groups():
    group = (lif + ampa).group(1)
    assert group.name.startswith("lif_ampa")


def test_the_suggested_step_is_not_imposed():
    assert izhikevich_2003.dt == 0.5 * ms
    assert izhikevich_2003.group(1).clock.name == "defaultclock"
    assert izhikevich_2003.group(1, dt=izhikevich_2003.dt).clock.dt == 0.5 * ms


def test_definition_of_a_group():
    group = lif.group(4)
    assert definition_of(group) == lif
    assert definition_of(group[1:3]) == lif
    assert definition_of(NeuronGroup(1, "v : 1")) is None
    both = lif + ampa
    synapses = ampa_synapse.connect(group, both.group(2))
    assert definition_of(synapses) == ampa_synapse


def test_shared_parameters_take_a_scalar_only():
    assert float(izhikevich_2003.group(3, v_peak=20 * mV).v_peak / mV) == 20
    with pytest.raises(DefinitionError, match=r"v_peak has shape .* since it is shared"):
        izhikevich_2003.group(3, v_peak=[20, 20, 20] * mV)


def test_boolean_parameters():
    gated = Neuron("dv/dt = int(on)*mV/ms : volt", parameters={"on": Parameter(True)}, method="euler")
    group = gated.group(2, on=[True, False], dt=1 * ms)
    Network(group).run(3 * ms)
    np.testing.assert_allclose(group.v / mV, [3, 0])


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"aa": 1}, UnknownName, r"unknown parameter or variable of izhikevich_2003 'aa': did you mean 'a'\?"),
        ({"a": 1 * mV}, DefinitionError, "izhikevich_2003: a is in volt; expected hertz"),
        ({"a": 1}, DefinitionError, "a was given without a unit; expected hertz"),
        ({"a": 0}, DefinitionError, "a was given without a unit; expected hertz"),
        ({"a": [1, 2] / ms}, DefinitionError, r"a has shape \(2,\); accepted: a scalar or shape \(100,\)"),
        ({"a": np.ones((100, 1)) / ms}, DefinitionError, r"a has shape \(100, 1\)"),
        ({"a": [1 * ms, 1 * mV]}, DefinitionError, "a: one unit is accepted, not second and volt; expected hertz"),
        ({"a": "v"}, DefinitionError, "in 'a = v': the right side is in volt; expected hertz"),
        ({"a": "b*nonsense"}, UnknownName, "'nonsense'"),
        ({"a": "b +"}, DefinitionError, "in 'a = b "),
        ({"a": None}, DefinitionError, "a: numbers are accepted, not NoneType; expected hertz"),
        ({"a": {}}, DefinitionError, "a: numbers are accepted, not dict"),
        ({"v": float("nan") * mV}, DefinitionError, "v contains NaN"),
        ({"I": 3 * nA}, DefinitionError, "I is in amp; expected volt/second"),
        ({"I": "3*nA"}, DefinitionError, "in 'I = 3.nA': the right side is in amp; expected volt/second"),
        ({"I": TimedArray([1, 2] * nA, dt=1 * ms)}, DefinitionError, "give a TimedArray as an expression"),
        ({"I_ext": 1 * mV / ms}, UnknownName, "'I_ext': accepted: I, a"),
        ({"I": "2*I"}, DefinitionError, "I='2.I' refers to itself"),
        ({"N": 0}, DefinitionError, "at least 1"),
        ({"N": 1.5}, DefinitionError, "whole number"),
        ({"method": "eular"}, UnknownName, "did you mean 'euler'"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(values, error, message):
    with pytest.raises(error, match=message) as caught:
        izhikevich_2003.group(**{"N": 100, **values})
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, BioplastError)


# ---- the input -------------------------------------------------------------------------------------------------------


def test_the_input_is_a_line_of_the_equations():
    assert "I : volt/second" in izhikevich_2003.model
    assert izhikevich_2003.input_dimensions is (volt / second).dim
    assert lif.input_dimensions is amp.dim
    assert Neuron("dv/dt = -v/ms : volt").input_dimensions is None


@pytest.mark.parametrize(
    ("equation", "unit"),
    [
        ("dv/dt = (-v + R*I)/tau : volt", amp),
        ("dv/dt = -v/tau + I*R/tau : volt", amp),
        ("dv/dt = -v/tau - (+I)/tau : volt", volt),
        ("dv/dt = -v/tau + I : volt", volt / second),
        ("dv/dt = (1/I - v)/tau : volt", 1 / volt),
        ("dv/dt = (drive - v)/tau : volt\ndrive = 2*I : volt", volt),
    ],
)
def test_the_unit_of_the_input_follows_from_the_equations(equation, unit):
    known = {"tau": Parameter(1 * ms), "R": Parameter(1 * Mohm)}
    neuron = Neuron(equation, parameters={k: p for k, p in known.items() if k in equation}, input="I")
    assert neuron.input_dimensions is unit.dim


def test_the_input_may_be_a_number_an_array_or_an_expression_in_time():
    steady = lif.group(2, I=[1, 2] * pA)
    np.testing.assert_allclose(steady.I / pA, [1, 2])
    assert "I_ext" not in steady.variables
    stimulus = TimedArray([[1, 2], [3, 4]] * mV / ms, dt=1 * ms)
    group = izhikevich_2003.group(2, dt=1 * ms, I="stimulus(t, i)", namespace={"stimulus": stimulus})
    trace = StateMonitor(group, "I", record=True, dt=1 * ms)
    Network(group, trace).run(2 * ms)
    np.testing.assert_allclose(trace.I / (mV / ms), [[1, 3], [2, 4]])


def test_an_expression_for_the_input_adds_to_the_currents_of_receptors():
    group = (lif + ampa).group(1, I="2*nA")
    group.g_ampa = 1 * nS
    assert float(group.I[0] / nA) == pytest.approx(2 + 1e-9 * 0.06 / 1e-9)


def set_whole(group, value):
    group.I = value


def set_plain(group, value):
    group.I_ = float(value)


def set_some(group, value):
    group.I[1:] = value


def set_view(group, value):
    view = group.I
    view[:] = value


def set_part(group, value):
    group[1:3].I = value


def set_part_of_a_part(group, value):
    group[1:][:2].I = "3*nA"


def set_by_name(group, value):
    group.set_states({"I": value * np.ones(4)})


WAYS = [set_by_name, set_whole, set_plain, set_some, set_view, set_part, set_part_of_a_part]


@pytest.mark.parametrize("way", WAYS)
def test_an_input_to_which_nothing_is_added_is_an_ordinary_variable(way):
    group = lif.group(4)
    way(group, 3 * nA)
    assert float(group.I[1] / nA) == pytest.approx(3)


@pytest.mark.parametrize("way", WAYS)
def test_whoever_sets_an_input_that_is_a_sum_is_told_the_name_to_set(way):
    group = (lif + ampa).group(4, name="cells", I=1 * nA)
    part = group[1:3]
    with pytest.raises(
        DefinitionError, match=r"^'cells': I = I_ext \+ I_ampa is computed .* set I_ext, the input from"
    ):
        way(group, 3 * nA)
    group.I_ext = "(i + 2)*nA"
    part.g_ampa = 1 * nS
    np.testing.assert_allclose(group.I / nA, [2, 3.06, 4.06, 5])
    np.testing.assert_allclose(group.I_[:], np.asarray(group.I))
    np.testing.assert_allclose(part.I / nA, [3.06, 4.06])
    assert (part.start, part.stop, part[1:].start) == (1, 3, 2)
    assert isinstance(group, NeuronGroup)


def test_an_input_that_is_an_expression_is_named_when_it_is_set():
    group = lif.group(2, name="cells", I="0.1*nA*i")
    with pytest.raises(DefinitionError, match=r"'cells': I = 0.1\*nA\*i is computed .* change what the expression"):
        group.I = 3 * nA
    with pytest.raises(DefinitionError, match="give either I or I_ext"):
        (lif + ampa).group(2, I=1 * nA, I_ext=1 * nA)


def test_the_input_has_an_initial_value_like_any_variable():
    driven = lif.replace(I=0.2 * nA)
    assert float(driven.group(1).I[0] / nA) == pytest.approx(0.2)
    with pytest.raises(UnknownName, match="initial 'I': accepted: I_ext"):
        driven + ampa


def test_names_in_an_input_expression_may_come_with_the_run():
    group = lif.group(1, I="later(t)")
    network = Network(group)
    network.run(1 * ms, namespace={"later": TimedArray([0.05] * nA, dt=1 * ms)})
    assert float(group.v[0] / mV) > -60


# ---- composition -----------------------------------------------------------------------------------------------------


def test_a_receptor_adds_its_equations_and_its_current():
    both = lif + ampa + gaba_a
    assert isinstance(both, Neuron)
    assert "I = I_ext + I_ampa + I_gaba_a : amp" in both.model
    assert set(both.parameters) == {*lif.parameters, *ampa.parameters, *gaba_a.parameters}
    assert both.name == "lif+ampa+gaba_a"
    assert both.source.count("doi:") == 1  # all three from the same paper
    assert lif.currents == ()
    group = both.group(1, g_ampa=2 * nS, v=-50 * mV)
    assert float(group.I_ampa[0] / nA) == pytest.approx(0.1)


def test_a_current_of_another_unit_is_refused_naming_both():
    with pytest.raises(DefinitionError, match="current I_ampa is in amp, but the input I is in volt/second"):
        izhikevich_2003 + ampa


def test_what_a_receptor_requires_is_checked():
    with pytest.raises(DefinitionError, match=r"ampa requires v \(volt\) of cell, which it does not have"):
        Neuron("dx/dt = -x/ms + I : 1", input="I", name="cell") + ampa
    with pytest.raises(DefinitionError, match=r"ampa requires v \(volt\) of cell, which it has in 1"):
        Neuron("dv/dt = -v/ms + I : 1", input="I", name="cell") + ampa
    with pytest.raises(DefinitionError, match="I_ampa has no input to be added to"):
        Neuron("dv/dt = -v/ms : volt") + ampa


def test_what_both_define_is_refused_unless_it_is_the_same():
    with pytest.raises(DefinitionError, match=r"lif\+ampa and ampa both define g_ampa"):
        lif + ampa + ampa

    def receptor(name, reversal):
        return Receptor(
            f"I_{name} = 1*nS*(E_exc - v) : amp",
            current=f"I_{name}",
            requires={"v": volt},
            parameters={"E_exc": Parameter(reversal)},
            name=name,
        )

    shared = lif + receptor("one", 0 * mV) + receptor("two", 0 * mV)
    assert shared.parameters["E_exc"].value == 0 * mV
    with pytest.raises(DefinitionError, match="both declare E_exc, but differently"):
        lif + receptor("one", 0 * mV) + receptor("two", 1 * mV)


def test_only_receptors_are_added_to_neurons():
    with pytest.raises(DefinitionError, match=r"lif \+ ampa_synapse: a receptor is accepted, not a synapse"):
        lif + ampa_synapse
    with pytest.raises(TypeError):
        lif + "g : siemens"


def test_a_synapse_of_two_transmitters_shows_its_final_equations():
    weight = Parameter(5 * nS, meaning="conductance that a spike opens")
    both = ampa_synapse.replace(w=weight) + gaba_a_synapse.replace(w=weight)
    assert both.on_pre == "g_ampa_post += w\ng_gaba_a_post += w"
    assert "g_ampa_post += w; g_gaba_a_post += w" in str(both)
    group = (lif + ampa + gaba_a).group(2)
    assert type(both.connect(group, group)) is Synapses
    with pytest.raises(DefinitionError, match="both declare w, but differently"):
        ampa_synapse + gaba_a_synapse


# ---- everything that Brian2 has --------------------------------------------------------------------------------------


def test_refractoriness_as_a_parameter_as_a_time_and_as_a_condition():
    counts = []
    for refractory in ("tau_ref", 5 * ms, "v < -55*mV"):
        parameters = {k: p for k, p in lif.parameters.items() if k != "tau_ref" or refractory == "tau_ref"}
        neuron = dataclasses.replace(lif, refractory=refractory, parameters=parameters)
        group = neuron.group(1, I=0.5 * nA)
        spikes = SpikeMonitor(group)
        Network(group, spikes).run(100 * ms)
        counts.append(spikes.num_spikes)
    assert counts[0] == counts[1] > 5
    assert counts[2] == 1  # it never leaves its reset potential


def test_custom_events_with_a_condition_and_code():
    counting = Neuron(
        "dv/dt = 1*mV/ms : volt\ncrossings : 1",
        events={"crossing": ("v > 2.5*mV", "v = 0*mV; crossings += 1"), "high": "v > 1*mV"},
        method="euler",
    )
    group = counting.group(2, dt=1 * ms)
    Network(group).run(10 * ms)
    assert list(group.crossings) == [3, 3]
    assert set(group.events) == {"crossing", "high"}
    assert "event crossing" in str(counting)


def test_functions_and_constants_in_the_namespace():
    @implementation("numpy", discard_units=True)
    @check_units(x=1, result=1)
    def twice(x):
        return 2 * x

    neuron = Neuron("dx/dt = twice(gain)/ms : 1", namespace={"twice": twice, "gain": 1.5}, method="euler")
    group = neuron.group(1, dt=1 * ms)
    Network(group).run(2 * ms)
    assert float(group.x[0]) == pytest.approx(6)


def test_stochastic_equations():
    neuron = Neuron(
        "dv/dt = -v/tau + sigma*xi*tau**-0.5 : volt",
        parameters={"tau": Parameter(10 * ms), "sigma": Parameter(1 * mV)},
        method="euler",
    )
    group = neuron.group(50)
    Network(group).run(20 * ms)
    assert 0.1 < np.std(group.v / mV) < 2


def test_multi_line_equations_and_comments():
    neuron = Neuron(
        """
        # the membrane
        dv/dt = (E_L - v
                 + R*I)/tau : volt  # Ohm's law
        """,
        parameters=cell().parameters,
        input="I",
        method="euler",
    )
    Network(neuron.group(1, I=1 * pA)).run(1 * ms)


def test_method_and_options():
    neuron = Neuron("dx/dt = -x/ms : 1", method="exact", method_options={"simplify": False})
    assert neuron.group(1).state_updater.method_options == {"simplify": False}
    assert neuron.group(1, method="euler").state_updater.method_options is None


# ---- the method "sequential" -----------------------------------------------------------------------------------------


def state_after_one_step(neuron, **values):
    group = neuron.group(1, dt=1 * ms, **values)
    Network(group).run(1 * ms)
    return {name: float(np.asarray(getattr(group, name))[0]) for name in neuron.differential}


def test_sequential_takes_the_equations_in_the_order_written():
    first, second_ = "dv/dt = (u + 1)/ms : 1", "du/dt = v/ms : 1"
    assert state_after_one_step(Neuron(f"{first}\n{second_}", method="sequential"), v=2, u=3) == {"v": 6, "u": 9}
    assert state_after_one_step(Neuron(f"{second_}\n{first}", method="sequential"), v=2, u=3) == {"v": 8, "u": 5}
    assert state_after_one_step(Neuron(f"{first}\n{second_}", method="euler"), v=2, u=3) == {"v": 6, "u": 5}


def test_sequential_evaluates_nested_subexpressions_anew():
    neuron = Neuron(
        "dv/dt = 1/ms : 1\ndu/dt = outer/ms : 1\nouter = 2*inner : 1\ninner = v + 1 : 1", method="sequential"
    )
    assert state_after_one_step(neuron, v=0, u=0) == {"v": 1, "u": 4}


def test_sequential_holds_what_is_refractory():
    neuron = Neuron(
        "dv/dt = 1/ms : 1 (unless refractory)\ndu/dt = v/ms : 1",
        threshold="v > 1.5",
        reset="v = 0",
        refractory=2 * ms,
        method="sequential",
    )
    group = neuron.group(1, dt=1 * ms)
    trace = StateMonitor(group, ["v", "u"], record=0, dt=1 * ms)
    Network(group, trace).run(7 * ms)
    # The spike comes in the step at 1 ms; v moves again in the step at 3 ms.
    np.testing.assert_allclose(trace.v[0], [0, 1, 0, 0, 1, 0, 0])
    np.testing.assert_allclose(trace.u[0], [0, 1, 3, 3, 4, 6, 6])


def test_sequential_is_plain_abstract_code():
    group = Neuron("dv/dt = (u + I)/ms : 1\ndu/dt = v/ms : 1", input="I", method="sequential").group(1)
    Network(group).run(0 * ms)
    assert group.state_updater.abstract_code.split("\n")[:2] == ["v = v + dt*((u + I)/ms)", "u = u + dt*(v/ms)"]


def test_sequential_needs_the_order_and_refuses_noise():
    with pytest.raises(ValueError, match="needs method_options"):
        sequential(Equations("dv/dt = -v/ms : 1"), {}, {"order": ("u",)})
    with pytest.raises(UnsupportedEquationsException, match="stochastic"):
        sequential(Equations("dv/dt = xi*ms**-0.5 : 1"), {}, {"order": ("v",)})


# ---- synapses --------------------------------------------------------------------------------------------------------


@pytest.fixture
def layers():
    return PoissonGroup(3, 10 * Hz, name="inputs"), (lif + ampa).group(2, name="outputs")


def test_connect_gives_ordinary_connected_synapses(layers):
    synapses = ampa_synapse.connect(*layers)
    assert type(synapses) is Synapses
    assert len(synapses) == 6
    assert list(ampa_synapse.connect(*layers, condition="i != j").j) == [1, 0, 0, 1]
    assert list(ampa_synapse.connect(*layers, i=[0, 2], j=[1, 1]).i) == [0, 2]
    assert len(ampa_synapse.connect(*layers, j="0", n=2)) == 6
    assert len(ampa_synapse.connect(*layers, p=0)) == 0
    near = 1
    assert len(ampa_synapse.connect(*layers, condition="abs(i - j) < near")) == 2
    assert near == 1


def test_a_group_connects_to_itself(layers):
    synapses = ampa_synapse.connect(layers[1], condition="i != j", name="recurrent")
    assert synapses.source is synapses.target
    assert synapses.name == "recurrent"


def test_values_of_synapses(layers):
    synapses = pair_stdp.connect(*layers, w=np.linspace(0, 1, 6), A_plus="0.01*(i + 1)", tau_plus=10 * ms)
    np.testing.assert_allclose(synapses.w, np.linspace(0, 1, 6))
    np.testing.assert_allclose(synapses.A_plus, 0.01 * (np.asarray(synapses.i) + 1))
    np.testing.assert_allclose(synapses.tau_plus / ms, 10)
    np.testing.assert_allclose(pair_stdp.connect(*layers).w, 0.5)


def test_delays_as_a_time_an_array_an_expression_and_by_pathway(layers):
    assert float(ampa_synapse.connect(*layers, delay=2 * ms).delay / ms) == 2
    array = ampa_synapse.connect(*layers, delay=np.arange(6) * ms)
    np.testing.assert_allclose(array.delay / ms, np.arange(6))
    text = ampa_synapse.connect(*layers, delay="(i + 1)*ms")
    np.testing.assert_allclose(text.delay / ms, np.asarray(text.i) + 1)
    both = pair_stdp.connect(*layers, delay={"pre": 1 * ms, "post": "j*ms"})
    assert float(both.pre.delay / ms) == 1
    np.testing.assert_allclose(both.post.delay / ms, np.asarray(both.j))
    slow = dataclasses.replace(ampa_synapse, delay=3 * ms)
    assert float(slow.connect(*layers).delay / ms) == 3
    np.testing.assert_allclose(slow.connect(*layers, delay=np.arange(6) * ms).delay / ms, np.arange(6))


def test_several_pathways(layers):
    double = Synapse(
        "",
        on_pre={"fast": "g_ampa_post += w", "slow": "g_ampa_post += 0.1*w"},
        delay={"slow": 5 * ms},
        requires_post={"g_ampa": siemens},
        parameters={"w": Parameter(1 * nS)},
    )
    synapses = double.connect(*layers, delay={"fast": 1 * ms})
    assert float(synapses.fast.delay / ms) == 1
    assert float(synapses.slow.delay / ms) == 5
    assert "pathway" not in str(double)
    assert "g_ampa_post += 0.1*w" in str(double)
    with pytest.raises(UnknownName, match="'fats': did you mean 'fast'"):
        double.connect(*layers, delay={"fats": 1 * ms})


def test_summed_and_clock_driven_variables():
    graded = Synapse(
        """
        ds/dt = -s/tau : 1 (clock-driven)
        drive_post = w*s : 1 (summed)
        """,
        on_pre="s += 1",
        requires_post={"drive": 1},
        parameters={"tau": Parameter(5 * ms), "w": Parameter(2.0)},
        method="exact",
    )
    source = NeuronGroup(2, "v : 1", threshold="t < dt", reset="")
    target = NeuronGroup(1, "drive : 1", threshold="drive > 100", reset="")
    synapses = graded.connect(source, target)
    Network(source, target, synapses).run(0.2 * ms)
    assert float(target.drive[0]) == pytest.approx(4)


def test_postsynaptic_events():
    counting = Synapse("hits : 1", on_post="hits += 1", on_event={"post": "crossing"})
    target = Neuron("dv/dt = 1*mV/ms : volt", events={"crossing": ("v > 2.5*mV", "v = 0*mV")}, method="euler")
    source = PoissonGroup(1, 0 * Hz, dt=1 * ms)
    group = target.group(1, dt=1 * ms, name="leaky")
    synapses = counting.connect(source, group, dt=1 * ms)
    Network(source, group, synapses).run(7 * ms)
    assert float(synapses.hits[0]) == 2
    with pytest.raises(
        DefinitionError, match="waits for the event 'crossing' of the postsynaptic neurons, but 'inputs'"
    ):
        counting.connect(source, PoissonGroup(1, 0 * Hz, name="inputs"))


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"ww": 1 * nS}, UnknownName, "unknown parameter or variable of ampa_synapse 'ww': did you mean 'w'"),
        ({"w": 1}, DefinitionError, "w was given without a unit; expected siemens"),
        ({"w": [1, 2] * nS}, DefinitionError, r"w has shape \(2,\); accepted: a scalar or shape \(6,\)"),
        ({"delay": [1, 2] * ms}, DefinitionError, r"delay of pre has shape \(2,\)"),
        ({"delay": 3}, DefinitionError, "delay of pre was given without a unit; expected second"),
        ({"delay": {"post": 1 * ms}}, UnknownName, "unknown pathway of ampa_synapse 'post'"),
    ],
)
def test_a_wrong_value_of_a_synapse_is_refused(layers, values, error, message):
    with pytest.raises(error, match=message) as caught:
        ampa_synapse.connect(*layers, **values)
    assert "\n" not in str(caught.value)


def test_a_missing_requirement_is_named_with_its_unit(layers):
    inputs, _ = layers
    with pytest.raises(
        DefinitionError, match=r"requires g_ampa \(siemens\) of the postsynaptic neurons, but 'plain' does"
    ):
        ampa_synapse.connect(inputs, lif.group(1, name="plain"))
    wrong = NeuronGroup(1, "g_ampa : volt", name="wrong")
    with pytest.raises(DefinitionError, match="'wrong' has it in volt"):
        ampa_synapse.connect(inputs, wrong)
    needs_v = Synapse("gap = v_post - v_pre : volt", requires_pre={"v": volt}, requires_post={"v": volt})
    with pytest.raises(DefinitionError, match=r"requires v \(volt\) of the presynaptic neurons, but 'inputs'"):
        needs_v.connect(inputs, lif.group(1))


# ---- what is refused when a definition is made -----------------------------------------------------------------------


def broken(equations="dv/dt = (E_L - v + R*I)/tau : volt", parameters=None, **fields):
    return lambda: cell(equations, parameters, **fields)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (broken(parameters={"tau": Parameter(10 * mV)}), r"cell: in 'dv/dt = .*': tau is in volt; expected second"),
        (broken(parameters={"E_L": Parameter(10 * ms)}), "E_L is in second; expected volt"),
        (broken("dv/dt = (E_L - v + R*I)/tua : volt"), "'tua': did you mean 'tau'"),
        (broken(parameters={"extra": Parameter(3)}), "parameter 'extra' is declared but no equation uses it"),
        (broken("tau : second\ndv/dt = (E_L - v + R*I)/tau : volt"), "tau is declared twice"),
        (broken("dv/dt = (E_L - v + R*I)/tau : mV"), "in 'dv/dt .*: mV': .* Use 'volt' instead"),
        (broken("dv/dt = (E_L - v + R*I/tau : volt"), "never closed"),
        (broken("dv/dt (E_L - v + R*I)/tau : volt"), "Parsing failed"),
        (broken("dv/dt = (E_L - v + R*I)/tau : volt (sometimes)"), "flag 'sometimes'"),
        (broken(threshold="v > 3"), "in 'threshold v > 3': .*'v' has unit .volt."),
        (broken(threshold="v"), "threshold v': this must be a condition"),
        (broken(threshold="v > theta"), "in cell, at 'threshold v > theta': 'theta'"),
        (broken(threshold="v > E_L", reset="v = tau"), "in 'reset v = tau': .* expected unit volt .it is in second"),
        (broken(threshold="v > E_L", reset="vv = E_L"), "'vv': did you mean 'v'"),
        (broken(threshold="v > E_L", reset="tau = 2*tau"), "tau is a parameter, which stays constant"),
        (broken(reset="v = E_L"), "a reset needs a threshold"),
        (broken(refractory=3), "must be a time or an expression"),
        (broken(refractory=3 * mV), "must be one time"),
        (broken(refractory="v"), "this is in volt; expected a time .second. or a condition"),
        (broken(method="eular"), "unknown method of cell 'eular': did you mean 'euler'"),
        (broken(initial={"w": 1}), "unknown variable of cell in initial 'w'"),
        (broken(initial={"tau": 1 * ms}), "unknown variable of cell in initial 'tau'"),
        (broken(initial={"v": 1}), "initial v was given without a unit; expected volt"),
        (broken(initial={"v": "tau"}), "in 'initial v = tau': the right side is in second; expected volt"),
        (broken(dt=1), "must be a positive time"),
        (broken(dt=-1 * ms), "must be a positive time"),
        (broken(events={"big": "v > tau"}), "in 'event big: v > tau'"),
        (broken(events={"big": ("v > E_L", "v = tau")}), "in 'event big v = tau'"),
        (broken(namespace={"f": "text"}), "the namespace accepts"),
        (broken("I : amp\ndv/dt = (E_L - v + R*I)/tau : volt"), "I belongs to the input"),
        (broken("dv/dt = (E_L - v*exp(R*I/volt))/tau : volt"), "no equation shows the unit of the input 'I'"),
        (broken("dv/dt = (E_L - v + R*I)/tau : volt\nx = tau + E_L : volt"), "in 'x = tau . E_L : volt'"),
        (lambda: Neuron("x : 1", parameters={"y": 3}), "must be a Parameter"),
        (lambda: Neuron("dx/dt = y/ms : 1\ny = x : 1\nz = w : 1\nw = z : 1"), "cycle"),
        (lambda: Receptor("I_x = v*3*nS : amp", current="I_y", requires={"v": volt}), "did you mean 'I_x'"),
        (lambda: Receptor("I_x = v*3*nS : amp", current="I_x"), "unknown name in receptor.*'v'"),
        (
            lambda: Neuron("dv/dt = (I - v)/(10*ms) : 1"),
            "'I': accepted: v; a number of the model belongs into parameters=",
        ),
        (lambda: Receptor("I_x = v*nS : amp", current="I_x", requires={"v": "volt"}), "must be a unit"),
        (lambda: Synapse("w : 1", on_pre="g_post += w"), "declare it with requires_post={'g': unit}"),
        (lambda: Synapse("w : 1", on_pre="g_post += w", requires_post={"g": siemens}), "in 'on_pre g_post .= w'"),
        (lambda: Synapse("w : 1", on_pre="w += 1", delay={"late": 1 * ms}), "unknown pathway in the delay"),
        (lambda: Synapse("w : 1", on_pre="w += 1", delay=1), "must be one time"),
    ],
)
def test_a_broken_definition_is_refused_in_one_line(make, message):
    with pytest.raises(BioplastError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


RESERVED = (
    "i j t dt N t_in_timesteps lastspike not_refractory xi xi_1 mV second nS exp sqrt rand pi e lambda _x v_pre name"
)


@pytest.mark.parametrize("name", RESERVED.split())
def test_reserved_names_are_refused(name):
    with pytest.raises(DefinitionError) as as_parameter:
        cell(parameters={name: Parameter(1.0)})
    with pytest.raises(DefinitionError) as as_variable:
        Neuron(f"d{name}/dt = 1/ms : 1")
    for caught in (as_parameter, as_variable):
        assert repr(name) in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["n", "p", "condition", "delay", "pre"])
def test_names_that_connect_uses_are_refused_in_a_synapse(name):
    with pytest.raises(DefinitionError, match=f"'{name}' is reserved"):
        Synapse("", on_pre=f"x_post += {name}", requires_post={"x": 1}, parameters={name: Parameter(1.0)})


def test_names_of_brian2_attributes_are_refused():
    # group.when = ... would set when the group is updated, and not the variable.
    with pytest.raises(DefinitionError, match="'when' is reserved"):
        Neuron("when : second")


def test_a_temporary_variable_in_a_reset_is_fine():
    neuron = cell(threshold="v > E_L", reset="middle = (v + E_L)/2\nv = middle")
    assert neuron.group(1) is not None


# ---- values, copies, texts -------------------------------------------------------------------------------------------


def test_definitions_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        lif.threshold = "v > 0*mV"
    with pytest.raises(TypeError):
        lif.parameters["tau_m"] = Parameter(1 * ms)
    start = np.array([1.0, 2.0])
    neuron = Neuron("dx/dt = -x/ms : 1", initial={"x": start})
    start[0] = 9
    assert list(neuron.group(2).x) == [1, 2]


def test_equal_by_value_whatever_the_name():
    one, two = cell(), dataclasses.replace(cell(), name="other")
    assert one == two
    assert hash(one) == hash(two)
    assert one != cell(parameters={"tau": Parameter(11 * ms)})
    assert one != cell(method="euler")
    assert one != "cell"
    assert len({one, two, cell(method="euler")}) == 2


def test_replace_gives_a_new_definition():
    fast = lif.replace(tau_m=5 * ms, v=-55 * mV, method="euler")
    assert (fast.parameters["tau_m"].value, fast.initial["v"], fast.method) == (5 * ms, -55 * mV, "euler")
    assert fast.parameters["tau_m"].low == lif.parameters["tau_m"].low
    assert lif.parameters["tau_m"].value == 20 * ms
    assert lif.replace(tau_m=Parameter(7 * ms, shared=True)).group(2).variables["tau_m"].scalar
    with pytest.raises(UnknownName, match="'tau': did you mean"):
        lif.replace(tau=5 * ms)
    with pytest.raises(DefinitionError, match="tau_m is in volt; expected second"):
        lif.replace(tau_m=5 * mV)
    with pytest.raises(DefinitionError, match="expected second"):
        lif.replace(tau_m=Parameter(5 * mV))


@pytest.mark.parametrize("name", models())
def test_every_model_survives_pickling_and_shows_in_all_forms(name):
    definition = models()[name]
    copy = pickle.loads(pickle.dumps(definition))
    assert copy == definition
    assert hash(copy) == hash(definition)
    assert definition.source
    assert "doi:" in definition.source
    assert 0 < len(definition.meaning) <= 70
    assert not re.search(r"\n|doi|\(\d{4}\)|et al", definition.meaning)  # what it is, not where it was published
    assert len(repr(definition)) < 200
    for show in (str, type(definition).to_markdown, type(definition).to_html):
        text = show(definition)
        assert show(copy) == text
        heading = text.splitlines()[0]
        assert f"({definition.kind}): {html.escape(definition.meaning)}" in html.escape(html.unescape(heading))
        for parameter in definition.parameters:
            assert parameter in text
    assert definition._repr_html_() == definition.to_html()
    assert definition._repr_markdown_() == definition.to_markdown()


def test_the_meaning_is_kept_joined_and_compared():
    assert lif.replace(tau_m=5 * ms).meaning == lif.meaning
    assert lif.replace(meaning="slow neuron").meaning == "slow neuron"
    assert lif.replace(meaning="slow neuron") != lif  # equal is what prints equally
    assert lif.replace(meaning=f" {lif.meaning} ") == lif
    assert (lif + ampa).meaning == f"{lif.meaning} + {ampa.meaning}"
    assert (lif + ampa.replace(meaning="")).meaning == lif.meaning
    assert co_release(fast=pair_stdp, slow=pair_stdp).meaning == pair_stdp.meaning
    assert without_plasticity(pair_stdp).meaning == f"{pair_stdp.meaning}, without plasticity"
    assert merged(pair_stdp).meaning == f"{pair_stdp.meaning}, merged into one weight"
    assert merged(pair_stdp.replace(meaning="")).meaning == ""
    assert str(lif.replace(meaning="")).startswith("lif (neuron)\n")
    for wrong in ("a neuron\nthat leaks", 3, None):
        with pytest.raises(DefinitionError, match=r"lif: meaning=.* must be one line of text"):
            lif.replace(meaning=wrong)


@pytest.mark.parametrize("name", models())
def test_every_model_is_one_that_brian2_understands(name):
    definition = models()[name]
    Equations(definition.model)
    for parameter in definition.parameters.values():
        assert parameter.meaning


def test_print_shows_the_equations_that_brian2_sees():
    text = str(lif + ampa)
    for line in (lif + ampa).model.splitlines():
        assert line.strip() in text
    assert "tau_ref" in text
    assert "5 ms" in text
    assert "source: Brette" in text
    table = next(line for line in text.splitlines() if line.strip().startswith("tau_m  "))
    assert table.split() == ["tau_m", "20", "ms", "2", "ms", "200", "ms", "membrane", "time", "constant"]


def test_markdown_has_tex_and_a_table():
    text = lif.to_markdown()
    assert r"\frac{\mathrm{d}v}{\mathrm{d}t}" in text
    assert r"\tau_{m}" in text
    assert "| tau_m | 20 ms | 2 ms | 200 ms | membrane time constant |" in text


def test_html_is_escaped():
    text = cell(threshold="v > E_L", source="<b>A & B</b>").to_html()
    assert "v &gt; E_L" in text
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in text
    assert "<b>A" not in text


names = st.sampled_from(["alpha", "g_Na", "x", "tau_m", "K2"])
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
units = st.sampled_from([1, mV, ms, nA, nS, 1 / ms, mV / ms, 1 / (mV * ms)])
printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)


@st.composite
def neurons(draw):
    chosen = draw(st.lists(names, unique=True, min_size=1, max_size=4))
    parameters = {
        name: Parameter(draw(numbers) * draw(units), meaning=draw(printable), shared=draw(st.booleans()))
        for name in chosen
    }
    lines = [f"y_{name} = {name} : {parameter.unit}" for name, parameter in parameters.items()]
    return Neuron("\n".join(lines), parameters=parameters, source=draw(printable), name="drawn")


@settings(max_examples=20, deadline=None)
@given(neurons())
def test_rendering_never_fails_and_values_are_kept(neuron):
    assert str(neuron)
    assert neuron.to_markdown()
    assert neuron.to_html().count("<tr>") == len(neuron.parameters) + 1
    copy = pickle.loads(pickle.dumps(neuron))
    assert copy == neuron
    assert hash(copy) == hash(neuron)
    assert neuron.replace(**{name: p.value for name, p in neuron.parameters.items()}) == neuron


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=3, max_size=3))
def test_values_go_into_a_group_and_come_out_unchanged(values):
    group = lif.group(3, tau_m=np.array(values) * second, v=np.array(values) * volt)
    np.testing.assert_array_equal(np.asarray(group.tau_m), values)
    np.testing.assert_array_equal(np.asarray(group.v), values)


def test_a_refused_value_leaves_no_group_behind_for_brian2_to_warn_about():
    with catch_logs() as warnings:
        with pytest.raises(DefinitionError):
            cell().group(2, name="ghost", tau=[1, 2, 3] * ms)
        gc.collect()
    assert [text for _, _, text in warnings if "ghost" in text] == []


def test_a_reset_that_does_nothing_stays_one_when_a_receptor_is_added():
    cell = Neuron("v : 1", threshold="v > 1", reset="")
    assert (cell + Receptor("y : 1")).reset == ""
    assert (Neuron("v : 1") + Receptor("y : 1")).reset is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"equations": 3}, "neuron: equations=3 is not accepted; give text"),
        ({"parameters": [1]}, r"neuron of v: parameters=\[1\] is not accepted; give a dict by name"),
        ({"parameters": {3: Parameter(1)}}, "parameters has the name 3; give text"),
        ({"initial": 3}, "initial=3 is not accepted"),
        ({"namespace": "x"}, "namespace='x' is not accepted"),
        ({"threshold": 3}, "threshold=3 is not accepted; give text"),
        ({"events": {"e": ("v > 1*mV", "v = 0*mV", "z")}}, r"events\['e'\]=.* must be a condition, or a pair"),
        ({"currents": "I"}, "currents='I' is not accepted; give a list of names"),
        ({"refractory": -1 * ms}, "refractory=-1. ms must be finite and not negative"),
        ({"refractory": float("nan") * ms}, "must be finite and not negative"),
        ({"dt": float("inf") * ms}, "must be a positive time"),
        ({"method": [3]}, r"method=\[3\] must be the name of a method"),
        ({"name": 3}, "neuron: name=3 is not accepted; give text"),
        ({"equations": f"dv/dt = ({'+'.join(['v'] * 900)})/ms : volt"}, "neuron of v: "),
    ],
)
def test_a_field_of_another_kind_is_refused_in_one_line(fields, told):
    with pytest.raises(DefinitionError, match=told) as caught:
        Neuron(**{"equations": "dv/dt = -v/ms : volt", **fields})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"on_pre": 3}, "synapse of w: on_pre=3 is not accepted; give text, or a dict of text by pathway"),
        ({"on_pre": {"pre": 3}}, "the code of 'pre' must be text, not 3"),
        (
            {"on_pre": "w += 1", "on_event": {"x": "spike"}},
            "unknown pathway in on_event of synapse of w 'x': accepted: pre",
        ),
        ({"requires_post": ["v"]}, r"requires_post=\['v'\] is not accepted"),
    ],
)
def test_a_field_of_a_synapse_of_another_kind_is_refused(fields, told):
    with pytest.raises(BioplastError, match=told):
        Synapse("w : 1", **fields)


def test_an_unnamed_definition_is_called_by_its_variables():
    mine = Neuron("dv/dt = (u - v)/tau : volt\ndu/dt = -u/tau : volt", parameters={"tau": Parameter(1 * ms)})
    assert mine.label == "neuron of v, u"
    with pytest.raises(DefinitionError, match=r"^neuron of v, u: tau is in volt; expected second"):
        mine.group(1, tau=1 * mV)
    assert Receptor("g : siemens").label == "receptor of g"
    assert Synapse("", on_pre="", name="").label == "synapse"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"p": 2.0}, "ampa_synapse: p=2.0 must be a probability from 0 to 1"),
        ({"p": float("nan")}, "p=nan must be a probability"),
        ({"p": 1 * mV}, "p is in volt; expected a probability"),
        ({"n": 2.5}, "n=2.5 must be a whole number of synapses"),
        ({"i": [0, 9], "j": [0, 0]}, "i has neuron 9; accepted: 0 to 2"),
        ({"i": [0], "j": [-1]}, "j has neuron -1; accepted: 0 to 1"),
        ({"i": [0] * ms, "j": [0]}, "i is in second; expected the numbers of neurons"),
        ({"i": [0.5], "j": [0]}, r"i has shape \(1,\) and type float64; accepted: whole numbers"),
        ({"condition": "i !="}, "ampa_synapse: invalid syntax"),
        ({"condition": "nonsense"}, 'The identifier "nonsense" could not be resolved'),
        ({"condition": "w"}, "is not a boolean condition"),
        ({"j": "k for k in range("}, "Expression must have generator syntax"),
        ({"i": [0]}, "Must specify at least one of"),
        ({"name": 3}, "name=3 is not accepted; give text"),
        ({"clock": 3}, "clock=3 is not accepted; give a brian2.Clock"),
        ({"dt": 3}, "dt=3 must be a positive time"),
        ({"method": 3}, "method=3 must be the name of a method"),
        ({"pre": None}, "pre=None is no group of neurons"),
        ({"post": "after"}, "post='after' is no group of neurons"),
    ],
)
def test_what_no_synapses_can_be_made_with_is_one_line(layers, arguments, told):
    with pytest.raises(DefinitionError, match=told) as caught:
        ampa_synapse.connect(**{"pre": layers[0], "post": layers[1], **arguments})
    assert "\n" not in str(caught.value)
