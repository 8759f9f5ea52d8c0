"""Every assumption that bioplast/program/network makes about what Brian2 keeps to itself.

A Brian2 that changes one of them fails here, with a message that says which.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
from importlib import resources

import brian2
import numpy as np
import pytest
from brian2 import (
    Clock,
    Cylinder,
    Network,
    NetworkOperation,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    prefs,
    second,
    um,
)
from brian2.codegen.generators.numpy_generator import NumpyCodeGenerator
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.translation import make_statements
from brian2.core.base import BrianObjectException
from brian2.core.functions import Function
from brian2.core.namespace import get_local_namespace
from brian2.core.variables import ArrayVariable, Constant, DynamicArrayVariable, Variables
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.device import Device, RuntimeDevice
from brian2.input.binomial import BinomialFunction
from brian2.input.timedarray import _find_K
from brian2.spatialneuron.spatialneuron import SpatialStateUpdater
from brian2.stateupdaters.base import StateUpdateMethod
from support import networks

from bioplast.errors import Unsupported
from bioplast.program.cpp import device as lowering_device
from bioplast.program.cpp.lowering import lower
from bioplast.program.network import generate, pathways, state_variables
from bioplast.program.network.pathways import queue_state
from bioplast.program.steps.reader import read_steps

BRIAN2 = f"Brian2 {brian2.__version__}"


@pytest.fixture
def run():
    """The network `plastic` after 10 ms, so that all of Brian2's own bookkeeping exists."""
    network = networks.plastic()
    network.run(10 * ms, namespace={})
    return network


# Devices --------------------------------------------------------------------------------------------------------------


def test_the_active_device_is_an_attribute_of_a_module_hidden_by_a_proxy():
    module = importlib.import_module("brian2.devices.device")
    assert inspect.ismodule(module), BRIAN2
    assert isinstance(module.active_device, RuntimeDevice), BRIAN2
    assert module.get_device() is module.active_device, BRIAN2
    assert prefs.codegen.target == "numpy"


def test_another_active_device_is_the_one_that_is_asked():
    module = importlib.import_module("brian2.devices.device")
    other, saved = Device(), module.active_device
    module.active_device = other
    try:
        assert module.get_device() is brian2.get_device() is other, BRIAN2
    finally:
        module.active_device = saved


def test_a_device_makes_code_objects_with_these_arguments():
    ours = list(inspect.signature(lowering_device.LoweringDevice.code_object).parameters)
    assert list(inspect.signature(Device.code_object).parameters) == ours, BRIAN2
    for name in ("get_array_name", "code_object_class", "spike_queue", "seed"):
        theirs = list(inspect.signature(getattr(RuntimeDevice, name)).parameters)
        assert list(inspect.signature(getattr(lowering_device.LoweringDevice, name)).parameters) == theirs, BRIAN2


def test_a_device_keeps_and_restores_the_state_of_its_random_numbers():
    device = brian2.get_device()
    state = device.get_random_state()
    first = np.random.rand()
    device.seed(1)
    np.random.rand()
    device.set_random_state(state)
    assert np.random.rand() == first, BRIAN2


def test_a_pathway_keeps_its_queue_in_these_variables():
    (pathway, *_) = pathways(networks.plastic())
    found = {name: type(part).__name__ for name, part in pathway.variables._variables.items()}
    of_queue = {name for name, kind in found.items() if kind in ("SpikeQueue", "PyCapsule")}
    assert "_queue" in of_queue and of_queue <= {"_queue", "_queue_capsule"}, BRIAN2
    assert pathway.variables["_queue"] is pathway.queue, BRIAN2


def test_a_variable_knows_the_device_it_was_made_under():
    assert isinstance(networks.single()["cells"].variables["v"].device, RuntimeDevice), BRIAN2


# Code objects and templates -------------------------------------------------------------------------------------------


