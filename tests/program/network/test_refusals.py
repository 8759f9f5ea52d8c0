"""What cannot be compiled or run is refused in one line that names the object and the construct."""

from __future__ import annotations

import gc

import brian2
import numpy as np
import pytest
from brian2 import (
    Network,
    NetworkOperation,
    NeuronGroup,
    check_units,
    linked_var,
    magic_network,
    ms,
    mV,
    second,
)
from brian2.core.preferences import PreferenceError
from support import networks

import bioplast
from bioplast.errors import BioplastError, RunError, UnknownName, Unsupported
from bioplast.program.cpp.lowering import lower


def refused(network, *told, target="cpp", duration=1 * ms, error=BioplastError, **options):
    with pytest.raises(error) as caught:
        bioplast.compile(network, duration, target, **{"namespace": {}, **options})()
    message = str(caught.value)
    assert "\n" not in message
    for word in told:
        assert word in message
    return message


def counted():
    group = NeuronGroup(1, "v : 1", name="group")
    seen = []
    operation = NetworkOperation(lambda t: seen.append(t / second), dt=1 * ms, name="counting")
    return Network(group, operation), seen


def test_a_network_operation_runs_on_numpy_alone():
    network, seen = counted()
    refused(network, "'counting'", "network_operation", "use target='numpy'", error=Unsupported)
    bioplast.compile(network, 3 * ms, "numpy", namespace={})()
    np.testing.assert_allclose(seen, [0, 1e-3, 2e-3])
    operation = next(obj for obj in network.objects if obj.name == "counting")
    operation.active = False
    assert lower(network, {}).runners == []


def test_a_run_that_an_operation_stops_is_not_an_output():
    network, _ = counted()
    network.add(NetworkOperation(lambda t: network.stop() if t / ms > 1 else None, name="stopping"))
    refused(network, "the network was stopped at 1.2 ms", target="numpy", duration=3 * ms, error=RunError)


@pytest.mark.parametrize("target", ["numpy", "cpp", "native"])
@pytest.mark.parametrize("thing", [magic_network, [], None, NeuronGroup])
def test_only_an_explicit_network_is_accepted(target, thing):
    refused(thing, "a brian2.Network is needed, not", type(thing).__name__, "Network(...)", target=target)


@pytest.mark.parametrize("method", ["gsl", "gsl_rk4"])
def test_gsls_integrators_are_refused(method):
    group = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method=method, name="group")
    refused(Network(group), "'group'", method, "GSL", error=Unsupported)


@pytest.mark.parametrize("target", ["numpy", "cpp", "native"])
def test_a_clock_without_a_fixed_dt_is_refused(target):
    clock = getattr(brian2, "EventClock", None)
    if clock is None:  # Brian2 2.9 has no other clock than those with a fixed dt
        assert brian2.__version__.startswith("2.9")
        return
    group = NeuronGroup(1, "v : 1", name="group")
    group.run_regularly("v += 1", clock=clock([1, 3] * ms, name="irregular"))
    refused(Network(group), "'irregular'", "EventClock", "fixed dt", target=target, error=Unsupported)


def test_a_function_in_python_runs_on_numpy_alone():
    @check_units(x=1, result=1)
    def doubled(x):
        return 2 * x

    group = NeuronGroup(1, "v : 1", namespace={"doubled": doubled}, name="group")
    group.run_regularly("v = doubled(3)")
    network = Network(group)
    refused(network, "'group_run_regularly'", "doubled", error=Unsupported)
    assert bioplast.compile(network, 1 * ms, "numpy", namespace={})().final["group.v"] == 6


@pytest.fixture
def standalone_device():
    brian2.set_device("cpp_standalone", build_on_run=False)
    yield
    brian2.device.reinit()
    brian2.set_device("runtime")


def test_a_network_made_under_another_device_is_refused(standalone_device):
    network = Network(NeuronGroup(1, "v : 1", name="group"))
    for target in ("numpy", "cpp"):
        refused(network, "set_device(CPPStandaloneDevice)", "set_device('runtime')", target=target)
    brian2.set_device("runtime")
    for target in ("numpy", "cpp"):
        refused(network, "'group'", "set_device(CPPStandaloneDevice)", "default device", target=target)


def test_another_device_in_force_is_refused(request):
    network = networks.single()
    request.getfixturevalue("standalone_device")
    for target in ("numpy", "cpp"):
        refused(network, "set_device(CPPStandaloneDevice)", "set_device('runtime')", target=target)


@pytest.mark.parametrize("duration", [100, 1 * mV, [1, 2] * ms, "1 ms", -1 * ms, np.inf * second, np.nan * second])
def test_a_duration_is_one_time_with_a_unit(duration):
    refused(networks.single(), "duration is", duration=duration)


def test_a_watch_and_threads_are_positive():
    refused(networks.single(), "watch is 0 s", watch=0 * ms)
    refused(networks.single(), "watch is 5", "100*ms", watch=5)
    refused(networks.single(), "threads is 0", target="openmp", threads=0)


def test_an_unknown_target_is_told_with_the_near_match():
    refused(networks.single(), "unknown target 'cppp'", "did you mean 'cpp'", target="cppp", error=UnknownName)
    refused(networks.single(), "unknown target 'None'", target=None, error=UnknownName)


@pytest.mark.parametrize("target", ["numpy", "cpp", "native"])
def test_an_unknown_name_in_an_equation_is_told_with_its_group(target):
    group = NeuronGroup(1, "dv/dt = -v/taau : 1", method="exact", name="group")
    refused(Network(group), "'group", '"taau" could not be resolved', target=target)


