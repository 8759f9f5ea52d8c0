"""Derivatives of target jax against finite differences and against backpropagation through time done by hand."""

from __future__ import annotations

import math
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, cm, ms, mV, uA
from support import constructs, networks

import bioplast
from bioplast.errors import BioplastError, UnknownName
from bioplast.models import ampa, hodgkin_huxley, lif, pair_stdp


@pytest.fixture(autouse=True)
def _double_precision():
    with jax.enable_x64(True):
        yield


def compiled(network, duration, **options):
    return bioplast.compile(network, duration, "jax", namespace={}, **options)


def assert_derivative(function, x, tolerance=1e-5):
    """The gradient of `function` at x against central differences.

    With a step of 1e-6 of x the difference quotient errs by about 1e-12 of the curvature and 1e-16/1e-6 = 1e-10 of
    rounding, which sums over the steps of a run may raise by some orders: below 1e-5.
    """
    x = np.asarray(x, dtype=float)
    found = np.asarray(jax.grad(lambda y: function(y).sum())(jnp.asarray(x)))
    size = 1e-6 * np.abs(x).max()
    expected = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        change = np.zeros_like(x)
        change[index] = size
        expected[index] = (np.sum(function(x + change)) - np.sum(function(x - change))) / (2 * size)
    assert np.abs(expected).max() > 0
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max(), (found, expected)


@pytest.fixture(scope="module")
def squid():
    cells = hodgkin_huxley.group(2, name="cells", I=[5, 9] * uA / cm**2)
    return compiled(Network(cells, StateMonitor(cells, "v", record=True, name="trace")), 8 * ms)


@pytest.mark.parametrize("name", ["g_Na", "C_m", "v"])
def test_hodgkin_huxley_neurons_are_differentiable(squid, name):
    key = f"cells.{name}"
    assert_derivative(lambda x: squid({key: x, "network.t": 0.0}).states["trace"]["v"][::50], squid.values[key])


@pytest.fixture(scope="module")
def plastic():
    rng = np.random.default_rng(0)
    steps, neurons = np.nonzero(rng.random((400, 6)) < 0.03)
    source = SpikeGeneratorGroup(6, neurons, steps * 0.1 * ms, name="source")
    cells = (lif + ampa).group(2, dt=0.1 * ms, name="cells", I="(0.22 + 0.05*i)*nA")
    stdp = pair_stdp.connect(source, cells, name="stdp", A_plus=0.05, A_minus=0.04)
    return compiled(Network(source, cells, stdp, SpikeMonitor(cells, name="spikes")), 40 * ms)


@pytest.mark.parametrize("key", ["stdp.A_plus", "stdp.tau_plus", "stdp.w", "cells.E_L"])
def test_derivatives_flow_through_plasticity(plastic, key):
    """STDP between spikes that stay where they are: what depends on them is smooth."""
    assert len(plastic().events("spikes")[0]) > 2
    weights = np.random.default_rng(1).random(12)

    def told(x):
        final = plastic({key: x}).final
        return final["stdp.w"] * weights + final["cells.v"].sum() * (key == "cells.E_L")

    assert_derivative(told, plastic.values[key])


# Two layers of leaky integrate-and-fire neurons, by hand --------------------------------------------------------------

DT, TAU, TAU_OUT, STEPS = 1e-3, 10e-3, 20e-3, 40


def two_layers(beta, detach):
    rng = np.random.default_rng(2)
    source = SpikeGeneratorGroup(5, [], [] * ms, dt=1 * ms, name="source")
    hidden = NeuronGroup(
        4, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v -= 1", method="exact", dt=1 * ms, name="hidden"
    )
    readout = NeuronGroup(2, "du/dt = -u/(20*ms) : 1", method="exact", dt=1 * ms, name="readout")
    first = Synapses(source, hidden, "w : 1", on_pre="v_post += w", dt=1 * ms, name="first")
    second = Synapses(hidden, readout, "w : 1", on_pre="u_post += w", dt=1 * ms, name="second")
    for synapses in (first, second):
        synapses.connect()
        synapses.w = rng.normal(0.2, 0.4, len(synapses))
    trace = StateMonitor(readout, "u", record=True, name="trace", dt=1 * ms)
    network = Network(source, hidden, readout, first, second, SpikeMonitor(hidden, name="spikes"), trace)
    surrogate = bioplast.SuperSpike(beta=beta)
    program = compiled(network, STEPS * ms, surrogate=surrogate, detach_reset=detach)
    raster = (rng.random((STEPS, 5)) < 0.3).astype(float)
    target = rng.normal(size=(STEPS, 2))
    return program, raster, target