def test_the_templates_of_cpp_standalone_are_those_that_are_known():
    folder = resources.files("brian2.devices.cpp_standalone") / "templates"
    found = {path.name.split(".")[0] for path in folder.iterdir() if path.name.endswith(".cpp")}
    around = {"common_group", "common_synapses", "main", "network", "objects", "run", "synapses_classes"}
    # these run once, when a user asks for them
    at_once = {"group_variable_set", "group_variable_set_conditional", "synapses_create_array"}
    at_once.add("synapses_create_generator")
    assert found == generate.TEMPLATES | around | at_once | {"spatialstateupdate"}, BRIAN2


def test_code_objects_report_their_before_and_after_blocks_to_the_device():
    source = inspect.getsource(CPPStandaloneCodeObject)
    assert "get_device().main_queue.append" in source, BRIAN2
    assert "before_after_blocks" in source, BRIAN2


def test_what_comes_before_a_run_is_done_by_spike_queues_alone():
    blocks = {}
    for make in (networks.plastic, networks.driven, networks.varied):
        lowered = lower(make(), {})
        blocks |= {runner.name: runner.before for runner in lowered.runners}
    assert {name for name, before in blocks.items() if before} == {name for name in blocks if "push_spikes" in name}, (
        BRIAN2
    )


def test_a_neuron_with_compartments_has_an_updater_of_its_cable():
    morphology = Soma(30 * um)
    morphology.axon = Cylinder(length=10 * um, diameter=1 * um, n=3)
    neuron = SpatialNeuron(morphology, "Im = 0*amp/meter**2 : amp/meter**2", name="cell")
    updater = neuron.diffusion_state_updater
    assert isinstance(updater, SpatialStateUpdater) and updater in neuron.contained_objects, BRIAN2
    assert (updater.when, updater.order, updater.group.name) == ("groups", 1, "cell"), BRIAN2
    assert [line.split() for line in updater.abstract_code.split("\n")] == [
        ["_gtot", "=", "gtot__private"],
        ["_I0", "=", "I0__private"],
    ], BRIAN2
    lists = {name: updater.variables[name].get_value().tolist() for name in ("_starts", "_ends", "_morph_parent_i")}
    assert lists == {"_starts": [0, 1], "_ends": [1, 4], "_morph_parent_i": [0, 1]}, BRIAN2


def test_generated_code_leaves_constants_open_and_its_pointers_can_be_sorted():
    folder = resources.files("brian2.devices.cpp_standalone") / "templates"
    for name in ("common_group.cpp", "common_synapses.cpp", "synapses_push_spikes.cpp"):
        text = (folder / name).read_text()
        assert "%CONSTANTS%" in text or "common_group" in text, f"{BRIAN2}: {name}"
    sources = lower(networks.driven(), {}).sources
    code = {name: text for name, text in sources.items() if name.startswith("code_objects/") and name.endswith(".cpp")}
    assert not [name for name, text in code.items() if "%CONSTANTS%" in text], BRIAN2
    pointer = re.compile(r"\s+\w+\* .* _ptr_array\w+ = _array\w+;")
    groups = [
        list(group)
        for text in code.values()
        for is_pointer, group in itertools.groupby(text.split("\n"), lambda line: bool(pointer.fullmatch(line)))
        if is_pointer
    ]
    assert sum(map(len, groups)) > 20, BRIAN2
    for lines in groups:
        assert lines == sorted(lines), f"{BRIAN2}: the pointers are no longer sorted"


def test_functions_find_their_arrays_under_their_name_with_a_prefix():
    sources = lower(networks.driven(), {}).sources
    text = "".join(sources.values())
    assert re.search(r"_namespace_timed0_values\b", text), BRIAN2
    assert re.search(r"_namespace_timed\d_\w+_grid = _timed\d_\w+_grid;", text), BRIAN2


def test_the_runtime_code_of_pathways_is_kept_from_run_to_run(run):
    pathway = run["stdp_pre"]
    kept = pathway._pushspikes_codeobj
    assert kept is not None, BRIAN2
    run.run(0 * ms, namespace={})
    assert pathway._pushspikes_codeobj is kept, BRIAN2


