"""Declared connections: the numbers of explicit synapses, on target jax without a list of them."""

from __future__ import annotations

import copy

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, ms, nA, prefs
from support import convolutional as net

import bioplast
from bioplast import Synapse, connection, learning
from bioplast.errors import BioplastError
from bioplast.program.jax import correlations

RNG = np.random.default_rng(23)
SURROGATE = bioplast.SuperSpike(beta=1, unit=1)
SPAN = net.STEPS * net.DT
delta = Synapse("w : 1", on_pre="v_post += w", requires_post={"v": 1}, name="delta")


@pytest.fixture
def unlisted(monkeypatch):
    """Makes every list of pairs an error, but those that the geometry of pooling needs."""

    def pairs(self):
        raise AssertionError(f"the list of {self} was made")

    for kind in (connection.Convolution, connection.Dense, connection.Chain, connection.Pooling):
        monkeypatch.setattr(kind, "pairs", pairs)


def compiled(network, target="jax", **options):
    if target == "jax":
        options = {"surrogate": SURROGATE, **options}
    return bioplast.compile(network, SPAN, target, namespace={}, **options)


@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 1, 1), ((2, 3), (2, 1), (0, 2)), (1, 3, 0)])
def test_both_ways_to_convolve_are_the_sum_over_the_pairs(size, stride, padding):
    layer = connection.convolution((3, 7, 6), 4, size, stride, padding)
    image, kernels = RNG.normal(size=layer.before), RNG.normal(size=layer.weights)
    expected = np.zeros(layer.neurons)
    i, j, k = layer.pairs()
    np.add.at(expected, j, image.reshape(-1)[i] * kernels.reshape(-1)[k])
    with jax.enable_x64(True):
        for way in (correlations.as_convolution, correlations.as_product):
            found = jax.vmap(lambda image, way=way: way(layer.windows, image, jnp.asarray(kernels)))(image[None])
            np.testing.assert_allclose(found[0].reshape(-1), expected, rtol=1e-9, atol=1e-12)


def loss_of(program, keys):
    """The mean loss of a batch as a function of the weights, by the keys of their values."""

    def loss(weights):
        out = program.batch(dict(zip(keys, weights, strict=True)), {"source": jnp.asarray(net.RASTERS)})
        return (out.states["trace"]["v"] ** 2).mean() + out.raster("spikes_one").mean()

    return loss


def test_values_and_surrogate_gradients_are_those_of_explicit_synapses():
    kernels = [net.KERNELS[name].reshape(-1) for name in net.LAYERS]
    index = [layer.k for layer in net.LAYERS.values()]
    one, other = compiled(net.explicit()), compiled(net.declared())
    with jax.enable_x64(True):
        listed = loss_of(one, [f"{name}.w" for name in net.LAYERS])
        declared = loss_of(other, [f"{name}_kernels.w" for name in net.LAYERS])
        expected = jax.value_and_grad(lambda w: listed([a[k] for a, k in zip(w, index, strict=True)]))(kernels)
        found = jax.value_and_grad(declared)(kernels)
        expected, found = jax.device_get((expected, found))
    assert expected[0] == pytest.approx(found[0], rel=1e-12)
    for slope, wanted in zip(found[1], expected[1], strict=True):
        assert np.abs(wanted).max() > 1e-3
        np.testing.assert_allclose(slope, wanted, rtol=1e-9, atol=1e-12)


def test_the_gradient_is_that_of_finite_differences_and_one_number_is_trained_for_each_weight():
    source, cells = net.smooth()
    layer, kernels = net.FIRST, net.KERNELS["first"]
    synapses = delta.connect(source, cells, along=layer, w=kernels, name="first", dt=net.DT)
    program = bioplast.compile(Network(source, cells, synapses), 4 * net.DT, "jax", namespace={})
    raster, wanted = net.RASTERS[:1, :4], RNG.normal(size=(1, layer.neurons))
    key = "first_kernels.w"

    def loss(out, wanted):
        return ((out.final["cells.v"] - wanted) ** 2).mean()

    fitted = learning.fit(
        program, {"source": raster}, wanted, train={key: 1}, loss=loss, epochs=1, batch=1, optimiser=optax.sgd(1.0)
    )
    found = kernels.reshape(-1) - fitted.values[key]

    def at(flat):
        return loss(program({key: flat}, {"source": raster[0]}), wanted[0])

    flat, h = kernels.reshape(-1), 1e-5
    expected = [(at(flat + step) - at(flat - step)) / (2 * h) for step in h * np.eye(len(flat))]
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)


