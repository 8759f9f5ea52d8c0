"""The boundary to Neo: the same results as the array functions, whatever form the recording has."""

import subprocess
import sys

import brian2
import neo
import numpy as np
import pytest
import quantities as pq
from hypothesis import given, settings
from support.random_trains import DURATION, as_neo, populations, renewal

import bioplast
from bioplast import analysis
from bioplast.analysis import elephant
from bioplast.errors import BioplastError

POPULATION = renewal(seed=20, shape=1, intervals=40, neurons=6)
LENGTH = float(POPULATION[0].max()) + 0.1

# name: the arguments of the array function after the population, and those of its twin after the recording
TWINS = {
    "rate": ((DURATION,), ()),
    "cv": ((), ()),
    "cv2": ((), ()),
    "lv": ((), ()),
    "spike_time_tiling": ((DURATION, 0.0055), (0.0055,)),
    "van_rossum": ((0.01,), (0.01,)),
    "victor_purpura": ((100.0,), (100.0,)),
}


@pytest.mark.parametrize("name", TWINS)
@settings(deadline=None, max_examples=25)
@given(population=populations())
def test_twins_agree(name, population):
    arrays, recordings = TWINS[name]
    fast = getattr(analysis, name)(*population, *arrays)
    slow = getattr(elephant, name)(as_neo(*population), *recordings)
    assert isinstance(slow, np.ndarray) and not isinstance(slow, pq.Quantity)
    assert slow == pytest.approx(fast, abs=1e-5, nan_ok=True)


@settings(deadline=None, max_examples=25)
@given(populations())
def test_intervals_correlation_and_events_agree(population):
    trains = as_neo(*population)
    for mine, theirs in zip(analysis.isi(*population), elephant.isi(trains), strict=True):
        assert theirs == pytest.approx(mine)
    counts = analysis.spike_counts(*population, DURATION, 0.01)
    assert elephant.correlation(trains, 0.01) == pytest.approx(analysis.correlation(counts), abs=1e-9, nan_ok=True)
    for mine, theirs in zip(population, elephant.events(trains), strict=True):
        assert theirs == pytest.approx(mine)


def test_every_form_of_a_recording():
    trains = as_neo(*POPULATION, LENGTH)
    segment, block = neo.Segment(), neo.Block()
    segment.spiketrains.extend(trains)
    block.segments.append(segment)
    expected = analysis.lv(*POPULATION)
    for recording in (trains, tuple(trains), segment, segment.spiketrains, block, [block], [trains[:2], trains[2:]]):
        assert elephant.lv(recording) == pytest.approx(expected)
    assert elephant.lv(trains[3]) == pytest.approx(expected[3:4])
    block.segments.append(neo.Segment())
    block.segments[1].spiketrains.extend(as_neo(*POPULATION, LENGTH))
    assert elephant.lv(block) == pytest.approx(np.tile(expected, 2))


def test_trials_of_a_fano_factor():
    """Each trial a recording of the same neurons, or a segment of one block."""
    trials = [as_neo(*renewal(seed, 1, 60, 3), duration=100) for seed in range(5)]
    trials = [[train.time_slice(0 * pq.s, 3 * pq.s) for train in trial] for trial in trials]
    counts = np.array([[len(train) for train in trial] for trial in trials])
    block = neo.Block()
    for trial in trials:
        block.segments.append(neo.Segment())
        block.segments[-1].spiketrains.extend(trial)
    for form in (trials, block, block.segments):
        assert elephant.fano_factor(form) == pytest.approx(analysis.fano_factor(counts))
    assert elephant.fano_factor([trial[0] for trial in trials]) == pytest.approx(analysis.fano_factor(counts[:, :1]))
    assert np.isnan(elephant.fano_factor(trials[:1])).all()
    with pytest.raises(BioplastError, match="spike trains"):
        elephant.fano_factor([trials[0], trials[1][:2]])
    with pytest.raises(BioplastError, match="equal durations"):
        elephant.fano_factor([trials[0][0], trials[1][0].time_slice(0 * pq.s, 1 * pq.s)])


