"""NIR files read as networks, against exact solutions."""

from __future__ import annotations

import math
from itertools import pairwise

import nir
import numpy as np
import pytest
from brian2 import NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, StateMonitor, Synapses, ms
from hypothesis import given, settings
from hypothesis import strategies as st
from support.nir_exact import Exact, passed_on
from support.nir_graphs import cuba, every_kind, full, graph, lif, written

import bioplast
from bioplast import exchange
from bioplast.errors import BioplastError
from bioplast.exchange.nir.graph import Node
from bioplast.exchange.nir.linear import declared, step


def spikes_of(network, duration, inputs, name="output", target="numpy"):
    return bioplast.compile(network, duration, target=target)(inputs=inputs).raster(name)


def test_a_neuron_under_constant_current_spikes_when_the_closed_form_says(tmp_path):
    """From reset to threshold it takes tau*log((v_inf - v_reset)/(v_inf - v_threshold)), at the next step."""
    bias = np.array([1.5, 2.0, 0.9])
    nodes = {
        "fc": nir.Affine(np.zeros((3, 2)), bias),
        "lif": lif(3, tau=20e-3, r=2.0, v_leak=-0.5, v_threshold=1.0, v_reset=-1.0),
    }
    path = written(tmp_path / "one.nir", graph(nodes, ("input", "fc"), ("fc", "lif"), ("lif", "output"), outputs=3))
    network = exchange.read_nir(path, dt=0.1 * ms)
    raster = spikes_of(network, 100 * ms, None)
    for k, end in enumerate(-0.5 + 2.0 * bias):
        first = math.ceil(20e-3 * math.log((end + 0.5) / (end - 1.0)) / 1e-4) if end > 1 else 1000
        period = math.ceil(20e-3 * math.log((end + 1.0) / (end - 1.0)) / 1e-4) if end > 1 else 1000
        # the potential at the end of step n - 1 is that after n steps
        assert np.flatnonzero(raster[:, k]).tolist() == list(range(first - 1, 1000, period))


@pytest.mark.parametrize("spikes", ["height", "area"])
def test_every_kind_of_neuron_is_exact(tmp_path, spikes):
    made, dt = every_kind(), 5e-4
    path = written(tmp_path / "all.nir", made)
    network = exchange.read_nir(path, spikes=spikes)
    watched = ["first", "cuba", "perfect", "unit"]
    network.add(*(SpikeMonitor(network[name], name=f"{name}_spikes") for name in watched))
    potentials = [name for name in ("first", "cuba", "perfect", "leaky", "sum", "filtered")]
    network.add(
        *(StateMonitor(network[n], "v", record=True, name=f"{n}_v", clock=network[n].clock) for n in potentials)
    )
    raster = np.random.default_rng(3).random((200, 2)) < 0.2
    out = bioplast.compile(network, 100 * ms, target="numpy")(inputs={"input": raster})
    pulse = 1.0 if spikes == "height" else 1 / dt
    truth, levels = Exact(made, dt, pulse).run({"input": raster}, 200)
    for name in watched:
        assert truth[name].sum() > 10, name
        assert (out.raster(f"{name}_spikes") == truth[name]).all(), name
    for name in potentials:
        # rk4 where both time constants are equal. A step of x = dt/tau leaves x**5/5! of exp(-x), and x**5/4! of
        # x*exp(-x), by which the current enters; there are 16 steps in a time constant.
        bound = 16**-4 / 24 if name == "cuba" else 1e-10
        scale = np.abs(levels[name]).max()
        assert np.abs(out.states[f"{name}_v"]["v"] - levels[name]).max() < bound * scale, name


def test_targets_agree(tmp_path):
    network = exchange.read_nir(written(tmp_path / "all.nir", every_kind()))
    raster = np.random.default_rng(3).random((100, 2)) < 0.2
    one, two = (
        bioplast.compile(network, 50 * ms, target=target)(inputs={"input": raster}).states["output"]["v"]
        for target in ("numpy", "jax")
    )
    assert np.abs(one).max() > 0
    assert np.allclose(one, two, rtol=1e-9, atol=1e-12)