def test_target_jax_never_makes_the_list(unlisted):
    network = net.declared()
    program = compiled(network)
    whole = program(inputs={"source": net.RASTERS[0]})
    program.batch(inputs={"source": net.RASTERS})
    again = copy.deepcopy(program)(inputs={"source": net.RASTERS[0]})
    np.testing.assert_array_equal(again.states["trace"]["v"], whole.states["trace"]["v"])
    program.write_back({"first_kernels.w": 0 * net.KERNELS["first"].reshape(-1)})
    assert not program(inputs={"source": net.RASTERS[0]}).raster("spikes_one").any()
    with pytest.raises(AssertionError, match="the list of Convolution"):
        len(network["first"])
    with pytest.raises(AssertionError, match="the list of Convolution"):
        compiled(net.declared(), "numpy")


def test_a_run_in_chunks_is_the_run():
    program = compiled(net.declared())
    raster = net.RASTERS[0]
    whole = program(inputs={"source": raster})
    half = net.STEPS // 2
    chunk = program(inputs={"source": raster[:half]}, duration=half * net.DT)
    rest = program(chunk.final, {"source": raster[half:]}, duration=half * net.DT)
    np.testing.assert_array_equal(rest.states["trace"]["v"], whole.states["trace"]["v"][half:])
    with jax.enable_x64(True):

        def follow(values, part):
            out = program(values, {"source": part}, duration=half * net.DT)
            return out.final, out.states["trace"]["v"]

        parts = jnp.asarray(raster.reshape(2, half, -1))
        final, traces = jax.jit(lambda begin, parts: jax.lax.scan(follow, begin, parts))(program.carry(), parts)
    np.testing.assert_allclose(traces.reshape(net.STEPS, -1), whole.states["trace"]["v"], rtol=1e-12)
    assert final.keys() == whole.final.keys() == program.values.keys()


def test_spikes_on_their_way_are_those_of_brian2_and_arrive_after_a_run_too():
    layer = connection.convolution((1, 4, 4), 2, 3, padding=1)
    source, cells, synapses = layers(layer=layer, w="0.1*(1 + i)", delay=3 * ms)
    network = Network(source, cells, synapses, StateMonitor(cells, "v", record=True, dt=net.DT, name="trace"))
    raster = RNG.random((8, layer.inputs)) < 0.2
    one, two = (bioplast.compile(network, 8 * net.DT, target, namespace={}) for target in ("jax", "numpy"))
    whole = two(inputs={"source": raster})
    np.testing.assert_allclose(one(inputs={"source": raster}).states["trace"]["v"], whole.states["trace"]["v"])
    half = [program(inputs={"source": raster[:5]}, duration=5 * ms).final for program in (one, two)]
    assert len(half[1]["layer_pre.queue"]) > 20
    np.testing.assert_array_equal(half[0]["layer_pre.queue"], half[1]["layer_pre.queue"])
    rest = one(half[1], {"source": raster[5:]}, duration=3 * ms)
    np.testing.assert_allclose(rest.states["trace"]["v"], whole.states["trace"]["v"][5:])
    with jax.enable_x64(True):
        first = jax.jit(lambda v, r: one(v, {"source": r}, duration=4 * ms).final)
        second = first(first(one.carry(), jnp.asarray(raster[:4])), jnp.asarray(raster[4:]))
    np.testing.assert_allclose(second["cells.v"], whole.final["cells.v"])
    sooner = {**half[1], "layer_pre.delay": 1 * ms}  # so that spikes of two steps arrive at once
    again = [program(sooner, {"source": raster[5:]}, duration=3 * ms) for program in (one, two)]
    np.testing.assert_allclose(again[0].final["cells.v"], again[1].final["cells.v"])
    part = {**half[1], "layer_pre.queue": half[1]["layer_pre.queue"][:-1]}
    with pytest.raises(BioplastError, match=r"'layer_pre\.queue' has spikes in some synapses of neuron"):
        one(part)


