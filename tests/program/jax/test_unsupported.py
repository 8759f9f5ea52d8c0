"""What target jax cannot do as Brian2 does it is refused in one line that names the object and the construct."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Function, Network, NetworkOperation, NeuronGroup, Soma, SpatialNeuron, Synapses, check_units, ms, um

import bioplast
from bioplast.errors import BioplastError, NonFiniteError, Unsupported


def refused(network, *told, error=Unsupported, values=None):
    with pytest.raises(error) as caught:
        bioplast.compile(network, 1 * ms, "jax", namespace={})(values)
    assert "\n" not in str(caught.value)
    for word in told:
        assert word in str(caught.value), caught.value


def regular(code, equations="x : 1\nk : integer\nb : boolean", **namespace):
    group = NeuronGroup(2, equations, name="group", method="euler", namespace=namespace)
    group.run_regularly(code, name="regular")
    return Network(group)


def connected(code, target="x : 1", **options):
    group = NeuronGroup(2, target, threshold="x > 1", reset="", name="group", namespace={}, **options)
    synapses = Synapses(group, group, "w : 1", on_pre=code, name="synapses", namespace={})
    synapses.connect()
    return Network(group, synapses)


def test_python_code_is_refused():
    refused(Network(NetworkOperation(lambda: None, name="counting")), "'counting'", "network_operation")

    @check_units(x=1, result=1)
    def doubled(x):
        return 2 * x

    refused(regular("x = doubled(x)", doubled=doubled), "'regular'", "'doubled'", "no implementation in JAX")
    doubled = Function(doubled)
    doubled.implementations.add_implementation("jax", lambda x: jnp.asarray(2.0) * x)
    network = regular("x = doubled(x) + 1", doubled=doubled)
    out = bioplast.compile(network, 0.3 * ms, "jax", namespace={})()
    np.testing.assert_array_equal(out.final["group.x"], [7, 7])


@pytest.mark.parametrize("code", ["x_post = x_post*x_post + w", "x_post = w", "x_post = clip(x_post + w, 0, 1)"])
def test_what_depends_on_the_order_of_synapses_is_refused(code):
    refused(connected(code), "'synapses_pre'", "depends on the order")


@pytest.mark.parametrize("code", ["x_post += w\nw = x_post", "w = x_post\nx_post += w"])
def test_what_one_synapse_does_to_another_within_a_step_is_refused(code):
    refused(connected(code), "'synapses_pre'", "depends on the order")


def test_an_assignment_that_brian2s_targets_disagree_about_is_refused():
    equations = "dx/dt = -x/second : 1 (unless refractory)"
    refused(
        connected("x_post = 2", equations, refractory=1 * ms, method="euler"),
        "'synapses_pre'",
        "'x_post = 2",
        "disagree",
    )


@pytest.mark.parametrize(
    ("code", "told"),
    [("k += x", "makes int32 of float64"), ("k = k**k", "to the power of another"), ("b = b and k", "")],
)
def test_types_that_numpy_refuses_or_confuses_are_refused(code, told):
    refused(regular(code), "regular", told, error=BioplastError)


def test_single_precision_state_is_refused():
    group = NeuronGroup(2, "x : 1", dtype=np.float32, name="group")
    group.run_regularly("x += 1")
    refused(Network(group), "'group.x'", "float32")


def test_a_run_that_ends_in_infinity_is_refused():
    group = NeuronGroup(2, "dx/dt = x**2/ms : 1", method="euler", name="group")
    group.x = [0, 1]
    network = Network(group)
    with pytest.raises(NonFiniteError, match=r"x of neuron 1 in 'group' is (inf|nan) at 5 ms"):
        bioplast.compile(network, 5 * ms, "jax", namespace={})()
    out = bioplast.compile(network, 5 * ms, "jax", namespace={}, watch=None)()
    assert np.isfinite(out.final["group.x"]).tolist() == [True, False]


def test_a_neuron_with_compartments_is_refused_with_the_targets_that_run_it():
    neuron = SpatialNeuron(Soma(30 * um), "Im = 0*amp/meter**2 : amp/meter**2", name="cell")
    refused(
        Network(neuron),
        "'cell' is a SpatialNeuron: target jax does not solve the cable equation",
        "use target='cpp', 'openmp', 'cython' or 'numpy'",
    )
