"""Recordings written and read, with independent readers beside ours: pynwb, libsonata and Neo."""

from __future__ import annotations

import datetime
import warnings

import h5py
import libsonata
import neo
import numpy as np
import pynwb
import pytest
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    ms,
    nA,
)
from hypothesis import given, settings
from hypothesis import strategies as st

import bioplast
from bioplast import exchange
from bioplast.errors import BioplastError, UnknownName
from bioplast.exchange import Recording, Trains
from bioplast.models import lif

FORMATS = {
    "nwb": (exchange.write_nwb, exchange.read_nwb),
    "sonata": (exchange.write_sonata, exchange.read_sonata),
    "nix": (exchange.write_nix, exchange.read_nix),
}


@pytest.fixture(scope="module")
def out():
    """A run of two populations on clocks of their own, of which one neuron of three never spikes."""
    slow, fast = Clock(0.3 * ms), Clock(0.1 * ms)
    source = SpikeGeneratorGroup(4, [3, 0, 0, 3], [0.3, 3, 9.9, 29.7] * ms, name="source", clock=slow)
    cells = lif.group(3, name="cells", I=[0.2, 0, 0.4] * nA, clock=fast)
    monitors = [
        SpikeMonitor(source, name="given"),
        SpikeMonitor(cells, name="spikes"),
        StateMonitor(cells, ["v", "I"], record=[0, 2], name="trace", clock=fast),
        PopulationRateMonitor(cells, name="rate"),
    ]
    network = Network(source, cells, *monitors)
    program = bioplast.compile(network, 30 * ms, target="numpy")
    return program(seed=3)


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_recorded_comes_back_to_the_last_bit(tmp_path, out, format):
    write, read = FORMATS[format]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        path = write(out, tmp_path / f"run.{format}")
    assert len([w for w in told if w.category is UserWarning]) == (format == "sonata")
    found = read(path)
    assert set(found.spikes) == {"given", "spikes"}
    assert out.counts["spikes"].tolist() == [0, 0, 2] or out.counts["spikes"].sum() > 1
    for name, trains in found.spikes.items():
        times, indices = out.events(name)
        assert np.array_equal(trains.times, times)
        assert np.array_equal(trains.indices, indices)
        assert trains.neurons == len(out.counts[name])
    assert (found.spikes["given"].start, found.spikes["given"].stop) == (0.0, 100 * 3e-4)
    if format == "sonata":
        assert "'trace.v'" in str(told[0].message)
        return
    assert set(found.signals) == {"trace.v", "trace.I", "rate.rate"}
    for name, signal in found.signals.items():
        monitor, _, variable = name.partition(".")
        expected = (out.rates if monitor == "rate" else out.states)[monitor]
        assert np.array_equal(signal.values.squeeze(), np.asarray(expected[variable]).squeeze())
        assert np.allclose(signal.start + np.arange(300) * signal.dt, expected["t"], rtol=1e-12)
        assert signal.dt == 1e-4
    assert found.signals["trace.v"].dimensions == (2, 1, -3, -1, 0, 0, 0)
    assert found.signals["trace.v"].neurons.tolist() == [0, 2]
    assert found.notes["seed"] == 3
    assert "dv/dt" in found.notes["groups"]["cells"]["equations"]


@settings(max_examples=6)
@given(st.lists(st.tuples(st.floats(0, 1000, allow_subnormal=False), st.integers(0, 4)), max_size=20))
def test_any_times_come_back(tmp_path_factory, spikes):
    times, indices = (np.array(column) for column in zip(*spikes, strict=True)) if spikes else (np.empty(0),) * 2
    order = np.lexsort((indices, times))
    one = Trains(times[order].astype(float), indices[order].astype(np.int32), 5, 0.0, 1000.0)
    folder = tmp_path_factory.mktemp("any")
    for name, (write, read) in FORMATS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read(write(Recording({"a": one}), folder / name)).spikes["a"]
        if name == "sonata":  # in ms; what changes is told
            assert np.allclose(found.times, one.times, rtol=4.5e-16, atol=0)
        else:
            assert np.array_equal(found.times, one.times)
        assert np.array_equal(found.indices, one.indices)
        assert (found.neurons, found.start, found.stop) == (5, 0.0, 1000.0)


