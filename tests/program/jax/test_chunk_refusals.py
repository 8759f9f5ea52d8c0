"""What of a run in chunks would begin anew, or be lost, without a word while JAX traces it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms

import bioplast
from bioplast.errors import BioplastError


def traces():
    """A synapse whose trace is brought up to date when a spike comes: 1 ms and 4 ms."""
    source = SpikeGeneratorGroup(1, [0, 0], [1, 4] * ms, name="source")
    cells = NeuronGroup(1, "x : 1", name="cells")
    model = "w : 1\ndapre/dt = -apre/(3*ms) : 1 (event-driven)"
    synapses = Synapses(source, cells, model, on_pre="apre += 1; w = apre", name="synapses")
    synapses.connect()
    return bioplast.compile(Network(source, cells, synapses), 2 * ms, "jax", namespace={})


def test_a_trace_is_carried_with_the_time_of_its_value():
    program = traces()
    raster = np.zeros((20, 1))
    raster[10] = 1

    def step(values, _):
        return program(values, {"source": raster}).final, None

    def carried(*keys):
        with jax.enable_x64(True):
            begin = program.carry()
            given = {key: begin[key] for key in keys}

            def part(values, _):
                final, _ = step(values, None)
                return {key: final[key] for key in keys}, None

            return jax.lax.scan(part, given, None, length=2)[0]

    told = r"'synapses.apre' is traced without 'synapses.lastupdate', which says when it had that value: give both"
    for keys in (["synapses.apre"], ["synapses.w", "synapses.apre"]):
        with pytest.raises(BioplastError, match=told):
            carried(*keys)
    with jax.enable_x64(True), pytest.raises(BioplastError, match=told):
        jax.jit(lambda a: program({"synapses.apre": a, "network.t": 2e-3}).final)(jnp.ones(1))
    final, _ = jax.enable_x64(True)(lambda: jax.lax.scan(step, program.carry(), None, length=2))()
    np.testing.assert_allclose(final["synapses.w"], 1 + np.exp(-2 / 3), rtol=1e-12)  # 2 ms after the first spike
    told = {"synapses.lastupdate": 0.0}
    begun = jax.enable_x64(True)(jax.jit(lambda a: program({"synapses.apre": a, **told}).final["synapses.w"]))
    np.testing.assert_allclose(begun(np.array([0.5])), 1 + 0.5 * np.exp(-1 / 3), rtol=1e-12)


def in_flight():
    """Two synapses with delays of 3 and 5 ms, of which one has spikes on their way after 1.5 ms."""
    source = SpikeGeneratorGroup(1, [0, 0], [1, 3.3] * ms, name="source")
    cells = NeuronGroup(2, "x : 1", name="cells")
    synapses = Synapses(source, cells, on_pre="x_post += 1", name="synapses")
    synapses.connect()
    synapses.delay = [3, 5] * ms
    return bioplast.compile(Network(source, cells, synapses), 1.5 * ms, "jax", namespace={})


def test_traced_spikes_on_their_way_keep_their_delays():
    """With 0.7 ms, a spike sent at 3.3 ms meets the first at 4 ms, and one of the two would be lost."""
    program = in_flight()
    shortened = np.array([0.7e-3, 5e-3])

    def changed(values):
        values = program(values).final
        values["synapses_pre.delay"] = shortened
        return program(values, duration=8 * ms).final["cells.x"]

    np.testing.assert_array_equal(changed(None), [2, 2])  # where nothing is traced, both arrive
    told = r"'synapses_pre.queue' is traced, with another 'synapses_pre.delay' than that with which its spikes were"
    with jax.enable_x64(True):
        for begin in (program.carry(), program.carry({"synapses_pre.delay": [4e-3, 5e-3]})):
            with pytest.raises(BioplastError, match=told):
                jax.jit(changed)(begin)
        plain = {"synapses_pre.queue": jnp.zeros((50, 2), dtype=bool), "network.t": 0.0}
        with pytest.raises(BioplastError, match=told):
            jax.jit(
                lambda queue: program({**plain, "synapses_pre.queue": queue, "synapses_pre.delay": shortened}).final
            )(plain["synapses_pre.queue"])
        both = {**program.carry(), "synapses_pre.delay": shortened}
        del both["synapses_pre.delay"]  # the network's own, those of `carry`
        jax.jit(lambda values: program(values).final)(both)
        other = program.carry({"synapses_pre.delay": shortened})

        def twice(values):
            return program(program(values).final, duration=8 * ms).final["cells.x"]

        np.testing.assert_array_equal(jax.jit(twice)(other), [2, 2])
        batch = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), program.carry())
        batch["synapses_pre.delay"] = shortened
        with pytest.raises(BioplastError, match=told):
            jax.jit(lambda values: program.batch(values).final)(batch)
