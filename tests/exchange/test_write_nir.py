"""Networks written as NIR files, read by the package nir, by ourselves and as other tools would read them."""

from __future__ import annotations

import warnings
from itertools import pairwise

import nir
import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    ms,
    mV,
    nA,
    network_operation,
)
from support.nir_exact import Exact
from support.nir_graphs import cuba, every_kind, full, graph, lif, written

import bioplast
from bioplast import connection, exchange
from bioplast.errors import BioplastError, Unsupported
from bioplast.models import (
    delta_synapse,
    exponential_current,
    exponential_synapse,
)
from bioplast.models import lif as zoo_lif


@pytest.fixture(autouse=True)
def _step():
    defaultclock.dt = 0.1 * ms
    yield
    defaultclock.dt = 0.1 * ms


def run(network, duration=100 * ms, inputs=None):
    return bioplast.compile(network, duration, target="numpy")(inputs=inputs)


@pytest.mark.parametrize("spikes", ["height", "area"])
def test_what_was_read_is_written_to_the_last_bit(tmp_path, spikes):
    network = exchange.read_nir(written(tmp_path / "a.nir", every_kind()), spikes=spikes)
    found = nir.read(exchange.write_nir(network, tmp_path / "b.nir", spikes=spikes))
    expected = every_kind()
    assert found.metadata["dt"] == 5e-4
    for name, node in expected.nodes.items():
        if name in ("weights", "scale"):  # one matrix
            continue
        assert type(found.nodes[name]) is type(node), name
        for field, value in vars(node).items():
            if isinstance(value, np.ndarray):
                close = np.allclose if "weight" in field else np.array_equal  # times dt and by it again
                assert close(getattr(found.nodes[name], field), value), (name, field)
    product = np.diag([1.0, 2.0, 0.5]) @ expected.nodes["weights"].weight
    assert np.allclose(found.nodes["weights_scale"].weight, product)
    # the same spikes and potentials: only the way through two weights is now one node
    raster = np.random.default_rng(3).random((200, 2)) < 0.2
    one, two = (
        run(each, inputs={"input": raster}).states["output"]["v"]
        for each in (network, exchange.read_nir(tmp_path / "b.nir", spikes=spikes))
    )
    assert np.abs(one).max() > 0.01
    assert np.allclose(one, two, rtol=1e-9)


def test_images_are_written_as_such(tmp_path):
    rng = np.random.default_rng(1)
    nodes = {
        "conv": nir.Conv2d((6, 8), rng.normal(0.5, 1, (3, 2, 3, 3)), (1, 2), (1, 0), (1, 1), 1, rng.normal(0, 0.2, 3)),
        "cells": lif(3, 6, 3, v_threshold=0.1),
        "pool": nir.SumPool2d(np.array([2, 2]), np.array([2, 1]), np.array([0, 0])),
        "pooled": lif(3, 3, 2, v_threshold=0.1),
        "flat": nir.Flatten({"input": np.array([3, 3, 2])}, 0, -1),
        "fc": nir.Affine(rng.normal(0.5, 1, (4, 18)), rng.normal(size=4)),
        "out": lif(4, v_threshold=0.1),
    }
    names = ["input", *nodes, "output"]
    made = graph(nodes, *pairwise(names), inputs=(2, 6, 8), outputs=4)
    network = exchange.read_nir(written(tmp_path / "a.nir", made), dt=1 * ms)
    found = nir.read(exchange.write_nir(network, tmp_path / "b.nir"))
    kinds = {name: type(node).__name__ for name, node in found.nodes.items()}
    assert kinds["conv"] == "Conv2d"
    assert kinds["pool"] == "SumPool2d"
    assert sorted(kinds.values()) == sorted(type(node).__name__ for node in made.nodes.values())
    assert np.array_equal(found.nodes["conv"].weight, made.nodes["conv"].weight)
    assert np.array_equal(found.nodes["conv"].bias, made.nodes["conv"].bias)
    assert tuple(found.nodes["cells"].tau.shape) == (3, 6, 3)
    assert np.array_equal(found.nodes["flat_fc"].bias, made.nodes["fc"].bias)
    raster = rng.random((60, 96)) < 0.1
    expected = Exact(made, 1e-3).run({"input": raster}, 60)[0]["out"]
    again = exchange.read_nir(tmp_path / "b.nir")
    assert (run(again, 60 * ms, {"input": raster}).raster("output") == expected).all()


