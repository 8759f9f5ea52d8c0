"""More than 2**31 steps after time 0, and at half steps of a TimedArray, all targets do what Brian2's NumPy does."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    prefs,
    second,
)

import bioplast
from bioplast.errors import BioplastError, Unsupported

TARGETS = ["numpy", "cpp", "jax", "native"]
DT = 0.1e-3
BEYOND = 2**31 * DT  # the first time whose step has more than 31 bits
BEGIN = BEYOND - 5e-3
DURATION = 20 * ms
OWN = [1.0, 2.2, 7.3, 9.9]  # ms after the begin: spikes on both sides of the border
NEURONS = [0, 1, 2, 0]


def late():
    """All that counts steps: refractoriness, TimedArrays, generators, delays, run_regularly, monitors, half steps."""
    tables = {
        "slow": TimedArray(np.arange(6) * 1.0, dt=50000 * second),
        "fast": TimedArray(np.arange(12.0).reshape(4, 3), dt=70000 * second),
    }
    cells = NeuronGroup(
        3,
        "dv/dt = (1.5 + 0.3*i - v)/(2*ms) : 1 (unless refractory)\nn : integer\nx = slow(t) + fast(t, i) : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=1.7 * ms,
        method="euler",
        name="cells",
        namespace=tables,
    )
    cells.run_regularly("n += 1", dt=0.5 * ms)
    once = SpikeGeneratorGroup(3, NEURONS, np.array(OWN) * ms + BEGIN * second, name="once")
    often = SpikeGeneratorGroup(2, [0, 1, 0], [0.1, 0.2, 3.0] * ms, period=3.7 * ms, name="often")
    synapses = Synapses(once, cells, on_pre="v_post += 0.3", name="synapses")
    synapses.connect()
    synapses.delay = "(1 + i + j)*ms"
    monitors = [SpikeMonitor(group, name=f"of_{group.name}") for group in (cells, once, often)]
    trace = StateMonitor(cells, ["v", "n", "x"], record=True, name="trace")
    return Network(cells, once, often, synapses, *monitors, trace, PopulationRateMonitor(cells, name="rate"))


START = {
    "network.t": BEGIN, "cells.lastspike": BEGIN - 1e-3, "cells.not_refractory": False, "cells.v": [0.2, 0.5, 0.7],
}  # fmt: skip


def early():
    """The same seen from time 0: what does not depend on the time must be the same."""
    network = late()
    network["once"].set_spikes(NEURONS, OWN * ms)
    values = {**START, "network.t": 0.0, "cells.lastspike": -1e-3}
    return bioplast.compile(network, DURATION, "numpy", namespace={})(values, seed=1)


@pytest.mark.parametrize("target", TARGETS)
def test_a_run_goes_on_beyond_the_last_step_of_32_bits(target):
    program = bioplast.compile(late(), DURATION, target, namespace={})
    out, reference = program(START, seed=1), early()
    emitted = np.nonzero(out.raster("of_once"))
    np.testing.assert_array_equal(emitted, [np.round(np.array(OWN) / 0.1), NEURONS])
    np.testing.assert_array_equal(out.raster("of_cells"), reference.raster("of_cells"))
    assert out.raster("of_cells").sum() > 10
    step = 2**31 - 50 + np.arange(200)
    for neuron, phases in enumerate(([1, 30], [2])):
        np.testing.assert_array_equal(out.raster("of_often")[:, neuron], np.isin(step % 37, phases))
    np.testing.assert_allclose(out.states["trace"]["v"], reference.states["trace"]["v"], rtol=1e-6)
    np.testing.assert_array_equal(out.states["trace"]["n"][-1], 40)
    np.testing.assert_array_equal(out.states["trace"]["x"], np.tile(4 + 9 + np.arange(3.0), (200, 1)))
    raster = np.zeros((200, 3))
    raster[[3, 49, 50, 51, 120], [0, 1, 2, 0, 1]] = 1
    np.testing.assert_array_equal(program(START, {"once": raster}, seed=1).raster("of_once"), raster)
    values, chunks = START, []
    for _ in range(4):
        part = program(values, duration=DURATION / 4, seed=1)
        values = part.final
        chunks.append(part.raster("of_cells"))
    np.testing.assert_array_equal(np.concatenate(chunks), out.raster("of_cells"))


def test_so_does_a_run_that_jax_traces():
    network = Network(*[obj for obj in late().objects if obj.name in ("once", "often", "of_once", "of_often")])
    program = bioplast.compile(network, DURATION, "jax", namespace={})
    with jax.enable_x64(True):
        run = jax.jit(lambda t: program({"network.t": t}).rasters)
        for time in (BEGIN, 0.0, 1.8e-3):
            found, expected = run(jnp.asarray(time)), program({"network.t": time})
            for name in ("of_once", "of_often"):
                np.testing.assert_array_equal(found[name], expected.raster(name))


def test_float32_refuses_steps_that_it_cannot_count():
    source = SpikeGeneratorGroup(1, [0], [1] * ms, name="source")
    program = bioplast.compile(Network(source), 5 * ms, "jax", namespace={}, dtype="float32")
    with pytest.raises(BioplastError, match=rf"the run ends with step {2**31 + 50} .* up to step {2**31 - 1}; start"):
        program({"network.t": BEYOND})
    cells = NeuronGroup(1, "x = sin(t/ms) : 1", name="cells")
    trace = StateMonitor(cells, "x", record=True, name="trace")
    program = bioplast.compile(Network(cells, trace), 5 * ms, "jax", namespace={}, dtype="float32")
    with pytest.raises(BioplastError, match=rf"float32 tells the steps of this network apart up to step {2**24}"):
        program({"network.t": 2**24 * DT})


def test_a_period_that_is_no_multiple_of_dt_is_refused():
    for target in TARGETS:
        source = SpikeGeneratorGroup(1, [0], [0.1] * ms, period=0.25 * ms, name="source")
        with pytest.raises(BioplastError, match=r"'source': its period of 0.25 ms is no multiple of its dt of 0.1 ms"):
            bioplast.compile(Network(source), 5 * ms, target, namespace={})(seed=1)


def halves(ratio):
    """A group of dt 1 ms that asks TimedArrays of dt 1 ms/ratio at its steps and, by its method, between them."""
    one = TimedArray(np.sin(np.arange(400) * 1.7), dt=1 * ms / ratio, name="one")
    each = TimedArray(np.cos(np.arange(400) * 1.3)[:, None] * [1, 2], dt=1 * ms / ratio, name="each")
    cells = NeuronGroup(
        2, "dv/dt = (one(t) + each(t, i) - v)/(2*ms) : 1\nx = one(t) + each(t, i) : 1", method="rk2", dt=1 * ms,
        name="cells", namespace={"one": one, "each": each},
    )  # fmt: skip
    return Network(cells, StateMonitor(cells, ["v", "x"], record=True, dt=1 * ms, name="trace"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("ratio", [8.5, 9, 3.5])
def test_half_a_step_of_a_timed_array_goes_to_the_even_one(target, ratio):
    network = halves(ratio)
    prefs.codegen.target = "numpy"
    network.run(20 * ms, namespace={})
    out = bioplast.compile(halves(ratio), 20 * ms, target, namespace={})()
    for name in ("v", "x"):
        np.testing.assert_allclose(out.states["trace"][name].T, getattr(network["trace"], name), rtol=1e-12, atol=1e-14)


def test_cython_refuses_steps_that_it_takes_for_others():
    cases = {
        r"the TimedArray '(one|each)' has a dt of 0.117647 ms and is asked every 1 ms, at half": (
            halves(8.5),
            0,
        ),
        r"the TimedArray '(one|each)' is asked for step .* Brian2's Cython code counts them": (
            halves(2),
            2e6,
        ),
        r"Brian2's Cython code of '(once|often)' counts steps in 32 bits": (late(), BEYOND),
    }
    for told, (network, begin) in cases.items():
        program = bioplast.compile(network, 20 * ms, "cython", namespace={})
        with pytest.raises(Unsupported, match=told):
            program({"network.t": begin})