def test_images_go_through_convolution_and_pooling(tmp_path):
    rng = np.random.default_rng(1)
    nodes = {
        "conv": nir.Conv2d((6, 8), rng.normal(0.5, 1, (3, 2, 3, 3)), (1, 2), (1, 0), 1, 1, rng.normal(0, 0.2, 3)),
        "cells": lif(3, 6, 3, v_threshold=0.1),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 1]), np.array([0, 0])),
        "pooled": lif(3, 3, 2, v_threshold=0.1),
        "flat": nir.Flatten({"input": np.array([3, 3, 2])}, 0, -1),
        "fc": nir.Linear(rng.normal(0.5, 1, (4, 18))),
        "out": lif(4, v_threshold=0.1),
    }
    names = ["input", *nodes, "output"]
    made = graph(nodes, *pairwise(names), inputs=(2, 6, 8), outputs=4)
    network = exchange.read_nir(written(tmp_path / "image.nir", made), dt=1 * ms)
    # a convolution and a pooling are declared, with one number for each weight
    assert network["conv_kernels"].w_[:].size == 54
    assert network["pool_kernels"].w_[:].size == 1
    raster = rng.random((60, 96)) < 0.1
    truth, _ = Exact(made, 1e-3).run({"input": raster}, 60)
    assert 0.05 < truth["out"].mean() < 0.9
    assert (spikes_of(network, 60 * ms, {"input": raster}) == truth["out"]).all()


@settings(max_examples=25)
@given(
    st.integers(1, 2), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2),
    st.integers(1, 2), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_any_convolution_is_the_correlation(groups, kernels, high, wide, stride, padding, dilation, seed):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(kernels * groups, 2, high, wide))
    made = nir.Conv2d((6, 7), weight, stride, padding, dilation, groups, rng.normal(size=kernels * groups))
    image = rng.normal(size=(2 * groups, 6, 7))
    expected, shape = passed_on(made, image.reshape(-1), image.shape)
    fields = {name: getattr(made, name) for name in ("input_shape", "weight", "stride", "padding", "dilation", "bias")}
    node = Node("Conv2d", {**fields, "groups": groups})
    done = step("conv", node, image.shape)
    assert done.shape == shape
    assert np.allclose(done.matrix @ image.reshape(-1) + done.bias, expected)
    rule = declared("conv", node, image.shape)
    if rule is not None:
        along, weights = rule
        pairs = along.pairs()
        summed = np.bincount(pairs.j, weights.flat[pairs.k] * image.reshape(-1)[pairs.i], along.neurons)
        assert np.allclose(summed + done.bias, expected)
    else:
        assert groups > 1 or dilation > 1 or padding >= min(high, wide)


def test_padding_same_keeps_the_size():
    node = Node(
        "Conv2d",
        {
            "weight": np.arange(4.0).reshape(1, 1, 2, 2), "bias": np.zeros(1), "stride": np.array(1), "groups": 1,
            "padding": "same", "dilation": np.array(1), "input_shape": None,
        },
    )  # fmt: skip
    image = np.arange(6.0).reshape(1, 2, 3)
    done = step("conv", node, image.shape)
    # of an even width, PyTorch puts the odd row and column of nothing at the end
    padded = np.pad(image[0], ((0, 1), (0, 1)))
    expected = [[(padded[y : y + 2, x : x + 2] * [[0, 1], [2, 3]]).sum() for x in range(3)] for y in range(2)]
    assert done.shape == (1, 2, 3)
    assert (done.matrix @ image.reshape(-1) == np.ravel(expected)).all()