def refractory_target(code):
    """A neuron that is refractory when a spike reaches it, and one that is not."""
    cells = NeuronGroup(
        2, "dv/dt = 0/second : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=5 * ms,
        method="euler", name="cells",
    )  # fmt: skip
    cells.v = [2, 0]
    spike = brian2.SpikeGeneratorGroup(1, [0], [2] * ms)
    synapses = brian2.Synapses(spike, cells, "w : 1", on_pre=code, name="synapses")
    synapses.connect()
    synapses.w = 0.7
    return Network(cells, spike, synapses)


def test_what_brian2s_numpy_code_does_to_refractory_neurons_is_refused_there():
    network = refractory_target("v_post = w")
    refused(
        network, "'synapses'", "'v_post = w'", "(unless refractory)", "use target", target="numpy", error=Unsupported
    )
    network.run(3 * ms, namespace={})  # as long as it is so: Brian2's C++ leaves the first at 0
    assert network["cells"].v[:].tolist() == [0.7, 0.7]
    for code in ("v_post += w", "v_post = clip(v_post + w, 0, 1)"):
        final = bioplast.compile(refractory_target(code), 3 * ms, "numpy", namespace={})().final
        assert final["cells.v"].tolist() == [0, 0.7]


@pytest.mark.parametrize("change", ["tau", "refractory"])
def test_a_constant_that_changes_after_compile_is_refused(change):
    # the numpy target would follow it and cpp would not
    group = NeuronGroup(
        2, "dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0", refractory=2 * ms, method="euler", name="group",
        namespace={"tau": 10 * ms},
    )  # fmt: skip
    program = bioplast.compile(Network(group), 1 * ms, "numpy", namespace={})
    program()
    group.namespace["tau"] = 1e1 * ms  # the same value
    program()
    if change == "tau":
        group.namespace["tau"] = 11 * ms
    else:
        group._refractory = 3 * ms
    with pytest.raises(BioplastError, match=f"'{change}' of 'group' was changed after compile: compile the network"):
        program()


@pytest.mark.parametrize("target", ["numpy", "cpp", "native"])
def test_synapses_that_were_never_connected_are_told(target):
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", name="cells")
    synapses = brian2.Synapses(cells, cells, on_pre="v += 1", name="synapses")
    refused(Network(cells, synapses), "'synapses", "connect", target=target)


def test_an_error_leaves_no_trace_in_brian2():
    device, method = brian2.get_device(), brian2.stateupdaters.base.StateUpdateMethod.apply_stateupdater
    preferences = dict(brian2.prefs.items())
    group = NeuronGroup(1, "dv/dt = -v/taau : 1", method="exact", name="a_name")
    network = Network(group)
    refused(network, "taau")
    assert brian2.get_device() is device
    assert brian2.stateupdaters.base.StateUpdateMethod.apply_stateupdater is method
    assert dict(brian2.prefs.items()) == preferences
    assert group.name == "a_name"
    network.run(1 * ms, namespace={"taau": 10 * ms})


@pytest.mark.parametrize("target", ["numpy", "cpp", "jax"])
def test_a_linked_variable_whose_subgroup_nobody_holds_is_told(target):
    source = NeuronGroup(6, "u : 1", name="source")
    cells = NeuronGroup(3, "du2/dt = (y - u2)/(5*ms) : 1\ny : 1 (linked)", method="euler", name="cells")
    cells.y = linked_var(source[1:4], "u")
    gc.collect()
    refused(Network(source, cells), "of 'cells' belongs to a group that nothing holds any more", target=target)


@pytest.mark.parametrize(
    ("target", "options", "told"),
    [
        (["numpy"], {}, r"unknown target \"\['numpy'\]\""),
        ("numpy", {"namespace": [1]}, "namespace is of type list: a dict by name is accepted"),
        ("numpy", {"namespace": None, "level": 1000}, "level is 1000: there are fewer calls above this one"),
        ("numpy", {"level": 1.5}, "level is 1.5: a whole number, at least 0, is accepted"),
        ("openmp", {"threads": 1.5}, "threads is 1.5: a whole number, at least 1, is accepted"),
        ("openmp", {"threads": True}, "threads is True: a whole number"),
        ("cpp", {"fast_math": "yes"}, "fast_math is 'yes': True and False are accepted"),
        ("jax", {"remat": 3}, "remat is 3: True and False are accepted"),
        ("jax", {"dtype": "half"}, "dtype is 'half': 'float32' and 'float64' are accepted"),
        ("jax", {"dtype": [1]}, r"dtype is \[1\]: 'float32' and 'float64' are accepted"),
    ],
)
def test_an_option_of_another_kind_is_refused_and_leaves_brian2_as_it_was(target, options, told):
    device = brian2.get_device()
    with pytest.raises(BioplastError, match=told):
        bioplast.compile(networks.single(), 1 * ms, target, **{"namespace": {}, **options})
    assert brian2.get_device() is device


def test_a_preference_that_is_refused_leaves_the_device_as_it_was():
    device = brian2.get_device()
    with pytest.raises(PreferenceError, match="openmp_threads"):
        lower(networks.single(), {}, threads="two")
    assert brian2.get_device() is device


@pytest.mark.parametrize("target", ["numpy", "jax", "cpp"])
def test_a_new_dt_that_does_not_suit_the_time_of_the_network_is_told(target):
    group = NeuronGroup(1, "x : 1", dt=0.1 * ms)
    network = Network(group)
    network.run(3 * ms, namespace={})
    group.clock.dt = 0.07 * ms
    with pytest.raises(BioplastError, match=r"the time 3\. ms is not a multiple of 70\. us"):
        bioplast.compile(network, 1 * ms, target, namespace={})()