def by_hand(w1, w2, raster, target, beta, detach):
    """Loss and its derivatives, forward and backward step by step.

    In a step: decay, threshold, then the spikes of both layers arrive, then the reset. The loss is the squared distance
    of u at the start of each step to a target.
    """
    a, b = np.exp(-DT / TAU), np.exp(-DT / TAU_OUT)
    v, u = np.zeros(4), np.zeros(2)
    decayed, spikes, starts = [], [], []
    for x in raster:
        starts.append(u)
        v = a * v
        s = (v > 1).astype(float)
        decayed.append(v)
        spikes.append(s)
        v = v + x @ w1 - s
        u = b * u + s @ w2
    loss = sum(((u - y) ** 2).sum() for u, y in zip(starts, target, strict=True))
    dw1, dw2, dx = np.zeros_like(w1), np.zeros_like(w2), np.zeros_like(raster)
    dv, du = np.zeros(4), np.zeros(2)  # with respect to v and u at the end of the step
    for k in reversed(range(STEPS)):
        dw2 += np.outer(spikes[k], du)
        dw1 += np.outer(raster[k], dv)
        dx[k] = w1 @ dv
        ds = w2 @ du - (0 if detach else dv)
        slope = 1 / (1 + beta * np.abs(decayed[k] - 1)) ** 2
        dv = a * (dv + ds * slope)
        du = b * du + 2 * (starts[k] - target[k])
    return loss, dw1, dw2, dx, sum(map(np.sum, spikes))


@pytest.mark.parametrize("detach", [False, True])
def test_surrogate_gradients_are_those_of_backpropagation_through_time(detach):
    beta = 7.0
    program, raster, target = two_layers(beta, detach)
    w1, w2 = (program.values[f"{name}.w"].reshape(shape) for name, shape in (("first", (5, 4)), ("second", (4, 2))))
    expected = by_hand(w1, w2, raster, target, beta, detach)
    assert expected[-1] > 10

    def loss(w1, w2, x):
        out = program({"first.w": w1.reshape(-1), "second.w": w2.reshape(-1)}, {"source": x})
        return ((out.states["trace"]["u"] - target) ** 2).sum()

    value, found = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))(w1, w2, jnp.asarray(raster))
    assert value == pytest.approx(expected[0], rel=1e-9)
    for one, other in zip(found, expected[1:4], strict=True):
        # sums of some hundred products in float64
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * np.abs(other).max())


def test_without_a_surrogate_a_spike_has_no_derivative():
    program, raster, _ = two_layers(7.0, False)
    plain = compiled(program.network, STEPS * ms)
    found = jax.grad(lambda w: plain({"first.w": w}, {"source": raster}).final["readout.u"].sum())(
        jnp.asarray(plain.values["first.w"])
    )
    assert not np.asarray(found).any()


# What each surrogate is the derivative of, of the margin in units of 2 mV.
PRIMITIVES = [
    (bioplast.SuperSpike(beta=3, unit=2 * mV), lambda x: x / (1 + 3 * abs(x))),
    (bioplast.Sigmoid(beta=3, unit=2 * mV), lambda x: 1 / (1 + np.exp(-3 * x))),
    (bioplast.Rectangle(beta=3, unit=2 * mV), lambda x: np.clip(x, -1.5, 1.5) / 3),
    (bioplast.Arctan(beta=3, unit=2 * mV), lambda x: np.arctan(np.pi / 2 * 3 * x) / np.pi),
    (bioplast.Gaussian(beta=3, unit=2 * mV), lambda x: np.vectorize(math.erf)(x / 3 / np.sqrt(2)) / 2),
    (bioplast.StraightThrough(unit=2 * mV), lambda x: x),
]


def still(threshold, surrogate, **options):
    """Neurons whose v stays where it is put."""
    cells = NeuronGroup(
        6, "v : volt\nx : 1\nfired = x > 1 : boolean", threshold=threshold, reset="", method="euler", name="cells"
    )
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    return compiled(network, 0.1 * ms, surrogate=surrogate, **options)


def slope_in(key, program, values):
    """The derivative of each neuron's spike in its own value."""
    function = jax.grad(lambda v: program({**values, key: v}).raster("spikes")[0].sum())
    return np.asarray(function(jnp.asarray(values[key])))


V = np.array([-57.3, -51, -50.1, -49.9, -48, -40.2]) * 1e-3


@pytest.mark.parametrize(("surrogate", "primitive"), PRIMITIVES, ids=lambda p: type(p).__name__)
def test_each_surrogate_is_the_derivative_in_the_margin(surrogate, primitive):
    program = still("v > -50*mV", surrogate)
    x, h = (V + 50e-3) / 2e-3, 1e-5
    expected = (primitive(x + h) - primitive(x - h)) / (2 * h) / 2e-3
    # the quotient errs by h**2 of the third derivative (below 1e3), relative to slopes of 1e-3 and more
    np.testing.assert_allclose(slope_in("cells.v", program, {"cells.v": V}), expected, rtol=1e-4, atol=1e-9)


def test_the_spikes_themselves_do_not_change():
    with_one = still("v > -50*mV", bioplast.SuperSpike(unit=1 * mV))({"cells.v": V}).raster("spikes")
    np.testing.assert_array_equal(with_one[0], V > -50e-3)
    assert with_one.dtype == bool