def test_times_that_sonata_changes_are_told(tmp_path):
    # 1.0240000000000002*1000 lies between two numbers that are further apart than those in seconds
    times = np.nextafter(1.1, 2) + np.arange(200) * np.spacing(1.1)
    one = Trains(times, np.zeros(200, np.int32), 1, 0.0, 2.0)
    with pytest.warns(UserWarning, match=r"the last bit of \d+ spike times of 'a'"):
        path = exchange.write_sonata(Recording({"a": one}), tmp_path / "a.h5")
    assert not np.array_equal(exchange.read_sonata(path).spikes["a"].times, times)


def test_pynwb_reads_units_by_row_with_their_intervals(tmp_path, out):
    path = exchange.write_nwb(out, tmp_path / "run.nwb")
    assert pynwb.validate(path=str(path)) in ([], ([], 0))
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        file = io.read()
        assert len(file.units) == 7
        assert file.units["monitor"][4] == "spikes"
        assert file.units.get_unit_spike_times(0).tolist() == [10 * 3e-4, 33 * 3e-4]
        assert file.units.get_unit_spike_times(1).tolist() == []
        assert file.units.get_unit_obs_intervals(1).tolist() == [[0.0, 100 * 3e-4]]
        series = file.acquisition["trace.v"]
        assert (series.unit, series.conversion, series.starting_time) == ("volts", 1.0, 0.0)
        assert series.rate == pytest.approx(1e4)
        assert series.data.shape == (300, 2)
        assert file.session_start_time == datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def test_a_session_without_a_zone_is_refused(tmp_path, out):
    with pytest.raises(BioplastError, match="without a zone"):
        exchange.write_nwb(out, tmp_path / "run.nwb", session_start=datetime.datetime(2026, 1, 1))


def foreign_nwb(path, **series):
    """A file of somebody else's: ids that are no rows, a converted signal, one of irregular times."""
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    file = pynwb.NWBFile("somebody's", "x", now)
    file.add_unit(spike_times=[0.5, 1.5], id=7)
    file.add_unit(spike_times=[0.25], id=3)
    defaults = {"name": "lfp", "data": np.arange(6, dtype=np.int16), "unit": "volts", "rate": 1000.0}
    file.add_acquisition(pynwb.TimeSeries(**{**defaults, "conversion": 1e-3, "offset": 0.5, "starting_time": 2.0}))
    file.add_acquisition(pynwb.TimeSeries(name="odd", data=[1.0, 2.0, 3.0], unit="volts", timestamps=[0.0, 1.0, 5.0]))
    file.add_acquisition(pynwb.TimeSeries(name="far", data=[1.0, 2.0], unit="furlongs", rate=1.0))
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(file)
    return path


def test_files_of_pynwb_are_read(tmp_path):
    with pytest.warns(UserWarning, match=r"left out: .*'far' \(in the unit 'furlongs'\).*") as told:
        found = exchange.read_nwb(foreign_nwb(tmp_path / "a.nwb"))
    assert len([w for w in told if "left out" in str(w.message)]) == 1
    assert "'odd' (its times are not regular)" in str(told[0].message)
    assert found.spikes["units"].indices.tolist() == [1, 0, 0]
    assert found.spikes["units"].times.tolist() == [0.25, 0.5, 1.5]
    signal = found.signals["lfp"]
    assert signal.values[:, 0].tolist() == [0.5 + k * 1e-3 for k in range(6)]  # data*conversion + offset
    assert (signal.start, signal.dt) == (2.0, 1e-3)


def test_libsonata_reads_the_spikes(tmp_path, out):
    with pytest.warns(UserWarning, match="signal"):
        path = exchange.write_sonata(out, tmp_path / "spikes.h5")
    reader = libsonata.SpikeReader(str(path))
    assert sorted(reader.get_population_names()) == ["given", "spikes"]
    population = reader["given"]
    assert population.sorting == "by_time"
    assert [(node, round(time, 9)) for node, time in population.get()] == [(3, 0.3), (0, 3.0), (0, 9.9), (3, 29.7)]
    assert [node for node, _ in population.get(libsonata.Selection([3]))] == [3, 3]
    with h5py.File(path) as file:
        assert file["spikes/given/node_ids"].dtype == np.uint64
        assert file["spikes/given/timestamps"].dtype == np.float64
        assert h5py.check_enum_dtype(file["spikes/given"].attrs.get_id("sorting").dtype) is not None