def zoo():
    """Spikes that move the potential of cells of the zoo."""
    source = SpikeGeneratorGroup(12, [], [] * ms, name="source")
    cells = zoo_lif.group(
        4, name="cells", tau_m=[5, 10, 20, 40] * ms, tau_ref=0 * ms, I=[0, 0.05, 0, 0.1] * nA, v_r=-62 * mV
    )
    synapses = delta_synapse.connect(source, cells, name="jumps", w=np.linspace(1, 6, 48) * mV)
    return Network(source, cells, synapses, SpikeMonitor(cells, name="output"))


def without_collisions(network):
    """Spikes of which none arrives while a cell spikes, and those of the cells: Brian2's reset forgets such a jump."""
    program = bioplast.compile(network, 200 * ms, target="numpy")
    raster = np.random.default_rng(0).random((2000, 12)) < 0.004
    for _ in range(50):
        found = program(inputs={"source": raster}).raster("output")
        lost = raster.any(1) & found.any(1)
        if not lost.any():
            return raster, found
        raster[lost] = False
    raise AssertionError("spikes collide")


def test_cells_of_the_zoo_with_delta_synapses(tmp_path):
    network = zoo()
    path = exchange.write_nir(network, tmp_path / "zoo.nir")
    read = exchange.read_nir(path)
    raster, one = without_collisions(network)
    two = run(read, 200 * ms, {"source": raster}).raster("output")
    assert one.sum() > 20
    assert (one == two).all()
    # and by the definition of NIR alone
    assert (Exact(nir.read(path), 1e-4).run({"source": raster}, 2000)[0]["cells"] == one).all()
    # in the meaning of the article the potential jumps by R*W/tau
    found = nir.read(exchange.write_nir(network, tmp_path / "area.nir", spikes="area")).nodes
    jump = found["jumps"].weight * (found["cells"].r / found["cells"].tau)[:, None]
    assert np.allclose(jump.T.reshape(-1), np.linspace(1e-3, 6e-3, 48))


def test_a_convolution_of_the_zoo(tmp_path):
    layer = connection.convolution(shape=(3, 2, 2), kernels=1, size=2, padding=0)
    assert layer.neurons == 1
    source = SpikeGeneratorGroup(12, [], [] * ms, name="source")
    cells = zoo_lif.group(1, name="cells", tau_ref=0 * ms, I=0.05 * nA)
    synapses = delta_synapse.connect(source, cells, name="conv", along=layer, w=np.linspace(1, 6, 12) * mV)
    network = Network(source, cells, synapses, SpikeMonitor(cells, name="output"))
    path = exchange.write_nir(network, tmp_path / "conv.nir")
    assert nir.read(path).nodes["conv"].weight.shape == (1, 3, 2, 2)
    raster, one = without_collisions(network)
    two = run(exchange.read_nir(path), 200 * ms, {"source": raster}).raster("output")
    assert one.sum() > 5
    assert (one == two).all()


def test_exponential_currents_of_the_zoo(tmp_path):
    """In the meaning of the article a spike moves I by w_in*W/tau_syn; the charge is that with spikes of height 1."""
    source = SpikeGeneratorGroup(2, [], [] * ms, name="source")
    cells = (zoo_lif + exponential_current).group(2, name="cells", tau_ref=0 * ms, tau_syn=[4, 8] * ms)
    synapses = exponential_synapse.connect(source, cells, name="w", **{"w": [0.1, 0.2, 0.3, 0.4] * nA})
    network = Network(source, cells, synapses)
    area = nir.read(exchange.write_nir(network, tmp_path / "a.nir", spikes="area")).nodes
    jump = area["w"].weight * (area["cells"].w_in / area["cells"].tau_syn)[:, None]
    assert np.allclose(jump.T.reshape(-1), np.linspace(1e-10, 4e-10, 4), atol=0)
    height = nir.read(exchange.write_nir(network, tmp_path / "h.nir")).nodes
    assert np.allclose(height["w"].weight * 1e-4, area["w"].weight, atol=0)