def test_a_condition_of_several_parts_follows_the_product_rule():
    surrogate = bioplast.StraightThrough(unit=1 * mV)
    for condition, expected in [
        ("v < -50*mV", np.full(6, -1e3)),
        ("not (v > -50*mV)", np.full(6, -1e3)),
        ("v > -50*mV and v < -45*mV", 1e3 * ((V < -45e-3).astype(float) - (V > -50e-3))),
        ("v > -45*mV or v < -50*mV", 1e3 * ((V > -50e-3) * 1.0 - (V < -45e-3))),
        ("v > -50*mV and i < 4", None),
    ]:
        if expected is None:
            with pytest.raises(BioplastError, match="'cells' compares numbers of"):
                still(condition, surrogate)
            continue
        found = slope_in("cells.v", still(condition, surrogate), {"cells.v": V})
        np.testing.assert_allclose(found, expected, err_msg=condition)


def test_a_condition_that_is_a_subexpression_keeps_its_derivative():
    x = np.linspace(0.5, 1.5, 6)
    found = slope_in("cells.x", still("fired", bioplast.SuperSpike(beta=2)), {"cells.x": x})
    np.testing.assert_allclose(found, 1 / (1 + 2 * abs(x - 1)) ** 2)


def test_a_surrogate_that_does_not_fit_is_refused():
    with pytest.raises(BioplastError, match="compares numbers of V, its surrogate has no unit"):
        still("v > -50*mV", bioplast.SuperSpike())
    with pytest.raises(UnknownName, match="unknown group with a threshold 'cell': did you mean 'cells'"):
        still("v > -50*mV", {"cell": bioplast.SuperSpike()})
    with pytest.raises(BioplastError, match="one such as SuperSpike"):
        still("v > -50*mV", 10)
    with pytest.raises(BioplastError, match="beta is 0"):
        bioplast.SuperSpike(beta=0)
    with pytest.raises(BioplastError, match="takes no option surrogate: it is for 'jax'"):
        bioplast.compile(networks.single(), 1 * ms, "numpy", surrogate=bioplast.SuperSpike())


# A pure function -----------------------------------------------------------------------------------------------------


def test_mapped_runs_are_those_one_by_one():
    program = compiled(constructs.NETWORKS["event_driven_equations"](), 10 * ms)
    w = np.random.default_rng(0).random((3, len(program.values["synapses.w"]))) * 0.2
    mapped = jax.jit(jax.vmap(lambda w: program({"synapses.w": w})))(w)
    for k in range(3):
        one = program({"synapses.w": w[k]})
        np.testing.assert_array_equal(mapped.raster("cells_spikes")[k], one.raster("cells_spikes"))
        for variable, states in one.states["weights"].items():
            np.testing.assert_allclose(mapped.states["weights"][variable][k], states, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(mapped.final["synapses.w"][k], one.final["synapses.w"], rtol=1e-9)


def test_a_key_may_be_traced():
    program = compiled(constructs.RANDOM["additive_noise"](), 1 * ms)
    keys = jax.random.split(jax.random.key(0), 2)
    v = np.asarray(jax.vmap(lambda key: program(seed=key))(keys).states["cells_states"]["v"])
    assert (v[0, 1:] != v[1, 1:]).all()


def test_single_precision_of_the_user_is_untouched():
    program = compiled(networks.single(), 1 * ms)
    with jax.enable_x64(False):
        program()
        assert jnp.arange(3.0).dtype == jnp.float32
        assert program().states["trace"]["v"].dtype == np.float64
        with pytest.raises(BioplastError, match="64-bit"):
            jax.grad(lambda w: program({"synapse.w": w}).final["cells.v"].sum())(jnp.ones(1))


def test_bioplast_is_imported_without_jax():
    code = "import sys, bioplast; bioplast.compile, bioplast.SuperSpike; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"synapse_pre.delay": ()}, "'synapse_pre.delay' cannot be traced"),
        ({"cells.v": (3,)}, r"'cells.v' has shape \(3,\): \(2,\) is expected"),
    ],
)
def test_what_cannot_be_traced_is_refused(values, message):
    program = compiled(networks.single(), 1 * ms)
    with pytest.raises(BioplastError, match=message):
        jax.jit(lambda given: program(given))({key: jnp.zeros(shape) for key, shape in values.items()})


def test_a_traced_input_has_the_shape_of_the_run():
    program = compiled(networks.driven(), 1 * ms)
    with pytest.raises(BioplastError, match=r"input 'generator' has shape \(9, 3\): \(10, 3\) is expected"):
        jax.jit(lambda given: program(inputs={"generator": given}))(jnp.zeros((9, 3)))
    with pytest.raises(UnknownName, match="unknown input 'generato'"):
        jax.jit(lambda given: program(inputs={"generato": given}))(jnp.zeros((10, 3)))