# Networks and names ---------------------------------------------------------------------------------------------------


def test_objects_are_sorted_by_slot_order_and_name():
    network = networks.varied()
    slots = {slot: k for k, slot in enumerate(network.schedule)}

    def place(obj):
        slot = obj.when
        for side, shift in (("before_", -0.1), ("after_", 0.1)):
            if slot.startswith(side):
                return slots[slot.removeprefix(side)] + shift
        return slots[slot]

    keys = [(place(obj), obj.order, obj.name) for obj in network.sorted_objects]
    assert keys == sorted(keys), BRIAN2


def test_a_name_is_kept_in_the_attribute_name_with_an_underscore():
    group = NeuronGroup(1, "v : 1", name="some_name")
    object.__setattr__(group, "_name", "another_name")
    assert group.name == "another_name", BRIAN2


def test_a_network_keeps_its_time_clocks_and_whether_it_was_stopped(run):
    assert run.t_ == pytest.approx(0.01), BRIAN2
    run.t_ = 0.02
    assert run.t / second == pytest.approx(0.02), BRIAN2
    run.t_ = 0.01
    assert {clock.name for clock in run._clocks} == {obj.clock.name for obj in run.objects}, BRIAN2
    assert run._stopped is Network._globally_stopped is False, BRIAN2


def test_an_object_that_was_run_belongs_to_its_network(run):
    assert {obj._network for obj in run.sorted_objects} == {run.id}, BRIAN2
    assert networks.single()["cells"]._network is None, BRIAN2


def test_an_object_that_belongs_to_a_group_is_not_warned_of():
    source = inspect.getsource(brian2.core.base.BrianObject.__del__)
    assert 'getattr(self, "group", None) is None' in source, BRIAN2


def test_an_active_object_holds_its_code_objects(run):
    assert [len(obj._code_objects) for obj in run.sorted_objects if obj.name == "stdp_pre"] == [2], BRIAN2
    assert run["cells"].contained_objects, BRIAN2


def test_errors_name_the_object_and_hold_the_cause():
    group = NeuronGroup(1, "dv/dt = -v/unknown_name : 1", method="exact", name="some_name")
    with pytest.raises(BrianObjectException) as caught:
        Network(group).run(0 * ms, namespace={})
    assert "Error encountered with object named 'some_name'" in str(caught.value), BRIAN2
    assert isinstance(caught.value.__cause__, KeyError), BRIAN2


def test_the_callers_names_are_found_by_the_level_of_the_frame():
    some_local_name = 17
    assert get_local_namespace(level=0)["some_local_name"] == some_local_name, BRIAN2


# Variables ------------------------------------------------------------------------------------------------------------


def test_variables_are_in_a_dictionary_with_their_indices_beside():
    variables = networks.single()["cells"].variables
    assert isinstance(variables, Variables), BRIAN2
    assert variables._variables["v"] is variables["v"], BRIAN2
    assert variables.indices["v"] == "_idx", BRIAN2


def test_values_are_views_and_dynamic_arrays_can_be_resized():
    network = networks.plastic()
    value = network["cells"].variables["v"].get_value()
    value[0] = 0.123
    assert network["cells"].v[0] == 0.123, BRIAN2
    recorded = network["spikes"].variables["t"]
    assert isinstance(recorded, DynamicArrayVariable), BRIAN2
    recorded.resize(7)
    assert recorded.size == len(recorded.get_value()) == 7, BRIAN2
    states = network["weights"].variables["w"]
    assert states.ndim == 2, BRIAN2
    states.resize((3, 2))
    assert tuple(states.size) == np.shape(states.get_value()) == (3, 2), BRIAN2


def test_what_goes_on_from_run_to_run_is_among_the_variables_under_these_names():
    network = networks.plastic()
    for owner, name in (("cells", "lastspike"), ("cells", "not_refractory"), ("stdp", "lastupdate")):
        variable = network[owner].variables[name]
        assert isinstance(variable, ArrayVariable), f"{BRIAN2}: {name}"
        assert f"{owner}.{name}" in state_variables(network), f"{BRIAN2}: {name}"


