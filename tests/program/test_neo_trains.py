"""Spike trains that are made when they are asked for are those that Neo's own methods make one after the other."""

from __future__ import annotations

import copy
import pickle
import pickletools

import neo
import numpy as np
import pytest
import quantities as pq
from brian2 import Network, NeuronGroup, SpikeMonitor, ms
from eager_neo import eager_spikes, eager_trains
from hypothesis import given
from hypothesis import strategies as st
from neo.core.spiketrainlist import SpikeTrainList

import bioplast
from bioplast.models import lif
from bioplast.program.neo_block import from_neo, to_neo


@pytest.fixture(scope="module")
def out():
    """Four monitors: of 7 cells and of one, with variables and without, of a slower clock, and one without a spike."""
    cells = NeuronGroup(
        7, "dv/dt = (drive - v)/(10*ms) : 1\ndrive : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    cells.drive = [0, 1.2, 1.5, 3, 0, 9, 0]
    slow = NeuronGroup(3, "x = t/ms + i : 1", threshold="i != 1", reset="", dt=0.7 * ms, name="slow")
    silent = lif.group(2, name="silent")
    network = Network(
        cells,
        slow,
        silent,
        SpikeMonitor(cells, "drive", name="driven"),
        SpikeMonitor(cells[3:4], name="fourth"),
        SpikeMonitor(slow, ["x", "t"], name="often"),
        SpikeMonitor(silent, name="never"),
    )
    return bioplast.compile(network, 30 * ms, "numpy", namespace={})({"network.t": 7.1 * ms})


@pytest.fixture
def segment(out):
    return to_neo(out).segments[0]


def assert_same_train(train, expected):
    """Everything that Neo keeps of a train but the segment that it belongs to."""
    assert type(train) is neo.SpikeTrain
    assert train.dtype == expected.dtype
    assert train.units == expected.units
    assert train.magnitude.tolist() == expected.magnitude.tolist()
    for name in ("t_start", "t_stop", "sampling_rate"):
        value, other = getattr(train, name), getattr(expected, name)
        assert (value.magnitude, value.units) == (other.magnitude, other.units), name
    for name in ("name", "description", "file_origin", "waveforms", "left_sweep", "annotations"):
        assert getattr(train, name) == getattr(expected, name), name
    assert [*train.annotations] == [*expected.annotations]
    assert [*train.array_annotations] == [*expected.array_annotations]
    for name, values in expected.array_annotations.items():
        assert train.array_annotations[name].dtype == values.dtype
        assert train.array_annotations[name].tolist() == values.tolist()


def assert_same_trains(trains, expected):
    assert len(trains) == len(expected)
    for train, other in zip(trains, expected, strict=True):
        assert_same_train(train, other)


def test_every_train_is_the_one_that_is_made_at_once(out, segment):
    expected = eager_trains(out).spiketrains
    assert [len(train) for train in expected].count(0) == 6
    assert {train.name for train in expected} >= {"driven[6]", "fourth[0]", "often[2]", "never[1]"}
    assert len(segment.spiketrains) == len(expected) == 13
    assert_same_trains(segment.spiketrains, expected)
    assert all(train.segment is segment for train in segment.spiketrains)


@given(st.data())
def test_items_and_slices_are_those_of_a_list(out, data):
    trains, expected = to_neo(out).segments[0].spiketrains, list(eager_trains(out).spiketrains)
    for _ in range(3):
        number = data.draw(st.integers(-15, 15) | st.integers(-15, 15).map(np.int64))
        if -13 <= number < 13:
            assert_same_train(trains[number], expected[number])
            assert trains[number] is trains[number] is trains[int(number) % 13]
        else:
            with pytest.raises(IndexError):
                trains[number]
        chosen = data.draw(st.slices(13))
        assert isinstance(trains[chosen], SpikeTrainList)
        assert_same_trains(trains[chosen], expected[chosen])
        assert all(a is b for a, b in zip(trains[chosen], trains[chosen], strict=True))
    with pytest.raises(TypeError):
        trains["driven[0]"]
    assert all(a is b for a, b in zip(trains, trains, strict=True))
    assert [train.name for train in reversed(trains)] == [train.name for train in reversed(expected)]


def test_a_train_has_data_of_its_own(out, segment):
    before = out.spikes["driven"].times.copy()
    train = segment.spiketrains[5]
    train[0] = 8 * pq.ms
    train.array_annotations["drive"][:] = 0
    train.annotations["mark"] = 1
    train.sampling_rate *= 2
    expected = eager_trains(out).spiketrains
    assert_same_trains(segment.spiketrains[6:], expected[6:])
    assert_same_trains(segment.spiketrains[:5], expected[:5])
    out.spikes["driven"].times[:] = 0
    assert_same_train(segment.spiketrains[3], expected[3])
    out.spikes["driven"].times[:] = before


def looked_at(trains):
    assert trains[2].name == "driven[2]"


CHANGES = {
    "append": lambda trains, more: trains.append(more[0]),
    "extend": lambda trains, more: trains.extend(more),
    "insert": lambda trains, more: trains.insert(1, more[0]),
    "pop": lambda trains, _: trains.pop(),
    "remove the first": lambda trains, _: trains.pop(0),
    "reversed": lambda trains, _: trains.sort(key=lambda train: train.name, reverse=True),
    "replace": lambda trains, more: trains.__setitem__(4, more[0]),
    "clear": lambda trains, _: trains.clear(),
    "add in place": lambda trains, more: trains.__iadd__(more),
    "add a list of Neo in place": lambda trains, more: trains.__iadd__(SpikeTrainList(more)),
    "add no train in place": lambda trains, _: trains.__iadd__(SpikeTrainList()),
    "add": lambda trains, more: trains + more,
    "add nothing": lambda trains, _: trains + SpikeTrainList(),
    "add a list of Neo": lambda trains, more: trains + SpikeTrainList(more),
    "add to a list": lambda trains, more: more + trains,
    "add to an empty list": lambda trains, more: more[:0] + trains,
    "add to a list of Neo": lambda trains, more: SpikeTrainList(more) + trains,
    "find": lambda trains, _: trains.index(trains[0]),
    "text": lambda trains, _: str(trains),
    "in one array": lambda trains, _: trains.multiplexed,
    "earliest": lambda trains, _: trains.t_start,
    "latest": lambda trains, _: trains.t_stop,
}


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.filterwarnings("ignore:Found multiple values")
def test_a_list_that_is_changed_is_the_list_that_neo_has(out, segment, name, seen):
    trains, eager = segment.spiketrains, eager_trains(out)
    if seen:
        looked_at(trains)

    def done(to):
        more = [neo.SpikeTrain([k], units="ms", t_stop=9, name=f"more {k}") for k in range(2)]
        return CHANGES[name](to, more), more

    found, more = done(trains)
    expected, others = done(eager.spiketrains)
    assert_same_trains(trains, eager.spiketrains)
    assert [train.segment is segment for train in (*trains, *more)] == [
        train.segment is eager for train in (*eager.spiketrains, *others)
    ]
    if isinstance(expected, SpikeTrainList | list):
        assert isinstance(found, SpikeTrainList | list)
        assert (found is trains) == (expected is eager.spiketrains)
        assert_same_trains(found, expected)
    elif isinstance(expected, tuple):
        for array, other in zip(found, expected, strict=True):
            assert array.tolist() == other.tolist()
    elif not isinstance(expected, neo.SpikeTrain):
        assert found == expected


def test_the_segment_of_a_block_takes_more_trains(out):
    segment, eager = to_neo(out).segments[0], eager_trains(out)
    for each in (segment, eager):
        each.spiketrains += [neo.SpikeTrain([1], units="ms", t_stop=9)]
        each.spiketrains.append(neo.SpikeTrain([2], units="ms", t_stop=9))
        with pytest.raises(ValueError, match="already contained"):
            each.spiketrains.append(each.spiketrains[3])
    assert_same_trains(segment.spiketrains, eager.spiketrains)
    assert all(train.segment is segment for train in segment.spiketrains)


def test_a_block_is_searched_and_cut_as_before(out):
    block, eager = to_neo(out), neo.Block()
    eager.segments.append(eager_trains(out))
    for arguments in ({"monitor": "driven"}, {"neuron": 2}, {"name": "often[1]"}, {"targdict": [{"source": "slow"}]}):
        found = block.filter(**arguments, objects=neo.SpikeTrain)
        assert_same_trains(found, eager.filter(**arguments, objects=neo.SpikeTrain))
        assert all(any(train is own for own in block.segments[0].spiketrains) for train in found)
    assert len(block.filter(monitor="driven")) == 7
    block.check_relationships()
    assert block.segments[0].size["spiketrains"] == 13
    assert len(block.segments[0].data_children) == 13
    begin, end = 12 * pq.ms, 20 * pq.ms
    cut, other = (each.segments[0].time_slice(begin, end) for each in (to_neo(out), eager))
    assert_same_trains(cut.spiketrains, other.spiketrains)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("way", ["pickle", "deepcopy", "copy of the list"])
def test_copies_and_files_have_lists_of_neo(out, way, seen):
    block = to_neo(out)
    if seen:
        looked_at(block.segments[0].spiketrains)
    if way == "pickle":
        text = pickle.dumps(block)
        assert not [argument for _, argument, _ in pickletools.genops(text) if str(argument).startswith("bioplast.")]
        block = pickle.loads(text)
    elif way == "deepcopy":
        block = copy.deepcopy(block)
    else:
        block.segments[0].spiketrains = copy.copy(block.segments[0].spiketrains)
    (segment,) = block.segments
    assert type(segment.spiketrains) is SpikeTrainList
    assert vars(segment.spiketrains).keys() == vars(SpikeTrainList()).keys()
    assert segment.spiketrains.segment is segment
    assert_same_trains(segment.spiketrains, eager_trains(out).spiketrains)
    assert all(train.segment is segment for train in segment.spiketrains)


def test_no_train_is_made_that_is_not_asked_for(out, monkeypatch):
    made = []

    def counted(self, *arguments, **named):
        made.append(named["name"])
        return original(self, *arguments, **named)

    original = neo.SpikeTrain.__init__
    monkeypatch.setattr(neo.SpikeTrain, "__init__", counted)
    block = to_neo(out)
    assert len(block.segments[0].spiketrains) == 13
    assert not made
    block.segments[0].spiketrains[4]
    assert made == ["driven[4]"]
    from_neo(block)
    assert made == ["driven[4]", "driven[0]", "fourth[0]", "never[0]", "often[0]"]  # the first of each, for its borders


@pytest.mark.parametrize("seen", ["nothing", "one", "all", "plain", "pickled"])
def test_the_way_back_is_that_of_single_trains(out, seen):
    block, eager = to_neo(out), eager_trains(out)
    trains = block.segments[0].spiketrains
    if seen != "nothing":
        for each in (trains, eager.spiketrains):
            each[3][1] = 11 * pq.ms  # what is changed in a train is what comes back
            each[2].annotations.update(monitor="other", neuron=5)
            del each[1].annotations["neuron"]
    if seen == "all":
        assert len(list(trains)) == 13
    elif seen == "plain":
        trains.extend([])
    elif seen == "pickled":
        block = pickle.loads(pickle.dumps(block))
    assert_same_spikes(from_neo(block)[0], eager_spikes(eager))


def assert_same_spikes(found, expected):
    assert [*found] == [*expected]
    for name, spikes in expected.items():
        for each in ("times", "indices", "steps"):
            assert getattr(found[name], each).tolist() == getattr(spikes, each).tolist()
            assert getattr(found[name], each).dtype == getattr(spikes, each).dtype
        assert found[name].neurons == spikes.neurons


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ms", "s", "us", "min"]),
            st.sampled_from(["float64", "float32", "int64"]),
            st.lists(st.integers(0, 10**6), max_size=4),
            st.sampled_from([None, "a", "b"]),
        ),
        max_size=6,
    ),
    st.sampled_from([None, 0.1 * pq.kHz, 30000 / pq.s]),
)
def test_trains_from_elsewhere_in_any_unit_and_precision(trains, rate):
    segment = neo.Segment()
    for unit, dtype, times, monitor in trains:
        notes = {} if monitor is None else {"monitor": monitor}
        made = neo.SpikeTrain(
            np.array(times, dtype) * pq.Quantity(1, unit, dtype), t_stop=2e6, sampling_rate=rate, **notes
        )
        segment.spiketrains.append(made)
    block = neo.Block()
    block.segments.append(segment)
    assert_same_spikes(from_neo(block)[0], eager_spikes(segment))
