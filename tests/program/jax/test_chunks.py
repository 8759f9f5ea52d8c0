"""A run in chunks is the run, within jit and scan too: time, spikes in flight, refractoriness, generators, tables."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, TimedArray, ms
from support import constructs

import bioplast
from bioplast.errors import BioplastError
from bioplast.program.steps.moments import always_due

CHUNKS = 3


def compiled(name):
    return bioplast.compile(constructs.NETWORKS[name](), constructs.DURATION, "jax", namespace={})


def in_scan(program, chunk, count):
    """Rasters [steps, neurons] and final values of `count` chunks within one compiled function."""

    def step(values, _):
        out = program(values, duration=chunk)
        return out.final, out.rasters

    with jax.enable_x64(True):
        final, rasters = jax.jit(lambda values: jax.lax.scan(step, values, None, length=count))(program.carry())
    return {name: np.concatenate(list(raster)) for name, raster in rasters.items()}, final


def assert_the_run_itself(program, whole, final, rasters):
    for name, raster in rasters.items():
        np.testing.assert_array_equal(np.asarray(raster, dtype=bool), whole.raster(name), err_msg=name)
    assert final.keys() == whole.final.keys() == program.values.keys()
    again = program._checked({key: np.asarray(value) for key, value in final.items()})
    for key, value in whole.final.items():
        np.testing.assert_allclose(again[key], value, rtol=1e-9, atol=1e-12 * np.abs(value).max(initial=1), err_msg=key)


def delayed():
    """Refractory cells, a periodic generator and one that is not, delays longer than a chunk, a TimedArray."""
    current = TimedArray([0.5, 3.0, 1.0, 2.5, 0.0, 3.5, 2.0], dt=1.7 * ms)
    cells = NeuronGroup(
        3,
        "dv/dt = (I(t) + g - v)/(2*ms) : 1 (unless refractory)\ndg/dt = -g/(3*ms) : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory=1.3 * ms,
        method="exponential_euler",
        namespace={"I": current},
        name="cells",
    )
    once = SpikeGeneratorGroup(3, [0, 1, 2, 0], [0.3, 2.1, 4.4, 9.8] * ms, name="once")
    often = SpikeGeneratorGroup(2, [0, 1, 1], [0.2, 0.4, 1.1] * ms, period=1.5 * ms, name="often")
    parts = [cells, once, often, *(SpikeMonitor(group, name=f"of_{group.name}") for group in (cells, once, often))]
    for name, source, delay in (("one", once, 4.3 * ms), ("two", often, 0 * ms), ("own", cells, 2 * ms)):
        synapses = Synapses(source, cells, on_pre="g_post += 0.7", name=name)
        synapses.connect()
        synapses.delay = delay
        parts.append(synapses)
    parts[-1].delay = "(0.5 + i + 2*j)*ms"
    return Network(*parts)


@pytest.mark.parametrize("chunk", [0.1, 0.5, 1.5, 4])
def test_refractoriness_delays_generators_and_tables_go_on(chunk):
    program = bioplast.compile(delayed(), 12 * ms, "jax", namespace={})
    whole = program()
    reference = bioplast.compile(delayed(), 12 * ms, "numpy", namespace={})()
    assert whole.raster("of_cells").sum() > 5
    np.testing.assert_array_equal(whole.raster("of_cells"), reference.raster("of_cells"))
    rasters, final = in_scan(program, chunk * ms, round(12 / chunk))
    assert_the_run_itself(program, whole, final, rasters)
    values = None
    found = []
    for _ in range(round(12 / chunk)):
        out = program(values, duration=chunk * ms)
        values = out.final
        found.append(out.raster("of_cells"))
    np.testing.assert_array_equal(np.concatenate(found), whole.raster("of_cells"))


# Its operations look at the spikes of the step before, which no value of a program holds: a run begins without.
WITHOUT = {"order_of_the_user"}
# Their operations are not all due at every step, so that it matters at which time a chunk begins.
RATES = {
    "clocks_that_drift_apart", "clocks_without_a_common_step", "refractory_writes", "run_regularly_of_synapses",
    "several_clocks",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(constructs.NETWORKS.keys() - WITHOUT - RATES))
@pytest.mark.long
def test_every_construct_in_chunks_is_the_construct(name):
    program = compiled(name)
    rasters, final = in_scan(program, constructs.DURATION / CHUNKS, CHUNKS)
    assert_the_run_itself(program, program(), final, rasters)


@pytest.mark.long
def test_every_other_construct_has_operations_that_are_not_due_at_every_step():
    """Which networks the test before is about, without compiling them all to find its names."""
    found = set()
    for name in constructs.NETWORKS:
        clocks = compiled(name)._steps.clocks
        if len({clock.seconds for clock in clocks.values()}) > 1 or always_due(clocks) != set(clocks):
            found.add(name)
    assert found == RATES


def layered(delay):
    """Two cells that drive a third through a delay, with smooth currents and surrogate derivatives."""
    cells = NeuronGroup(
        3, "dv/dt = (drive + g - v)/(4*ms) : 1\ndg/dt = -g/(3*ms) : 1\ndrive : 1 (constant)", threshold="v > 1",
        reset="v = 0", method="exponential_euler", name="cells",
    )  # fmt: skip
    cells.drive = [1.6, 2.1, 0.3]
    synapses = Synapses(cells, cells, "w : 1 (constant)", on_pre="g_post += w", name="synapses")
    synapses.connect(i=[0, 1], j=[2, 2])
    synapses.delay = delay
    synapses.w = [0.6, 0.9]
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"))


@pytest.mark.parametrize("delay", ["2.5*ms", "(1.5 + 2*i)*ms"])
def test_derivatives_go_through_spikes_in_flight(delay):
    program = bioplast.compile(layered(delay), 12 * ms, "jax", namespace={}, surrogate=bioplast.SuperSpike(beta=2))

    def in_chunks(chunk):
        def loss(weights, drive):
            values = program.carry()
            values["synapses.w"], values["cells.drive"] = weights, drive
            for _ in range(round(12 / chunk)):
                values = program(values, duration=chunk * ms).final
            return jnp.sum(values["cells.v"] ** 2) + jnp.sum(values["cells.g"])

        with jax.enable_x64(True):
            start = program.carry()
            return jax.grad(jax.jit(loss), argnums=(0, 1))(start["synapses.w"], start["cells.drive"])

    whole = in_chunks(12)
    assert all(np.abs(gradient[:2]).min() > 1e-3 for gradient in whole)
    for chunk in (1.0, 3.0):
        for found, expected in zip(in_chunks(chunk), whole, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_batch_goes_on_where_a_batch_ended():
    program = bioplast.compile(delayed(), 6 * ms, "jax", namespace={})
    start = {"cells.v": np.array([[0.0, 0.1, 0.2], [0.9, 0.5, 0.3]])}
    whole = program.batch(start, duration=12 * ms)
    again = program.batch(program.batch(start).final)
    np.testing.assert_array_equal(again.raster("of_cells"), whole.raster("of_cells")[:, 60:])
    reference = bioplast.compile(delayed(), 6 * ms, "numpy", namespace={})
    other = reference.batch(reference.batch(start).final)
    np.testing.assert_array_equal(other.raster("of_cells"), whole.raster("of_cells")[:, 60:])
    with jax.enable_x64(True):

        def twice(start):
            first = program.batch({"cells.v": start, "network.t": 0.0})
            return first.raster("of_cells"), program.batch(first.final).raster("of_cells")

        rasters = jax.jit(twice)(jnp.asarray(start["cells.v"]))
    np.testing.assert_array_equal(np.concatenate(rasters, axis=1), whole.raster("of_cells"))


def test_what_cannot_be_traced_is_refused_by_name():
    program = bioplast.compile(delayed(), 6 * ms, "jax", namespace={})
    with jax.enable_x64(True):
        everything = {key: jnp.asarray(value) for key, value in program.values.items()}
        with pytest.raises(BioplastError, match=r"'(one|two|own)_pre.delay' cannot be traced"):
            jax.jit(lambda values: program(values).final)(everything)
        queue = {"own_pre.queue": jnp.zeros((2, 2), dtype=int)}
        with pytest.raises(BioplastError, match=r"'own_pre.queue' has shape .* whether a spike arrives"):
            jax.jit(lambda values: program(values).final)(queue)
        times = {"once": (np.array([1e-3]), np.array([0]))}
        with pytest.raises(BioplastError, match="input 'once': while the time is traced, a raster"):
            jax.jit(lambda t: program({**program.carry(), "network.t": t}, times).final)(jnp.asarray(0.0))
    single = bioplast.compile(delayed(), 6 * ms, "jax", namespace={}, dtype="float32")
    with pytest.raises(BioplastError, match=r"'network.t' cannot be traced in float32"):
        jax.jit(lambda t: single({**single.carry(), "network.t": t}).final)(jnp.asarray(0.0))
    slow = NeuronGroup(1, "dx/dt = -x/ms : 1", dt=0.3 * ms, name="slow")
    network = delayed()
    network.add(slow)
    several = bioplast.compile(network, 6 * ms, "jax", namespace={})
    with jax.enable_x64(True), pytest.raises(BioplastError, match=r"the clocks have steps of 0.1 ms and 0.3 ms"):
        jax.jit(lambda t: several({**several.carry(), "network.t": t}).final)(jnp.asarray(0.0))


def assert_refused(program, values, told):
    with jax.enable_x64(True), pytest.raises(BioplastError, match=told):
        jax.jit(lambda values: program(values).final)(values)


def test_a_part_of_what_goes_on_is_refused_by_name():
    program = bioplast.compile(delayed(), 1 * ms, "jax", namespace={})
    with jax.enable_x64(True):
        everything = {key: value for key, value in program.carry().items() if not key.endswith("delay")}
        of_cells = {key: value for key, value in everything.items() if key.startswith("cells.")}
        begin = {"network.t": everything["network.t"]}
    told = r"'cells.{}' is traced without 'network.t', though it changes in a run and .*: give all values that `carry`"
    assert_refused(program, of_cells, told.format("g"))
    assert_refused(program, {"cells.v": of_cells["cells.v"]}, told.format("v"))
    assert_refused(program, {"cells.lastspike": of_cells["cells.lastspike"]}, told.format("lastspike"))
    queue = {"one_pre.queue": everything["one_pre.queue"]}
    assert_refused(program, queue, "'one_pre.queue' is traced without 'network.t'")
    told = r"'network.t' is traced without '{}'.*, which would be those that the network has now: give all values"
    assert_refused(program, begin, told.format(r"cells\.g"))
    assert_refused(program, of_cells | begin, told.format(r"one_pre\.queue"))
    without = {key: value for key, value in everything.items() if key != "cells.lastspike"}
    assert_refused(program, without, told.format(r"cells\.lastspike"))


def test_what_a_trial_begins_with_may_be_traced():
    """Initial states where it is said when the run begins, or where that does not matter."""
    program = bioplast.compile(delayed(), 3 * ms, "jax", namespace={})
    cells = NeuronGroup(1, "dv/dt = -v/(2*ms) : 1", method="exact", name="cells")
    leak = bioplast.compile(Network(cells), 2 * ms, "jax", namespace={})
    with jax.enable_x64(True):
        v = jnp.asarray([0.3, 0.2, 0.1])
        found = jax.jit(lambda v: program({"cells.v": v, "network.t": 0.0}).final["cells.v"])(v)
        np.testing.assert_allclose(found, program({"cells.v": np.asarray(v)}).final["cells.v"], rtol=1e-12)
        slope = jax.grad(lambda v: leak({"cells.v": v}).final["cells.v"][0])(jnp.ones(1))
    np.testing.assert_allclose(slope, np.exp(-1), rtol=1e-12)
