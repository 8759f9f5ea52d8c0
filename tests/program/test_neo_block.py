"""A recording as a Neo block and back."""

from __future__ import annotations

import brian2
import neo
import numpy as np
import pytest
import quantities as pq
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, ms, mV, second, volt
from brian2.units import allunits
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import networks

import bioplast
from bioplast.errors import BioplastError
from bioplast.program import network as net
from bioplast.program.neo_block import from_neo, to_neo, unit


@pytest.fixture(scope="module")
def out():
    """Two cells in volts, of which the second never spikes, from 10 ms on."""
    equations = "dv/dt = (drive - v)/(10*ms) : volt\ndrive : volt (constant)"
    cells = NeuronGroup(2, equations, threshold="v > 10*mV", reset="v = 0*mV", method="exact", name="cells")
    cells.drive = [15, 5] * mV
    network = Network(
        cells,
        SpikeMonitor(cells, "drive", name="spikes"),
        StateMonitor(cells, "v", record=[1, 0], dt=0.5 * ms, name="voltage"),
    )
    return bioplast.compile(network, 30 * ms, "numpy", namespace={})({"network.t": 10 * ms})


def test_spike_trains_have_the_times_and_the_borders_of_the_run(out):
    trains = to_neo(out).segments[0].spiketrains
    assert [train.name for train in trains] == ["spikes[0]", "spikes[1]"]
    times, neurons = out.events("spikes")
    assert len(times) == 2
    np.testing.assert_allclose(trains[0].rescale("s").magnitude, times[neurons == 0], rtol=1e-12)
    assert len(trains[1]) == 0
    for train in trains:
        assert train.units == pq.ms
        np.testing.assert_allclose([train.t_start.item(), train.t_stop.item()], [10, 40])
    np.testing.assert_allclose(trains[0].array_annotations["drive"], 15e-3)


def test_voltages_are_in_millivolts_at_their_own_period(out):
    (signal,) = to_neo(out).segments[0].analogsignals
    assert signal.units == pq.mV
    np.testing.assert_allclose(signal.magnitude, out.states["voltage"]["v"] * 1e3)
    np.testing.assert_allclose(signal.sampling_period.rescale("ms").item(), 0.5)
    np.testing.assert_allclose(signal.times.rescale("s").magnitude, out.states["voltage"]["t"], rtol=1e-9)
    assert list(signal.annotations["neurons"]) == [1, 0]
    # the closed form of the cell that never spikes
    np.testing.assert_allclose(signal.magnitude[-1, 0], 5 * (1 - np.exp(-29.5 / 10)), rtol=1e-9)


def test_the_way_back_gives_the_same_numbers(out):
    spikes, states = from_neo(to_neo(out))
    for name in ("times", "indices", "steps", "neurons"):
        np.testing.assert_allclose(getattr(spikes["spikes"], name), getattr(out.spikes["spikes"], name), rtol=1e-12)
    for name, values in out.states["voltage"].items():
        np.testing.assert_allclose(states["voltage"][name], values, rtol=1e-12)


def test_annotations_name_the_definition_and_its_parameters():
    from bioplast.models import lif

    group = lif.group(3, name="lifs")
    network = Network(group, SpikeMonitor(group, name="spikes"))
    block = to_neo(bioplast.compile(network, 1 * ms, "numpy", namespace={})(seed=4))
    told = block.annotations["groups"]["lifs"]
    assert told["definition"] == lif.name
    assert told["source"] == lif.source
    assert set(lif.parameters) <= set(told["parameters"])
    assert (block.annotations["target"], block.annotations["seed"]) == ("numpy", 4)
    assert block.segments[0].spiketrains[2].annotations["definition"] == lif.name


def test_run_gives_a_block_with_every_monitor():
    raster = np.zeros((100, 10), dtype=bool)
    raster[[3, 7], [1, 2]] = True
    block = bioplast.run(networks.driven(), 10 * ms, "numpy", inputs={"poisson": raster}, seed=1, namespace={})
    assert isinstance(block, neo.Block)
    segment = block.segments[0]
    monitors = {train.annotations["monitor"] for train in segment.spiketrains}
    assert monitors == {"first_spikes", "second_spikes", "poisson_spikes", "generator_spikes"}
    poisson = [train for train in segment.spiketrains if train.annotations["monitor"] == "poisson_spikes"]
    assert [len(train) for train in poisson] == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert {signal.name for signal in segment.analogsignals} == {
        "second_states.v", "second_states.s", "first_states.v", "rate.rate",
    }  # fmt: skip
    (rate,) = (signal for signal in segment.analogsignals if signal.name == "rate.rate")
    assert rate.units == pq.Hz


