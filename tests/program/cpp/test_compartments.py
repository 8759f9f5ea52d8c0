"""Neurons with compartments: the cable equation in C++ against Brian2's NumPy target.

A tridiagonal system of diagonally dominant rows loses no digits, and the operations come in the order of LAPACK's, so
that potentials differ by the rounding of exponentials: 1e-16 a step, a few hundred times as much in the upstroke of an
action potential. 1e-12 of the largest magnitude is what is promised.
"""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import (
    Cylinder,
    Network,
    PopulationRateMonitor,
    Section,
    Soma,
    SpatialNeuron,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    cm,
    ms,
    msiemens,
    mV,
    nA,
    nS,
    ohm,
    uF,
    um,
)

import bioplast
from bioplast.errors import BioplastError, NonFiniteError, Unsupported
from bioplast.program.cpp.lowering import lower

TOLERANCE = 1e-12
# C_m V/dt with 1 uF/cm^2, 0.1 V, 0.1 ms: what rounds in Ic, a difference of potentials.
DIFFERENCE = 10
CHANNELS = """
Im = g_L*(E_L - v) + g_Na*m**3*(E_Na - v) + g_K*n**4*(E_K - v) - g_s*v/area + I_wave : amp/meter**2
I : amp (point current)
I_stim = stim(t)*int(i == 2)*nA : amp (point current)
I_gap : amp (point current)
I_wave : amp/meter**2
dg_s/dt = -g_s/(2*ms) : siemens
dm/dt = (1/(1 + exp(-(v + 40*mV)/(7*mV))) - m)/(0.1*ms) : 1
dn/dt = (1/(1 + exp(-(v + 45*mV)/(15*mV))) - n)/tau_n : 1
tau_n : second (constant)
g_Na : siemens/meter**2
held = v : volt (constant over dt)
"""
LEAK = "Im = g*(E_L - v) : amp/meter**2\nI : amp (point current)\ng : siemens/meter**2"


def branched():
    """Three children at one node, sections of one compartment, cones, grandchildren."""
    soma = Soma(30 * um)
    soma.axon = Cylinder(length=100 * um, diameter=1 * um, n=6)
    soma.dendrite = Cylinder(length=120 * um, diameter=2 * um, n=5)
    for name, compartments in (("L", 3), ("R", 1), ("third", 2)):
        soma.dendrite[name] = Cylinder(length=60 * um, diameter=1 * um, n=compartments)
    soma.dendrite.L.L = Section(diameter=[1, 0.8, 0.5] * um, length=[20, 30] * um, n=2)
    soma.dendrite.L.R = Cylinder(length=20 * um, diameter=0.7 * um, n=2)
    return soma


def stimulus():
    return TimedArray([0.1, 0.4, 0.5, 0.0], dt=3 * ms, name="stim")


def cell(name, stim, **options):
    namespace = {"E_L": -65 * mV, "E_Na": 50 * mV, "E_K": -90 * mV, "g_L": 0.3 * msiemens / cm**2}
    namespace |= {"g_K": 20 * msiemens / cm**2, "stim": stim}
    options = {"threshold": "v > -20*mV", "refractory": "v > -30*mV", "Ri": 100 * ohm * cm} | options
    neuron = SpatialNeuron(
        branched(), CHANNELS, Cm=1 * uF / cm**2, method="exponential_euler", name=name, namespace=namespace, **options
    )
    neuron.v = -65 * mV
    neuron.g_Na = "(20 + i)*msiemens/cm**2"
    neuron.tau_n = "(1 + 0.1*i)*ms"
    neuron.Cm = "(1 + 0.02*i)*uF/cm**2"
    return neuron


def one():
    neuron = cell("cell", stimulus())
    neuron.I[neuron.dendrite.L.L.indices[-1]] = 0.05 * nA
    return Network(neuron, StateMonitor(neuron, True, record=True, name="states"), SpikeMonitor(neuron, name="spikes"))