def test_cells_that_have_an_own_state_are_written_with_one_warning(tmp_path):
    network = zoo()
    network["cells"].v = -55 * mV
    network["source"].set_spikes([0], [1 * ms])
    with pytest.warns(UserWarning) as told:
        exchange.write_nir(network, tmp_path / "warned.nir")
    (line,) = (str(one.message) for one in told if one.category is UserWarning)  # not those of older libraries
    assert "the state that 'cells' is in" in line
    assert "the spikes of 'source'" in line
    with warnings.catch_warnings(record=True) as quiet:
        warnings.simplefilter("always")
        exchange.write_nir(zoo(), tmp_path / "quiet.nir")
    assert not [one for one in quiet if one.category is UserWarning]


def _refractory(net):
    net["cells"].tau_ref = 2 * ms


def _delays(net):
    net["jumps"].pre.delay = 1 * ms


def _equations(net):
    net.add(NeuronGroup(1, "dx/dt = -x/(10*ms) : 1", name="plain", method="exact"))


def _plastic(net):
    net.add(s := Synapses(net["source"], net["cells"], "w : volt", on_pre="v_post += w; w += 1*mV", name="plastic"))
    s.connect()


def _regular(net):
    net["cells"].run_regularly("v += 1*mV", dt=10 * ms, name="pushed")


def _operation(net):
    @network_operation(name="by_hand")
    def step():
        pass

    net.add(step)


def _poisson(net):
    net.add(PoissonInput(net["cells"], "v", 10, 10 / ms / 1000, 1 * mV))


def _part(net):
    net.add(delta_synapse.connect(net["source"], net["cells"][1:3], name="to_part"))


def _input(net):
    net.remove(net["cells"], net["jumps"], net["output"])
    net.add(zoo_lif.group(1, I="0.1*nA*sin(t/ms)", name="driven", tau_ref=0 * ms))


def _clock(net):
    net.add(SpikeGeneratorGroup(1, [], [] * ms, dt=1 * ms, name="slow"))


def _inactive(net):
    net["cells"].active = False


def _inactive_pathway(net):
    net["jumps"].pre.active = False


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        (_inactive, "cells", "it is inactive"),
        (_inactive_pathway, "jumps_pre", "it is inactive"),
        (_refractory, "cells", "a refractory period"),
        (_delays, "jumps", "delays"),
        (_equations, "plain", "equations of its own"),
        (_plastic, "plastic", "code of its own"),
        (_regular, "pushed", "code that runs regularly"),
        (_operation, "by_hand", "a NetworkOperation"),
        (_poisson, "poissoninput", "a PoissonInput"),
        (_part, "to_part", "no whole group"),
        (_input, "driven", "is an expression"),
        (_clock, "slow", "another dt"),
    ],
)
def test_what_nir_cannot_express_is_refused_by_name(tmp_path, change, name, why):
    network = zoo()
    change(network)
    with pytest.raises(Unsupported, match=f"NIR cannot express '{name}.*{why}"):
        exchange.write_nir(network, tmp_path / "refused.nir")
    assert not (tmp_path / "refused.nir").exists()


def test_a_monitor_that_records_nothing_is_no_reason_to_refuse(tmp_path):
    network = zoo()
    network["output"].active = False
    assert exchange.write_nir(network, tmp_path / "a.nir").exists()


def test_poisson_groups_are_inputs(tmp_path):
    rates = PoissonGroup(3, 10 / ms / 1000, name="noise")
    cells = zoo_lif.group(3, name="cells", tau_ref=0 * ms)
    network = Network(rates, cells, delta_synapse.connect(rates, cells, name="w", i=[0, 1], j=[2, 2]))
    with pytest.warns(UserWarning, match="the rates of 'noise'"):
        path = exchange.write_nir(network, tmp_path / "noise.nir")
    assert (nir.read(path).nodes["w"].weight != 0).tolist() == [[False] * 3, [False] * 3, [True, True, False]]


# -- for other tools: what each does with a file, in NumPy, from its source