def test_monitors_count_what_they_recorded():
    network = networks.driven()
    assert {"N", "count", "i", "t"} <= set(network["first_spikes"].variables), BRIAN2
    assert {"N", "t", "v"} <= set(network["first_states"].variables), BRIAN2
    assert {"N", "rate", "t"} <= set(network["rate"].variables), BRIAN2
    assert set(network["first_spikes"].record_variables) == {"i", "t"}, BRIAN2
    assert network["first_spikes"].record is True, BRIAN2
    assert [*network["second_states"].record_variables] == ["v", "s"], BRIAN2
    assert network["second_states"].record.tolist() == [0, 1, 2, 3], BRIAN2
    for kind in (SpikeMonitor, StateMonitor, PopulationRateMonitor):
        assert issubclass(kind, brian2.core.base.BrianObject), BRIAN2


def test_the_last_element_of_a_spike_space_counts_the_spikes():
    group = PoissonGroup(3, 1e6 * brian2.Hz, name="poisson")
    seen = []

    def look():
        seen.append(group.variables["_spikespace"].get_value().tolist())

    Network(group, NetworkOperation(look, when="after_thresholds")).run(0.1 * ms, namespace={})
    assert seen == [[0, 1, 2, 3]], BRIAN2
    assert (group.thresholder["spike"].when, group.thresholder["spike"].order) == ("thresholds", 0), BRIAN2


def test_units_are_exponents_of_seven_base_units():
    # metre, kilogram, second, ampere, kelvin, mole, candela
    assert tuple(brian2.volt.dim._dims) == (2, 1, -3, -1, 0, 0, 0), BRIAN2


def test_constants_from_outside_have_no_owner_and_those_of_a_group_do():
    group = NeuronGroup(3, "dv/dt = -v/tau : 1", method="exact", namespace={"tau": 10 * ms})
    assert group.variables["N"].owner is not None, BRIAN2
    found = group.resolve_all({"tau", "N"}, run_namespace={})
    assert isinstance(found["tau"], Constant) and found["tau"].owner is None, BRIAN2


# Clocks ---------------------------------------------------------------------------------------------------------------


def test_a_clock_keeps_its_step_time_and_end():
    clock = Clock(dt=0.5 * ms)
    clock.set_interval(1 * ms, 3 * ms)
    assert clock.variables["timestep"].get_value().item() == 2, BRIAN2
    assert clock.variables["t"].get_value().item() == 1e-3 == clock.t_, BRIAN2
    assert clock.variables["dt"].get_value().item() == 0.5e-3 == clock.dt_, BRIAN2
    assert clock._i_end == 6, BRIAN2
    assert Clock.epsilon_dt == 1e-4, BRIAN2


# Spike queues ---------------------------------------------------------------------------------------------------------


def test_a_spike_queue_is_an_offset_and_slots_that_deliver_from_the_next_step_on():
    network = networks.single()
    pathway = network["synapse_pre"]
    # slots from the offset on: synapse 0 in the third of them, which is delivered in the third step
    pathway.queue._restore_from_full_state((1, [[], [], [], [0], [], []]))
    offset, slots = pathway.queue._full_state()
    assert (offset, slots[3]) == (1, [0]), BRIAN2
    network["cells"].v = 0
    network.run(0.5 * ms, namespace={})
    received = network["trace"].v[1]
    assert np.flatnonzero(received)[0] == 3, BRIAN2  # recorded at the start of the fourth step