def several(order=1):
    """Two neurons of their own steps with synapses, gap junctions, subtrees and everything that records."""
    stim = stimulus()
    first = cell("first", stim, refractory=2 * ms, reset="n += 0.1", threshold_location=3, dt=0.05 * ms)
    second = cell("second_1", stim, dt=0.1 * ms)
    first.diffusion_state_updater.order = order
    chemical = Synapses(first, second, "w : siemens", on_pre="g_s_post += w", delay=0.5 * ms, name="chemical")
    chemical.connect(i=[3, 3, 3], j=[2, 7, 7])
    chemical.w = [10, 20, 30] * nS
    gap = Synapses(first.dendrite, second.axon, "I_gap_post = 0.5*nS*(v_pre - v_post) : amp (summed)", name="gap")
    gap.connect(j="i", skip_if_invalid=True)
    back = Synapses(second.axon[20 * um : 60 * um], first[2:5], on_pre="v_post += 1*mV", name="back")
    back.connect()
    first.run_regularly("I_wave = 0.01*amp/meter**2*sin(2*pi*t/(5*ms))", dt=0.5 * ms)
    monitors = [
        StateMonitor(first, ["v", "Im", "Ic", "I_stim", "held", "m"], record=True, name="first_states"),
        StateMonitor(second.dendrite.L, ["v", "g_s", "I_gap"], record=True, dt=0.2 * ms, name="subtree"),
        StateMonitor(first.axon[10 * um : 50 * um], "v", record=[0, 1], name="piece"),
        SpikeMonitor(first, "v", name="first_spikes"),
        SpikeMonitor(second.axon, name="second_spikes"),
        PopulationRateMonitor(second.dendrite, name="rate"),
    ]
    return Network(first, second, chemical, gap, back, monitors)


def passive():
    """Shapes at the edge of what there is, and conductances for which the elimination has to change rows."""
    shapes = {
        "point": Soma(20 * um),
        "piece": Cylinder(length=50 * um, diameter=2 * um, n=1),
        "cylinder": Cylinder(length=500 * um, diameter=2 * um, n=50),
        "unstable": branched(),
    }
    objects = []
    for name, shape in shapes.items():
        neuron = SpatialNeuron(shape, LEAK, name=name, namespace={"E_L": -65 * mV}, Cm=0.01 * uF / cm**2)
        neuron.v = -60 * mV
        neuron.I[0] = 0.05 * nA
        neuron.g = 0.3 * msiemens / cm**2
        objects += [neuron, StateMonitor(neuron, ["v", "Ic"], record=True, name=f"{name}_states")]
    objects[-2].g = -np.random.default_rng(1).uniform(0, 2000, len(objects[-2])) * msiemens / cm**2 / 10
    return Network(objects)


def assert_equal(expected, found):
    for name, spikes in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[name].steps, spikes.steps, name)
        np.testing.assert_array_equal(found.spikes[name].indices, spikes.indices, name)
    recorded = {**expected.states, **expected.rates, "final": expected.final}
    of_found = {**found.states, **found.rates, "final": found.final}
    assert set(expected.final) == set(found.final)
    for name, variables in recorded.items():
        for variable, value in variables.items():
            exact = np.asarray(value, dtype=float)
            largest = np.abs(exact[np.isfinite(exact)]).max(initial=0)
            if variable.rpartition(".")[2] in ("Ic", "Im"):
                largest = max(largest, DIFFERENCE)
            np.testing.assert_allclose(
                np.asarray(of_found[name][variable], dtype=float),
                exact,
                rtol=0,
                atol=TOLERANCE * largest,
                err_msg=f"{name}.{variable}",
            )


def programs(network, duration, *names):
    return [bioplast.compile(network, duration, name, namespace={}) for name in names]


@pytest.mark.build
def test_a_branched_neuron_with_channels_and_point_currents_is_that_of_numpy():
    expected, found = (program(seed=1) for program in programs(one(), 20 * ms, "numpy", "cpp"))
    assert len(expected.spikes["spikes"].times) > 20
    assert_equal(expected, found)


@pytest.mark.build
@pytest.mark.long
# Cython takes two minutes to compile several
@pytest.mark.parametrize(("make", "target"), [(one, "openmp"), (several, "openmp"), (one, "cython")])
def test_so_it_is_on_the_other_targets(make, target):
    expected, found = (program(seed=1) for program in programs(make(), 12 * ms, "numpy", target))
    assert_equal(expected, found)