def euler(x, weight, bias, beta, gain, threshold):
    """Leaky neurons of Norse and snnTorch: v += what comes in; a spike sets it to 0 in the same step."""
    v, spikes = np.zeros(len(weight)), []
    for row in x:
        v = beta * v + gain * (weight @ row + bias)
        spikes.append(v > threshold)
        v = np.where(spikes[-1], 0, v)
    return np.array(spikes)


def tool_file(tmp_path, tool, nodes, edges, **options):
    network = exchange.read_nir(written(tmp_path / "a.nir", graph(nodes, *edges)), dt=1 * ms, **options)
    with pytest.warns(UserWarning, match=f"for {tool}: "):
        return network, nir.read(exchange.write_nir(network, tmp_path / "b.nir", tool=tool))


LAYER = [("input", "fc"), ("fc", "lif")]


def layer():
    cells = lif(3, tau=50e-3, v_leak=-0.5, v_reset=-0.5, v_threshold=0.2)
    cells.r = np.array([20.0, 30.0, 50.0])
    return {
        "fc": nir.Affine(np.array([[1.0, 0.5], [0.3, 0.8], [0.4, 0.1]]) * 2, np.array([0.01, 0, 0.02])),
        "lif": cells,
    }


def test_for_norse(tmp_path):
    """LIFBoxCell: v += dt*tau_mem_inv*(v_leak - v + x), reset to 0, r not read."""
    network, made = tool_file(tmp_path, "norse", layer(), LAYER)
    cells, weights = made.nodes["lif"], made.nodes["fc"]
    assert (cells.r == 1).all()
    assert (cells.v_reset == 0).all()
    assert np.allclose(cells.tau, 50e-3)
    x = np.random.default_rng(0).random((300, 2)) < 0.2
    share = 1e-3 / cells.tau
    found = euler(x, weights.weight, weights.bias + cells.v_leak, 1 - share, share, cells.v_threshold)
    network.add(SpikeMonitor(network["lif"], name="out"))
    ours = run(network, 300 * ms, {"input": x}).raster("out")
    # forward Euler takes the weight of a spike for dt/tau, and not 1 - exp(-dt/tau), which is 1 % less here
    assert abs(int(found.sum()) - int(ours.sum())) <= 0.03 * ours.sum()
    assert ours.sum() > 50


def test_for_snntorch(tmp_path):
    """Leaky: mem = beta*mem + x with beta = 1 - 1e-4/tau, threshold scaled by r*1e-4/tau, v_leak refused."""
    network, made = tool_file(tmp_path, "snntorch", layer(), LAYER)
    cells, weights = made.nodes["lif"], made.nodes["fc"]
    assert (cells.v_leak == 0).all()
    assert np.allclose(cells.r * 1e-4 / cells.tau, 1, rtol=1e-12)
    x = np.random.default_rng(0).random((300, 2)) < 0.2
    found = euler(x, weights.weight, weights.bias, 1 - 1e-4 / cells.tau, 1.0, cells.v_threshold)
    network.add(SpikeMonitor(network["lif"], name="out"))
    ours = run(network, 300 * ms, {"input": x}).raster("out")
    assert abs(int(found.sum()) - int(ours.sum())) <= 0.03 * ours.sum()


def test_for_snntorch_with_currents(tmp_path):
    cells = cuba(3, tau_mem=50e-3, tau_syn=20e-3, r=2.0, w_in=3.0)
    _, made = tool_file(tmp_path, "snntorch", {"fc": layer()["fc"], "lif": cells}, LAYER)
    found = made.nodes["lif"]
    assert np.allclose(found.r, found.tau_mem / 1e-4, rtol=1e-12)
    assert np.allclose(found.w_in, found.tau_syn / 1e-4, rtol=1e-12)
    assert np.allclose(found.tau_mem, 5e-3)
    # the weight is what a spike adds in a step of Euler, to the potential in the end
    assert np.allclose(made.nodes["fc"].weight, layer()["fc"].weight * 3 * (1 / 20) * 2 * (1 / 50))