# What synapses may do -------------------------------------------------------------------------------------------------


def conductances(layer, **options):
    """Synapses with numbers of the neurons on both sides, between parts of groups, onto neurons that are refractory."""
    source = NeuronGroup(
        layer.inputs + 3, "x : 1\nphase : 1", threshold="(t/DT + phase) % 3 < 1", dt=net.DT, name="all"
    )
    cells = NeuronGroup(
        layer.neurons + 2,
        "dv/dt = -v/(5*ms) : 1 (unless refractory)\ng : 1\ny : 1",
        threshold="v > 2",
        reset="v = 0",
        refractory=2 * ms,
        method="euler",
        dt=net.DT,
        name="cells",
    )
    source.x, source.phase = RNG.random(len(source)), np.arange(len(source)) % 3
    cells.y = RNG.random(len(cells))
    synapse = Synapse(
        "w : 1\nu : 1\nE : 1 (shared)\nsize = w*exp(-u) : 1",
        on_pre="""push = size*x_pre - w/4
                  v_post += push*(E - y_post)/(1 + y_post)**2
                  g_post -= w + x_pre*u + E""",
        requires_pre={"x": 1},
        requires_post={"v": 1, "g": 1, "y": 1},
    )
    values = {name: RNG.random(layer.weights) for name in ("w", "u")}
    synapses = synapse.connect(source[2:-1], cells[1:-1], along=layer, E=3.0, dt=net.DT, name="many", **values)
    trace = StateMonitor(cells, ["v", "g"], record=True, dt=net.DT, name="trace")
    return Network(source, cells, synapses, trace)


@pytest.mark.parametrize("name", ["convolution", "chain", "pool", "dense"])
def test_sums_of_products_are_those_of_brian2(name):
    pool = connection.average_pooling((2, 5, 4), 2, 1, padding=1)
    layer = {
        "convolution": connection.convolution((2, 5, 4), 2, 3, (2, 1), 1),
        "chain": pool.then(connection.dense, neurons=3),
        "pool": connection.average_pooling((2, 5, 4), 2),
        "dense": connection.dense(5, 3),
    }[name]
    network = conductances(layer)
    namespace = {"DT": net.DT}
    found = bioplast.compile(network, 9 * net.DT, "jax", namespace=namespace)()
    expected = bioplast.compile(network, 9 * net.DT, "numpy", namespace=namespace)()
    for variable in "vg":
        wanted = expected.states["trace"][variable]
        assert len(np.unique(wanted)) > 3
        np.testing.assert_allclose(found.states["trace"][variable], wanted, rtol=1e-9, atol=1e-9)


def layers(code="v_post += w", equations="w : 1", layer=None, **options):
    layer = layer or connection.convolution((1, 3, 3), 1, 2)
    source = SpikeGeneratorGroup(layer.inputs, [0], [1] * ms, dt=net.DT, name="source")
    cells = NeuronGroup(layer.neurons, "v : 1\ny : 1\nn : integer", dt=net.DT, name="cells")
    synapse = Synapse(equations, on_pre=code, requires_post={"v": 1, "y": 1, "n": 1}, name="layer")
    return source, cells, synapse.connect(source, cells, along=layer, dt=net.DT, name="layer", **options)


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("v_post += exp(w*y_post)", "depends on the neuron after and the weight together"),
        ("v_post += w/(w + y_post)", "depends on the neuron after and the weight together"),
        ("v_post = 1", "synapses add to the neurons after, with"),
        ("n_post += 1", "holds no real numbers"),
        ("v_post += w*i", "uses 'i': a declared connection has no list"),
        ("v_post += w*N_incoming", "uses 'N_incoming': a declared connection has no list"),
        ("v_post += w*rand()", "draws a random number for each synapse"),
    ],
)
def test_what_needs_a_list_is_refused_by_target_jax_alone(code, line):
    network = Network(*layers(code))
    with pytest.raises(BioplastError, match=line) as refused:
        bioplast.compile(network, 3 * net.DT, "jax", namespace={})()
    assert "\n" not in str(refused.value) and "'layer_pre'" in str(refused.value)