def test_a_false_order_is_not_believed(tmp_path):
    """libsonata returns another node's spikes for such a file."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("spikes/all")
        group.attrs.create("sorting", 1, dtype=h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="u1"))
        group["timestamps"] = [5.0, 1.0, 3.0]
        group["timestamps"].attrs["units"] = "ms"
        group["node_ids"] = np.array([0, 2, 1], dtype=np.uint64)
    found = exchange.read_sonata(tmp_path / "a.h5").spikes["all"]
    assert found.times.tolist() == [1e-3, 3e-3, 5e-3]
    assert found.indices.tolist() == [2, 1, 0]
    assert found.neurons == 3


def test_neo_reads_units_names_and_annotations(tmp_path, out):
    path = exchange.write_nix(out, tmp_path / "run.nix")
    with neo.io.NixIO(str(path), "ro") as io:
        segment = io.read_block().segments[0]
        assert [train.name for train in segment.spiketrains][:4] == ["given[0]", "given[1]", "given[2]", "given[3]"]
        train = segment.spiketrains[3]
        assert train.times.rescale("s").magnitude.tolist() == [3e-4, 99 * 3e-4]
        assert (train.annotations["monitor"], train.annotations["neuron"]) == ("given", 3)
        assert len(segment.spiketrains[1]) == 0
        trace = next(s for s in segment.analogsignals if s.name == "trace.v")
        assert trace.units.rescale("V").magnitude == 1


def test_blocks_of_neo_are_read(tmp_path):
    import quantities as pq

    block = neo.Block()
    segment = neo.Segment()
    block.segments.append(segment)
    segment.spiketrains.append(neo.SpikeTrain([3.0, 12.0], units=pq.ms, t_start=0 * pq.ms, t_stop=20 * pq.ms))
    segment.spiketrains.append(neo.SpikeTrain([], units=pq.ms, t_start=0 * pq.ms, t_stop=20 * pq.ms))
    segment.analogsignals.append(neo.AnalogSignal([[1.0], [2.0]], units=pq.mV, sampling_rate=1 * pq.kHz, name="vm"))
    with neo.io.NixIO(str(tmp_path / "a.nix"), "ow") as io:
        io.write_block(block)
    found = exchange.read_nix(tmp_path / "a.nix")
    assert np.allclose(found.spikes["spikes"].times, [3e-3, 12e-3])
    assert (found.spikes["spikes"].neurons, found.spikes["spikes"].stop) == (2, 20e-3)
    assert np.allclose(found.signals["vm"].values[:, 0], [1e-3, 2e-3])


def test_a_recording_drives_a_program(tmp_path, out):
    found = exchange.read_nwb(exchange.write_nwb(out, tmp_path / "run.nwb"))
    source = found.group("given", name="again", dt=0.3 * ms)
    assert len(source) == 4
    drive = found.timed_array("trace.v", name="drive")
    follower = NeuronGroup(2, "v = drive(t, i) : volt", namespace={"drive": drive}, name="follower", dt=0.1 * ms)
    monitors = [SpikeMonitor(source, name="given"), StateMonitor(follower, "v", record=True, name="v", dt=0.1 * ms)]
    program = bioplast.compile(Network(source, follower, *monitors), 30 * ms, target="numpy")
    one = program()
    assert np.array_equal(one.events("given")[0], out.events("given")[0])
    assert np.array_equal(one.states["v"]["v"], out.states["trace"]["v"])
    # in one call, in place of what the network has
    inputs = found.inputs({"again": "given", "drive": "trace.v"})
    two = program(inputs=inputs)
    assert np.array_equal(two.raster("given"), one.raster("given"))
    assert np.array_equal(two.states["v"]["v"], one.states["v"]["v"])
    for call in (lambda: found.group("none"), lambda: found.inputs({"again": "none"}), lambda: found.timed_array("x")):
        with pytest.raises(UnknownName, match="accepted"):
            call()


def test_only_a_recording_is_written(tmp_path):
    for write, _ in FORMATS.values():
        with pytest.raises(BioplastError, match="the Output of a program or a Recording is accepted"):
            write({"spikes": []}, tmp_path / "a")


def test_a_file_of_another_format_is_told_with_its_reader(tmp_path, out):
    for written in FORMATS:
        path = tmp_path / written
        FORMATS[written][0](out, path)
        for other in {*FORMATS, "nir"} - {written}:
            read = exchange.read_nir if other == "nir" else FORMATS[other][1]
            message = f"is no {other.upper()} file but a {written.upper()} file, which read_{written} reads"
            with pytest.raises(BioplastError, match=message):
                read(path)