@pytest.mark.long
@pytest.mark.build
def test_neurons_with_compartments_among_synapses_and_monitors_are_those_of_numpy():
    network = several()
    calls = programs(network, 6 * ms, "numpy", "cpp")
    first = [call(seed=1) for call in calls]
    assert all(len(spikes.times) for spikes in first[0].spikes.values())
    assert_equal(*first)
    # each of these changes the potential by far more than the tolerance
    others = {
        "first.Ri": 60 * ohm * cm,
        "second_1.Cm": 1.3 * uF / cm**2,
        "first.area": 1.1 * first[0].final["first.area"],
    }
    assert_equal(*(call(first[0].final, seed=1) for call in calls))
    for key, value in others.items():
        pair = [call({key: value}, seed=1, duration=3 * ms) for call in calls]
        assert_equal(*pair)
        group = key.partition(".")[0]
        assert np.abs(pair[0].final[f"{group}.v"] - calls[0](seed=1, duration=3 * ms).final[f"{group}.v"]).max() > 1e-5
    batches = [call.batch({"first.Ri": [0.5, 2.0]}, {"stim": np.full(4, 0.3)}, 1, duration=2 * ms) for call in calls]
    for expected, found in zip(*batches, strict=True):
        assert_equal(expected, found)


@pytest.mark.build
@pytest.mark.long
@pytest.mark.parametrize("order", [-1, 3])
def test_the_potential_is_updated_in_its_order(order):
    assert_equal(*(program(seed=1) for program in programs(several(order), 6 * ms, "numpy", "cpp")))


def test_what_updates_the_potential_is_part_of_what_was_compiled():
    network = one()
    program = bioplast.compile(network, 1 * ms, "numpy", namespace={})
    network["cell"].diffusion_state_updater.order = 3
    with pytest.raises(BioplastError, match=r"order of 'cell_spatialstateupdater.*' was changed after compile"):
        program()


@pytest.mark.build
def test_shapes_at_the_edge_and_systems_that_need_pivots_are_those_of_numpy():
    network = passive()
    expected, found = (program(seed=1) for program in programs(network, 1 * ms, "numpy", "cpp"))
    assert_equal(expected, found)


@pytest.mark.build
def test_a_cable_comes_to_rest_as_cable_theory_says():
    """Rall: v = I R_inf cosh((l - x)/lambda)/sinh(l/lambda) in a sealed cable, at the centres of the compartments."""
    network = passive()
    cable = network["cylinder"]
    program = bioplast.compile(network, 1 * ms, "cpp", namespace={})
    resistivity, conductance, current = 1.5, 3.0, 0.05e-9
    v = program({"cylinder.v": -0.065, "unstable.g": 3.0}, duration=20 * ms).final["cylinder.v"] + 0.065
    radius, length = 1e-6, 500e-6
    space = np.sqrt(radius / (2 * resistivity * conductance))
    infinite = resistivity * space / (np.pi * radius**2)
    x = np.asarray(cable.distance)
    # the current enters at the centre of the first compartment; the error is that of second order in 10 um
    truth = current * infinite * np.cosh((length - x) / space) / np.sinh(length / space)
    np.testing.assert_allclose(v[1:], truth[1:], rtol=(10e-6 / space) ** 2)


def test_single_precision_is_refused_by_name():
    neuron = SpatialNeuron(branched(), LEAK, name="cell", namespace={"E_L": -65 * mV}, dtype=np.float32)
    with pytest.raises(Unsupported, match=r"'v' of 'cell' is float32: targets cpp and openmp solve .* in float64"):
        lower(Network(neuron), {})


@pytest.mark.parametrize("part", ["the neuron", "its cable"])
def test_what_is_inactive_is_left_out(part):
    neuron = SpatialNeuron(branched(), LEAK, name="cell", namespace={"E_L": -65 * mV})
    (neuron if part == "the neuron" else neuron.diffusion_state_updater).active = False
    network = Network(neuron)
    assert "cable.h" not in lower(network, {}).sources
    out = bioplast.compile(network, 1 * ms, "jax", namespace={})({"cell.v": -60 * mV})
    np.testing.assert_array_equal(out.final["cell.v"], -0.06)


def test_what_diverges_is_told_by_its_name_on_numpy_too():
    equations = "Im = x*siemens/meter**2*(E_L - v) : amp/meter**2\ndx/dt = x**3/ms : 1"
    neuron = SpatialNeuron(
        branched(), equations, name="cell", method="euler", namespace={"E_L": -65 * mV}, threshold="v > 0*mV"
    )
    neuron.x = 5
    with pytest.raises(NonFiniteError, match=r"x of neuron 0 in 'cell' is (inf|nan)"):
        bioplast.compile(Network(neuron), 5 * ms, "numpy", namespace={})()