def test_a_simulation_on_both_ways():
    """The flat arrays of an output, and the Neo block of the same output."""
    cells = brian2.NeuronGroup(
        4, "dv/dt = (1.5 + 0.2*i - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", name="cells"
    )
    other = brian2.NeuronGroup(2, "v : 1", threshold="v > 1", name="silent")
    monitors = brian2.SpikeMonitor(cells, name="spikes"), brian2.SpikeMonitor(other, name="none")
    program = bioplast.compile(brian2.Network(cells, other, *monitors), 200 * brian2.ms, target="numpy")
    out = program()
    population = *out.events("spikes"), 4
    spikes = elephant.trains(out.to_neo(), "spikes")
    assert len(spikes) == 4
    assert len(elephant.trains(out.to_neo())) == 6
    assert elephant.rate(spikes) == pytest.approx(analysis.rate(*population, 0.2))
    assert (elephant.rate(spikes) > 20).all()
    assert elephant.cv(spikes) == pytest.approx(analysis.cv(*population), abs=1e-9)
    tiling = analysis.spike_time_tiling(*population, 0.2, 2 * brian2.ms)
    assert elephant.spike_time_tiling(spikes, 2 * brian2.ms) == pytest.approx(tiling)
    assert elephant.spike_time_tiling(spikes, 2 * pq.ms) == pytest.approx(tiling)
    with pytest.raises(bioplast.BioplastError, match=r"'spike'.*'spikes'"):
        elephant.trains(out.to_neo(), "spike")


def test_a_spike_at_the_very_end_of_a_train_counts():
    train = neo.SpikeTrain([0.5, 1.0], units="s", t_stop=1.0)
    assert elephant.rate(train) == pytest.approx([2])
    other = neo.SpikeTrain([1.0], units="s", t_stop=1.0)
    # T of `train` 0.03 (a window and a half), of `other` 0.01; P 1/2 and 1.
    expected = ((0.5 - 0.01) / (1 - 0.5 * 0.01) + 1) / 2
    assert elephant.spike_time_tiling([train, other], 0.01)[0, 1] == pytest.approx(expected, rel=1e-6)


def test_parameters_carry_units():
    trains = as_neo(*POPULATION, LENGTH)
    assert np.array_equal(elephant.van_rossum(trains, 10 * pq.ms), elephant.van_rossum(trains, 0.01))
    assert np.array_equal(elephant.victor_purpura(trains, 1 / (10 * pq.ms)), elephant.victor_purpura(trains, 100))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: elephant.rate(np.array([0.1, 0.2])), BioplastError, "bioplast.analysis has the same"),
        (lambda: elephant.rate("spikes"), BioplastError, "neo.Block"),
        (lambda: elephant.fano_factor(3), BioplastError, "sequence of recordings"),
        (lambda: elephant.victor_purpura([], np.inf), BioplastError, "cost is a finite"),
        (lambda: elephant.van_rossum([], 0), BioplastError, "tau is a positive"),
        (
            lambda: elephant.spike_time_tiling([*as_neo(*POPULATION, LENGTH), *as_neo(*POPULATION, LENGTH + 1)], 0.01),
            BioplastError,
            "t_start or t_stop",
        ),
    ],
)
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_no_trains():
    assert elephant.rate([]).shape == elephant.cv([]).shape == elephant.fano_factor([]).shape == (0,)
    assert elephant.isi([])[0].shape == (0,)
    assert elephant.spike_time_tiling([], 0.1).shape == (0, 0)


def test_arrays_need_neither_neo_nor_elephant():
    """Inner loops and `import bioplast.analysis` do not wait for them."""
    code = (
        "import sys, bioplast.analysis; print([m for m in ('elephant', 'neo', 'scipy', 'brian2') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert found.strip() == "[]"