def test_a_spike_queue_keeps_the_dt_of_its_steps_in_front_of_its_offset():
    network = networks.single()
    pathway = network["synapse_pre"]
    pathway.queue._restore_from_full_state((1, [[], [], [], [0], [], []]))
    assert queue_state(pathway) == ((1, [[], [], [], [0], [], []]), 0.0), BRIAN2  # before the first run
    sources, delays = pathway.synapse_sources.get_value(), pathway._delays.get_value()
    for dt in (0.1e-3, 0.025e-3):
        pathway.queue.prepare(delays, dt, sources)
        assert queue_state(pathway)[1] == dt, BRIAN2
    offset, slots = pathway.queue._full_state()
    # the third step from the offset on, moved to the nearest of a quarter of the length
    assert (offset, slots.index([0])) == (0, 8), BRIAN2


def test_a_generator_knows_whether_its_spikes_were_changed():
    source = SpikeGeneratorGroup(1, [0], [1] * ms)
    assert source._spikes_changed is True and source._previous_dt is None, BRIAN2
    network = Network(source)
    network.run(0 * ms)
    assert source._spikes_changed is False and source._previous_dt == source.clock.dt_, BRIAN2
    network.store()
    source.set_spikes([0], [2] * ms)
    network.restore()  # which brings back the variables, and not what the spikes were made of
    assert source.variables["spike_time"].get_value() == 1e-3 and source._spike_time == 2e-3, BRIAN2
    assert source._spikes_changed is False, BRIAN2


def test_code_objects_of_cpp_ask_pathways_for_what_ours_have():
    folder = resources.files("brian2.devices.cpp_standalone") / "templates"
    used = set()
    for path in folder.iterdir():
        if path.name.split(".")[0] in generate.TEMPLATES - {"synapses_push_spikes"}:  # which is ours
            used |= set(re.findall(r"pathway\.name *}}\.(\w+)", path.read_text()))
    assert used == {"peek"}, BRIAN2
    assert '#include "synapses_classes.h"' in (folder / "common_synapses.cpp").read_text(), BRIAN2


def test_the_random_numbers_of_cpp_are_those_of_brian2():
    text = (resources.files("brian2.devices.cpp_standalone") / "templates" / "objects.cpp").read_text()
    for used in ("rand()", "randn()"):
        assert used in text, f"{BRIAN2}: {used}"
    sources = lower(networks.fragile(), {}).sources
    assert "_random_generators" in "".join(t for n, t in sources.items() if n.startswith("code_objects")), BRIAN2


def test_pathways_know_their_synapses_sources_and_delays():
    network, single = networks.plastic(), networks.single()
    pathway = network["stdp_pre"]
    assert pathway.synapse_sources.get_value().size == len(pathway.synapses), BRIAN2
    assert (int(pathway.source.start), int(pathway.source.stop)) == (0, 50), BRIAN2
    assert not pathway.variables["delay"].scalar, BRIAN2
    assert single["synapse_pre"].variables["delay"].scalar, BRIAN2
    unconnected = Synapses(single["cells"], on_pre="v += 1")
    assert unconnected._connect_called is False, BRIAN2


# Integration ----------------------------------------------------------------------------------------------------------


def test_a_refractory_period_is_a_number_in_the_abstract_code():
    network = networks.plastic()
    Network(network.objects).run(0 * ms, namespace={})
    code = network["cells"].state_updater.abstract_code
    assert f"timestep({float(2 * ms)}, dt)" in code, BRIAN2
    assert network["cells"]._refractory == 2 * ms, BRIAN2
    sources = lower(networks.plastic(), {}).sources
    assert "_refractory_period" in sources["code_objects/cells_stateupdater_codeobject.cpp"], BRIAN2


def test_integration_schemes_are_applied_by_a_static_method():
    assert isinstance(inspect.getattr_static(StateUpdateMethod, "apply_stateupdater"), staticmethod), BRIAN2
    parameters = list(inspect.signature(StateUpdateMethod.apply_stateupdater).parameters)
    assert parameters == ["equations", "variables", "method", "method_options", "group_name"], BRIAN2
    assert {"exact", "euler", "rk4", "exponential_euler"} <= set(StateUpdateMethod.stateupdaters), BRIAN2
    assert type(StateUpdateMethod.stateupdaters["exact"]).__module__.startswith("brian2.stateupdaters"), BRIAN2