def test_for_sinabs(tmp_path):
    """LIFSqueeze: v = alpha*v + x with alpha = exp(-1/tau), which is exact; the field v_reset is unknown to it."""
    network, _ = tool_file(tmp_path, "sinabs", layer(), LAYER)
    import h5py

    with h5py.File(tmp_path / "b.nir") as file:
        stored = {name: node[()] for name, node in file["node/nodes/lif"].items() if name != "type"}
        weight, bias = (file[f"node/nodes/fc/{name}"][()] for name in ("weight", "bias"))
    assert set(stored) == {"tau", "r", "v_leak", "v_threshold"}
    assert np.allclose(stored["tau"], 50)
    x = np.random.default_rng(0).random((300, 2)) < 0.2
    found = euler(x, weight, bias, np.exp(-1 / stored["tau"]), 1.0, stored["v_threshold"])
    network.add(SpikeMonitor(network["lif"], name="out"))
    ours = run(network, 301 * ms, {"input": np.vstack([x, x[:1] & False])}).raster("out")
    assert abs(int(found.sum()) - int(ours.sum())) <= 1  # a current is there a step before the first spike
    assert ours.sum() > 50


def test_for_sinabs_without_a_bias_every_spike_is_the_same(tmp_path):
    nodes = layer()
    nodes["fc"].bias[:] = 0
    network, made = tool_file(tmp_path, "sinabs", nodes, LAYER)
    assert type(made.nodes["fc"]) is nir.Affine  # a Linear it does not read
    cells = made.nodes["lif"]
    x = np.random.default_rng(0).random((300, 2)) < 0.2
    # a spike reaches the next neurons in the same step there, in the next one here
    found = euler(x, made.nodes["fc"].weight, 0.0, np.exp(-1 / cells.tau), 1.0, cells.v_threshold)
    network.add(SpikeMonitor(network["lif"], name="out"))
    ours = run(network, 301 * ms, {"input": np.vstack([x, x[:1] & False])}).raster("out")
    assert found.sum() > 50
    assert (found == ours[1:]).all()


@pytest.mark.parametrize(
    ("tool", "nodes", "why"),
    [
        ("snntorch", {"lif": lif(2, v_leak=-0.5)}, "resets to the leak potential alone"),
        ("sinabs", {"lif": lif(2, v_reset=-0.5)}, "resets to the leak potential alone"),
        ("snntorch", {"lif": lif(2, v_threshold=[1, 2])}, "one threshold for all neurons"),
        ("snntorch", {"lif": nir.IF(full(1, 2), full(1, 2))}, "does not read 'lif', a IF"),
        ("norse", {"lif": nir.LI(full(1, 2), full(1, 2), full(0, 2))}, "does not read 'lif', a LI"),
        ("sinabs", {"lif": cuba(2)}, "does not read 'lif', a CubaLIF"),
        ("norse", {"lif": cuba(2, v_leak=0.1)}, "takes v_leak for the synapse as well"),
    ],
)
def test_what_a_tool_cannot_read_is_refused_by_name(tmp_path, tool, nodes, why):
    network = exchange.read_nir(written(tmp_path / "a.nir", graph(nodes, ("input", "lif"))), dt=1 * ms)
    with pytest.raises(Unsupported, match=why):
        exchange.write_nir(network, tmp_path / "b.nir", tool=tool)


def test_options_that_are_not_accepted(tmp_path):
    for options in ({"tool": "torch"}, {"spikes": "dirac"}, {"tool": "norse", "spikes": "area"}):
        with pytest.raises(BioplastError, match=r"accepted|exclude"):
            exchange.write_nir(zoo(), tmp_path / "a.nir", **options)


def test_a_current_that_no_weights_hold_is_refused_by_name(tmp_path):
    source = SpikeGeneratorGroup(4, [], [] * ms, name="source")
    layer = connection.convolution(shape=(1, 2, 2), kernels=1, size=1)
    driven = zoo_lif.group(4, name="driven", tau_ref=0 * ms, I=[0, 0, 0, 0.1] * nA)
    conv = delta_synapse.connect(source, driven, name="conv", along=layer, w=[1] * mV)
    for network in (Network(source, driven, conv), Network(driven)):
        with pytest.raises(Unsupported, match="NIR cannot express 'driven': a constant current"):
            exchange.write_nir(network, tmp_path / "a.nir")
    driven.I = 0.1 * nA
    made = nir.read(exchange.write_nir(Network(source, driven, conv), tmp_path / "a.nir"))
    assert made.nodes["conv"].bias.tolist() == pytest.approx([1e-10])