def test_a_block_from_elsewhere_has_neurons_in_its_order():
    segment = neo.Segment()
    segment.spiketrains.append(neo.SpikeTrain([3.0, 1.0], units="ms", t_stop=10.0))
    segment.spiketrains.append(neo.SpikeTrain([], units="ms", t_stop=10.0))
    segment.spiketrains.append(neo.SpikeTrain([0.002], units="s", t_stop=10.0))
    segment.analogsignals.append(
        neo.AnalogSignal([[1.0], [2.0]], units="mV", sampling_rate=1 * pq.kHz, t_start=5 * pq.ms, name="membrane")
    )
    block = neo.Block()
    block.segments.append(segment)
    spikes, states = from_neo(block)
    np.testing.assert_allclose(spikes["spikes"].times, [0.001, 0.002, 0.003])
    assert spikes["spikes"].indices.tolist() == [0, 2, 0]
    assert spikes["spikes"].neurons == 3
    np.testing.assert_allclose(states["states"]["membrane"], [[1e-3], [2e-3]])
    np.testing.assert_allclose(states["states"]["t"], [5e-3, 6e-3])
    block.segments.append(neo.Segment())
    with pytest.raises(BioplastError, match="the block has 2 segments: one is accepted"):
        from_neo(block)


# Target jax compiles anew for each length of a chunk, hence fewer examples.
@pytest.mark.parametrize(("target", "examples"), [("numpy", 20), ("cpp", 20), ("jax", 3)])
def test_the_recordings_of_a_continued_run_begin_and_end_at_steps_of_their_clocks(target, examples):
    @settings(max_examples=examples, deadline=None)
    @given(
        st.floats(1e-5, 1e-3),
        st.integers(1, 4),
        st.integers(0, 10**7),
        st.lists(st.integers(0, 7), min_size=1, max_size=6),
    )
    @example(1e-4, 3, 0, [1] * 10)  # 0.1 ms ten times is less than 1 ms
    def check(dt, ratio, start, lengths):
        fast = NeuronGroup(2, "", threshold="True", reset="", dt=dt * second, name="fast")
        slow = NeuronGroup(1, "x = t/second : 1", threshold="True", reset="", dt=ratio * dt * second, name="slow")
        monitors = [SpikeMonitor(group, name=f"of_{group.name}") for group in (fast, slow)]
        network = Network(fast, slow, *monitors, StateMonitor(slow, "x", record=True, dt=ratio * dt * second, name="x"))
        program = bioplast.compile(network, dt * second, target, namespace={})
        values = {"network.t": start * dt}
        for length in lengths:
            out = program(values, duration=length * dt * second)
            values = out.final
            segment = to_neo(out).segments[0]
            # by hand: a clock of `ratio` times dt makes the steps that are due from the chunk's first to its last
            borders = {"of_fast": (start, start + length, dt)}
            borders["of_slow"] = borders["x"] = (-(-start // ratio), -(-(start + length) // ratio), ratio * dt)
            for train in segment.spiketrains:
                first, last, step = borders[train.annotations["monitor"]]
                assert train.magnitude.tolist() == [number * step * 1e3 for number in range(first, last)]
                assert (train.t_start.item(), train.t_stop.item()) == (first * step * 1e3, last * step * 1e3)
                assert ((train.t_start <= train) & (train < train.t_stop)).all()
            (signal,) = segment.analogsignals
            first, last, step = borders["x"]
            assert signal.t_start.item() == first * step
            assert len(signal) == last - first
            start += length

    check()


def test_a_recording_after_several_runs_of_the_network_itself():
    group = NeuronGroup(1, "", threshold="True", reset="", name="group")
    network = Network(group, SpikeMonitor(group, name="spikes"))
    for number in range(10):
        (train,) = to_neo(bioplast.compile(network, 0.1 * ms, "numpy", namespace={})()).segments[0].spiketrains
        assert train.magnitude.tolist() == [train.t_start.item()] == [number * 1e-4 * 1e3]
        network.run(0.1 * ms, namespace={})


@given(st.lists(st.integers(-3, 3), min_size=7, max_size=7))
def test_every_unit_of_brian2_becomes_the_same_unit_in_neo(exponents):
    units, per_si = unit(exponents)
    bases = ("meter", "kilogram", "second", "amp", "kelvin", "mole", "candle")
    quantity = brian2.Quantity(1)
    for base, exponent in zip(bases, exponents, strict=True):
        quantity = quantity * getattr(allunits, base) ** exponent
    quantity = brian2.Quantity(quantity)
    assert net.exponents(quantity) == tuple(exponents)
    assert (3.5 * per_si * units).simplified.magnitude == pytest.approx(3.5)
    same = pq.dimensionless
    for base, exponent in zip((pq.m, pq.kg, pq.s, pq.A, pq.K, pq.mol, pq.cd), exponents, strict=True):
        same = same * base**exponent if exponent else same
    assert (1 * units).simplified.dimensionality == (1 * same).simplified.dimensionality


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (volt, pq.mV),
        (brian2.second, pq.ms),
        (brian2.amp, pq.nA),
        (brian2.siemens, pq.nS),
        (brian2.hertz, pq.Hz),
    ],
)
def test_the_units_that_neuroscientists_read(quantity, expected):
    units, per_si = unit(net.exponents(quantity))
    assert units == expected
    assert (per_si * units).simplified.magnitude == pytest.approx(1)