def test_a_monitor_of_synapses_is_refused_by_target_jax():
    source, cells, synapses = layers(w=1.0)
    network = Network(source, cells, synapses, StateMonitor(synapses, "w", record=[0], dt=net.DT, name="weights"))
    with pytest.raises(BioplastError, match="'weights' goes through the synapses of 'layer' one by one"):
        bioplast.compile(network, 3 * net.DT, "jax", namespace={})


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: layers(w=[1.0, 2.0]), r"w has shape \(2,\); accepted: a scalar or shape \(4,\)"),
        (lambda: layers(w=1 * nA), "w is in amp; expected no unit"),
        (lambda: layers(i=[0]), "i and along exclude each other"),
        (lambda: layers(p=0.5), "p and along exclude each other"),
        (lambda: layers(delay=[1, 2] * ms), "the delay of 'pre' is one for each synapse"),
        (lambda: layers("v_post += w; w += 1"), r"'pre' changes w \('w \+= 1'\), which many synapses share"),
        (lambda: layers(equations="dw/dt = -w/ms : 1 (clock-driven)"), "w changes by a differential equation"),
        (lambda: delta.connect(*layers(w=1.0)[:2], along=3), "along=3 is no connection"),
    ],
)
def test_what_is_a_synapses_own_is_refused_when_it_is_connected(make, line):
    with pytest.raises(BioplastError, match=line) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_groups_of_another_size_are_refused():
    layer = connection.convolution((1, 3, 3), 1, 2)
    cells = NeuronGroup(9, "v : 1", threshold="v > 1", dt=net.DT, name="cells")
    with pytest.raises(
        BioplastError, match=r"'cells' \(post\) has 9 neurons; the layer of the shape \(1, 2, 2\) has 4"
    ):
        delta.connect(cells, cells, along=layer)


def test_they_are_ordinary_synapses_for_who_asks(monkeypatch):
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
    layer = connection.convolution((1, 3, 3), 1, 2)
    for ask in (len, lambda s: len(s.i), lambda s: len(s.w), lambda s: s.N, lambda s: len(s.j[:])):
        assert ask(layers(w=1.0)[2]) == 16
    source, cells, synapses = layers(w="2*i")
    np.testing.assert_array_equal(synapses.kernels.w, [0, 2, 4, 6])
    np.testing.assert_array_equal(synapses.N_outgoing_pre, layer.outgoing())
    network = Network(source, cells, synapses)
    before = bioplast.compile(network, 3 * net.DT, "jax", namespace={})
    network.run(3 * ms, namespace={})
    np.testing.assert_array_equal(cells.v, [0, 0, 0, 0])  # the first pixel, by the first weight
    np.testing.assert_array_equal(synapses.w, 2.0 * layer.k)
    network.t_ = 0
    before()  # though the list has been made since it was compiled
    assert len(layers(w=1.0)[2].get_states(["i"])["i"]) == 16
    with pytest.raises(BioplastError, match=r"many synapses share 'w': set layer_kernels.w"):
        synapses.w = 3
    network = Network(*layers(w="2 + i"))
    network.store()
    network.run(3 * ms, namespace={})
    once = np.array(network["cells"].v)
    network.restore()
    network.run(3 * ms, namespace={})
    np.testing.assert_array_equal(network["cells"].v, once)
    assert once.any()
    with pytest.raises(BioplastError, match=r"connect\(\) adds nothing"):
        synapses.connect()