def test_groups_have_the_names_of_nodes(tmp_path):
    inner = nir.NIRGraph(
        {
            "input": nir.Input({"input": np.array([2])}),
            "lif": lif(2, v_threshold=0.1),
            "w_rec": nir.Linear(np.full((2, 2), -0.5)),
            "output": nir.Output({"output": np.array([2])}),
        },
        [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
    )
    nodes = {"0": nir.Linear(np.eye(2) * 3), "rec": inner, "2": nir.Linear(np.ones((1, 2))), "3.a": cuba(1)}
    edges = [("input", "0"), ("0", "rec"), ("rec", "2"), ("2", "3.a"), ("3.a", "output")]
    network = exchange.read_nir(written(tmp_path / "names.nir", graph(nodes, *edges, outputs=1)))
    kinds = {o.name: type(o) for o in network.objects}
    assert kinds["input"] is SpikeGeneratorGroup
    assert issubclass(kinds["rec_lif"], NeuronGroup)
    assert issubclass(kinds["node_3_a"], NeuronGroup)
    assert {kinds[name] for name in ("node_0", "rec_w_rec", "node_2")} == {Synapses}
    assert kinds["output"] is SpikeMonitor
    assert len(kinds) == 7


def test_two_names_that_become_one_are_refused(tmp_path):
    nodes = {"a.b": lif(2), "a_b": lif(2)}
    path = written(tmp_path / "twice.nir", graph(nodes, ("input", "a.b"), ("a.b", "a_b")))
    with pytest.raises(BioplastError, match=r"'a\.b' and 'a_b' would both be named 'a_b'"):
        exchange.read_nir(path)


def test_one_value_for_all_neurons_takes_their_number_from_what_comes_in(tmp_path):
    """snnTorch 1.0.0 writes one tau for a layer of any size, which nir's own check of types refuses."""
    made = nir.NIRGraph(
        {
            "input": nir.Input({"input": np.array([2])}),
            "fc": nir.Linear(np.ones((3, 2))),
            "lif": lif(1),
            "output": nir.Output({"output": np.array([3])}),
        },
        [("input", "fc"), ("fc", "lif"), ("lif", "output")],
        type_check=False,
    )
    network = exchange.read_nir(written(tmp_path / "scalar.nir", made))
    assert len(network["lif"]) == 3
    assert network["lif"].tau_m_[:].tolist() == [10e-3] * 3


def test_the_step_is_given_or_noted_or_a_tenth_of_a_millisecond(tmp_path):
    edges = ("input", "lif"), ("lif", "output")
    noted = written(tmp_path / "noted.nir", graph({"lif": lif(2)}, *edges, outputs=2, metadata={"dt": 1e-3}))
    plain = written(tmp_path / "plain.nir", graph({"lif": lif(2)}, *edges, outputs=2))
    steps = [
        float(exchange.read_nir(path, **options)["lif"].clock.dt)
        for path, options in ((noted, {}), (plain, {}), (noted, {"dt": 0.5 * ms}), (noted, {"tool": "snntorch"}))
    ]
    assert steps == [1e-3, 1e-4, 5e-4, 1e-4]


def test_values_as_input(tmp_path):
    """An input that is a signal of numbers: v rises as 1 - exp(-t/tau) to r times it."""
    nodes = {"fc": nir.Linear(np.diag([1.0, 2.0])), "li": nir.LI(full(10e-3, 2), full(3, 2), full(0, 2))}
    path = written(tmp_path / "v.nir", graph(nodes, ("input", "fc"), ("fc", "li"), ("li", "output"), outputs=2))
    network = exchange.read_nir(path, dt=1 * ms, inputs="values")
    values = np.tile([0.5, -1.0], (20, 1))
    out = bioplast.compile(network, 20 * ms, target="numpy")(inputs={"input_values": values})
    expected = (1 - np.exp(-np.arange(20) / 10))[:, None] * [1.5, -6.0]
    assert np.allclose(out.states["output"]["v"], expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["LIF", "CubaLIF"])
def test_files_of_norse_hold_tau_times_dt(tmp_path, kind):
    """Norse 1.1.0 writes dt/tau_mem_inv: 1e-5 instead of 0.01 with its dt of 1 ms."""
    cells = lif(2, tau=1e-5) if kind == "LIF" else cuba(2, tau_mem=1e-5, tau_syn=5e-6)
    made = graph({"lif": cells}, ("input", "lif"), ("lif", "output"), outputs=2)
    path = written(tmp_path / "norse.nir", made)
    with pytest.raises(BioplastError, match=r'every time constant lies below .*tool="norse"'):
        exchange.read_nir(path)
    group = exchange.read_nir(path, tool="norse")["lif"]
    assert float(group.clock.dt) == 1e-3
    assert np.allclose(group.tau_m_[:], 10e-3, rtol=1e-12)
    assert kind == "LIF" or np.allclose(group.tau_syn_[:], 5e-3, rtol=1e-12)


def test_files_of_sinabs_hold_tau_in_steps(tmp_path):
    nodes = {"lif": lif(2, tau=20.0), "if": nir.IF(full(1, 2), full(1, 2))}
    made = graph(nodes, ("input", "lif"), ("lif", "if"), ("if", "output"), outputs=2)
    network = exchange.read_nir(written(tmp_path / "sinabs.nir", made), tool="sinabs", dt=1 * ms)
    assert np.allclose(network["lif"].tau_m_[:], 20e-3, rtol=1e-12)
    # its integrator adds the weight of a spike, in a step of any length
    assert np.allclose(network["if"].R_[:], 1000, rtol=1e-12)


REFUSED = {
    "a delay": (
        {"d": nir.Delay(full(1e-3, 2)), "lif": lif(2)}, [("input", "d"), ("d", "lif")], "nodes/d is a Delay"
    ),
    "a convolution in 1d": (
        {"c": nir.Conv1d(4, np.ones((1, 2, 2)), 1, 0, 1, 1, np.zeros(1)), "lif": lif(1, 3)},
        [("input", "c"), ("c", "lif")],
        "nodes/c is a Conv1d",
    ),
    "a sum that is an output": (
        {"fc": nir.Linear(np.ones((2, 2)))}, [("input", "fc"), ("fc", "output")], "is the sum that leaves 'fc'"
    ),
    "a loop without neurons": (
        {"a": nir.Linear(np.eye(2)), "b": nir.Linear(np.eye(2)), "lif": lif(2)},
        [("input", "a"), ("a", "b"), ("b", "a"), ("b", "lif")],
        "follows on itself without a neuron",
    ),
    "a time constant of 0": ({"lif": lif(2, tau=[1e-2, 0])}, [("input", "lif")], "'lif' has tau 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(tmp_path, case):
    nodes, edges, message = REFUSED[case]
    ends = {"input": nir.Input({"input": np.array([2])}), "output": nir.Output({"output": np.array([2])})}
    made = nir.NIRGraph({**ends, **nodes}, edges, type_check=False)
    with pytest.raises(BioplastError, match=message):
        exchange.read_nir(written(tmp_path / "refused.nir", made))


@pytest.mark.parametrize(
    "options", [{"dt": 1.0}, {"dt": 0 * ms}, {"spikes": "delta"}, {"inputs": "rates"}, {"tool": "Norse"}]
)
def test_options_that_are_not_accepted(tmp_path, options):
    path = written(tmp_path / "a.nir", graph({"lif": lif(2)}, ("input", "lif")))
    with pytest.raises(BioplastError, match="accepted"):
        exchange.read_nir(path, **options)


@pytest.mark.parametrize(("shape", "told"), [((5, 3), "written with a batch of 5 samples"), ((4,), r"shape \(4,\)\)$")])
def test_a_batch_in_the_shape_of_the_input_is_told(tmp_path, shape, told):
    """As Norse writes it: findings/norse_nir_of_a_batch_cannot_be_read.sh; nir itself would not make such a graph."""
    nodes = {"fc": nir.Affine(np.zeros((2, 3)), np.zeros(2)), "lif": lif(2)}
    made = graph(nodes, ("input", "fc"), ("fc", "lif"), ("lif", "output"), inputs=3, outputs=2)
    made.nodes["input"] = nir.Input(np.array(shape))
    with pytest.raises(BioplastError, match=f"'fc' takes 3 values, but .* come in .*{told}"):
        exchange.read_nir(written(tmp_path / "batch.nir", made))