def test_the_method_that_a_user_chose_is_known_to_the_state_updater():
    group = NeuronGroup(1, "dv/dt = -v/second : 1", method="gsl_rk4")
    assert group.state_updater.method_choice == "gsl_rk4", BRIAN2


# Functions and TimedArrays --------------------------------------------------------------------------------------------


def test_a_function_has_implementations_by_class_that_can_be_added_and_taken_out():
    array = TimedArray([1.0, 2.0], dt=1 * ms)

    class Code(CPPStandaloneCodeObject):
        pass

    array.implementations.add_implementation(Code, "code", namespace={"a": np.zeros(1)}, name="other")
    found = array.implementations[Code]
    assert (found.name, list(found.get_namespace(None)), found.dependencies) == ("other", ["a"], {}), BRIAN2
    assert Code in array.implementations._implementations, BRIAN2
    array.implementations._implementations.pop(Code)


def test_a_timed_array_is_its_values_implementations_and_function():
    array = TimedArray([1.0, 2.0], dt=1 * ms)
    assert isinstance(array, Function), BRIAN2
    assert {"values", "implementations", "pyfunc"} <= set(array.__dict__), BRIAN2
    assert array.dt == 1e-3, BRIAN2
    assert array.is_locally_constant(0.1e-3) and not array.is_locally_constant(2e-3), BRIAN2


@pytest.mark.parametrize("dt", [0.1e-3, 0.3e-3, 1e-3])
def test_a_timed_array_is_aligned_with_a_finer_grid(dt):
    k = _find_K(dt, 1e-3)
    assert k >= 1, BRIAN2
    epsilon = 1e-3 / k
    for step in range(100):
        assert int((step * dt / epsilon + 0.5) / k) == int(step * dt / 1e-3 + 1e-9), BRIAN2


# Spike generators -----------------------------------------------------------------------------------------------------


def test_a_spike_generator_keeps_its_spikes_under_these_names():
    group = SpikeGeneratorGroup(3, [2, 0], [3, 1] * ms, period=10 * ms)
    assert group._spike_time.tolist() == [1e-3, 3e-3], BRIAN2
    assert group._neuron_index.tolist() == [0, 2], BRIAN2
    assert group.period_ == 0.01, BRIAN2
    assert group._spikes_changed, BRIAN2
    network = Network(group)
    network.run(2 * ms, namespace={})
    assert not group._spikes_changed and group._previous_dt == 1e-4, BRIAN2
    found = {name: group.variables[name].get_value().tolist() for name in ("neuron_index", "_timebins")}
    assert found == {"neuron_index": [0, 2], "_timebins": [10, 30]}, BRIAN2
    assert group.variables["_lastindex"].get_value().item() == 1, BRIAN2
    assert group.variables["_period_bins"].get_value().item() == 100, BRIAN2


def test_a_spike_generator_believes_bins_that_it_did_not_work_out():
    group = SpikeGeneratorGroup(1, [0], [1] * ms)
    monitor = SpikeMonitor(group)
    group.variables["_timebins"].get_value()[...] = 5
    group._spikes_changed, group._previous_dt = False, np.array(1e-4)
    Network(group, monitor).run(2 * ms, namespace={})
    np.testing.assert_allclose(monitor.t_[:], [0.5e-3]), BRIAN2


def test_array_variables_are_what_a_network_is_made_of():
    kinds = {type(v) for obj in networks.driven().sorted_objects for v in getattr(obj, "variables", {}).values()}
    assert {ArrayVariable, DynamicArrayVariable, Constant} <= kinds, BRIAN2


# Reading what happens in a step ---------------------------------------------------------------------------------------


def test_the_templates_of_numpy_are_those_that_are_known():
    folder = resources.files("brian2.codegen.runtime.numpy_rt") / "templates"
    found = {path.name.split(".")[0] for path in folder.iterdir() if path.name.endswith(".py_")}
    at_once = {"group_get_indices", "group_variable_get", "group_variable_get_conditional", "group_variable_set"}
    at_once |= {"group_variable_set_conditional", "synapses_create_array", "synapses_create_generator"}
    assert found == generate.TEMPLATES | at_once | {"common_group", "spatialstateupdate"}, BRIAN2


def test_what_an_object_does_in_a_step_is_to_call_its_code_objects():
    source = inspect.getsource(brian2.core.base.BrianObject.run)
    assert "for codeobj in self._code_objects" in source, BRIAN2
    assert NetworkOperation.run is not brian2.core.base.BrianObject.run, BRIAN2
    for kind in (brian2.groups.group.CodeRunner, SpikeGeneratorGroup, SpikeMonitor, Synapses, NeuronGroup):
        assert kind.run is brian2.core.base.BrianObject.run, f"{BRIAN2}: {kind.__name__}"


def test_abstract_code_becomes_statements_with_these_attributes():
    group = NeuronGroup(3, "dv/dt = -v/tau : 1\nb : boolean", method="exact", namespace={"tau": 10 * ms})
    variables = group.resolve_all({"v", "tau", "b", "dt"}, run_namespace={})
    scalar, vector = make_statements("v = int(b)*v*exp(-dt/tau)", variables, np.float64, optimise=True, blockname=None)
    assert [statement.op for statement in scalar] == [":="] * len(scalar) and scalar, BRIAN2
    (one,) = vector
    assert (one.var, one.op, one.inplace, one.scalar, one.subexpression) == ("v", "*=", True, False, False), BRIAN2
    assert one.used_boolean_variables == ["b"], BRIAN2
    assert {key[0] for key in one.boolean_simplified_expressions} == {("b", True), ("b", False)}, BRIAN2
    assert set(one.complexities) == set(one.boolean_simplified_expressions) and one.complexity_std > 0, BRIAN2


@pytest.mark.parametrize(("code", "loop"), [("v_post += w", False), ("v_post = v_post*v_post", True)])
def test_numpy_code_that_depends_on_an_order_is_a_loop(code, loop):
    source = inspect.getsource(NumpyCodeGenerator.vectorise_code)
    assert '"for _idx in _full_idx:"' in source, BRIAN2
    group = NeuronGroup(3, "v : 1", threshold="v > 1", name="group")
    synapses = Synapses(group, group, "w : 1", on_pre=code, name="synapses")
    synapses.connect()
    network = Network(group, synapses)
    if loop:
        with pytest.raises(Unsupported, match="depends on the order in which synapses"):
            read_steps(network, {}, "target jax")
    else:
        assert read_steps(network, {}, "target jax").operations[-1].block.repeated, BRIAN2


def test_a_binomial_function_keeps_its_numbers_in_its_closure():
    for n, names in ((10, {"n", "p"}), (1000, {"loc", "scale"})):
        sample = BinomialFunction(n, 0.1).implementations[NumpyCodeObject].get_code(None)
        assert names <= set(inspect.getclosurevars(sample).nonlocals), BRIAN2


def test_a_clock_that_rests_shows_its_next_step():
    slow, fast = Clock(0.4 * ms, name="slow"), Clock(0.1 * ms, name="fast")
    seen = []
    groups = [NeuronGroup(1, "v : 1", clock=clock) for clock in (slow, fast)]
    look = NetworkOperation(lambda: seen.append(slow.variables["timestep"].get_value().item()), clock=fast)
    Network(groups, look).run(0.9 * ms, namespace={})
    assert seen == [0, 1, 1, 1, 1, 2, 2, 2, 2], BRIAN2


def test_a_variable_that_is_held_back_names_what_holds_it():
    group = NeuronGroup(1, "dv/dt = -v/second : 1 (unless refractory)", threshold="v > 1", refractory=1 * ms)
    assert group.variables["v"].conditional_write is group.variables["not_refractory"], BRIAN2
