"""Cells without a reset: what their spikes are, and what is no silence and no rest."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms
from support import author_cells

from bioplast import BioplastError, BlackBox, Parameter
from bioplast.definition import Neuron
from bioplast.models import fitzhugh_nagumo, hodgkin_huxley, integrate_and_fire, morris_lecar
from bioplast.plausibility import PATTERNS, Recording, Scale, Score, SpikeTrains, reduce
from bioplast.plausibility.cells.population import Population
from bioplast.plausibility.patterns.blocking import blocked
from bioplast.plausibility.response.levels import Levels, levels_of

MS, UA = 1e-3, 1e-2
# The cells of the paper, taken for cells without a reset: what rests at -65 mV and spikes at 0 mV.
LEVELS = Levels(np.array([0.0]), np.array([-40.0]))
AT_REST = "v at rest below the level that a spike starts from"
IN_THE_END = "v in the end below the level that a spike starts from"
IN_THE_STEP = "v at the end of the step below the level that a spike starts from"
# Their last event ends with silence; the others end with the stimulus, or firing. S and T ask for no more than silence.
SILENT_IN_THE_END = "IJKLMNOQR"
FROM_BLOCK = "ST"


def judged(letter: str, record: Recording) -> Score:
    sweep = author_cells.windows(letter)
    return PATTERNS[letter].score(reduce(record, sweep, author_cells.relaxation(letter), 10.0), sweep)


@pytest.mark.parametrize("letter", author_cells.LETTERS)
def test_the_published_responses_are_accepted_with_levels_and_not_if_they_rest_above_them(letter):
    record = author_cells.reference(letter)
    # The author's program keeps what a reset leaves; without a reset there is a peak.
    index = np.searchsorted(record.times, record.spikes.times[0][np.isfinite(record.spikes.times[0])] - 1e-9)
    voltage = record.voltage.copy()
    voltage[index] = 30.0
    record = replace(record, voltage=voltage)
    assert judged(letter, replace(record, levels=LEVELS)).failed() == []
    high = replace(record, levels=Levels(LEVELS.spike, np.array([record.voltage[0, 0] - 0.5])))
    assert (AT_REST in judged(letter, high).failed()) == (letter not in FROM_BLOCK)
    sweep = author_cells.windows(letter)
    assert not blocked(replace(record, levels=LEVELS), sweep) and not blocked(record, sweep)
    assert blocked(replace(record, levels=high.levels), sweep)


@pytest.mark.parametrize("letter", author_cells.LETTERS)
def test_a_cell_that_stays_depolarized_after_its_last_spike_is_blocked_and_not_silent(letter):
    record = author_cells.reference(letter)
    voltage = record.voltage.copy()
    end = round(author_cells.windows(letter).end[0] / (record.times[1] - record.times[0]))
    voltage[end - 5 :] = -20.0
    stuck = replace(record, voltage=voltage, levels=LEVELS)
    assert (IN_THE_END in judged(letter, stuck).failed()) == (letter in SILENT_IN_THE_END)
    assert IN_THE_END not in judged(letter, replace(stuck, levels=None)).failed()


@pytest.mark.parametrize(("peak", "mere"), [(25.0, False), (15.0, True)])
def test_a_hump_that_barely_crosses_the_level_is_no_late_spike(peak, mere):
    """The levels are 0 and -40, so a spike gets to 20 at least."""
    record = author_cells.reference("I")
    index = np.searchsorted(record.times, record.spikes.times[0][0] - 1e-9)
    voltage = record.voltage.copy()
    voltage[index - 1 : index + 1] = [[-10.0], [peak]]
    failed = judged("I", replace(record, voltage=voltage, levels=LEVELS)).failed()
    assert failed == (["the spike clearly above the level that it crosses"] if mere else [])


@pytest.mark.parametrize("letter", "BD")
def test_settling_on_a_plateau_is_not_phasic(letter):
    record, step = author_cells.reference(letter), author_cells.windows(letter).windows["step"]
    late = (record.times > step.part(0.6, 1).start) & (record.times < step.end)
    voltage = np.where(late[:, None], -20.0, record.voltage)
    assert IN_THE_STEP in judged(letter, replace(record, voltage=voltage, levels=LEVELS)).failed()


def respond(neuron: Neuron, letter: str, knobs: dict[str, float], dt: float, **parameters: float) -> Score:
    sweep = PATTERNS[letter].sweep({name: np.array([float(value)]) for name, value in knobs.items()}, Scale(1, 1, 1))
    given = {name: np.array([value]) for name, value in parameters.items()}
    features = Population(neuron, 1, sweep, "numpy", dt=dt)(given, sweep, tau=5 * MS, scale=0.01)
    return PATTERNS[letter].score(features, sweep)


def ringing(rest: float, back: str) -> Neuron:
    """A linear membrane that rings with 10 ms about its rest, here as if an upward crossing of 1 were a spike."""
    return Neuron(
        "dv/dt = -(v - rest)/(20*ms) - u/(10*ms)*6.28 + I : 1\ndu/dt = (v - rest)/(10*ms)*6.28 - u/(20*ms) : 1",
        threshold="v > 1",
        refractory=f"v > {back}",
        method="rk4",
        parameters={"rest": Parameter(rest, low=0, high=1)},
        initial={"v": "rest"},
        input="I",
        name="ringing",
    )


def test_rings_about_a_rest_close_to_the_threshold_are_no_burst():
    """From 0.9 they pass 1 four times; without a level to start from they would be one."""
    release = {"rest": 400 * MS, "width": 5 * MS, "amplitude": 200.0, "wait": 400 * MS}
    assert respond(ringing(0.9, "1"), "N", release, 2e-4).failed() == []
    refused = respond(ringing(0.9, "0.5"), "N", release, 2e-4).failed()
    assert AT_REST in refused
    assert IN_THE_END in refused


def test_a_swing_that_does_not_fall_to_the_level_is_no_second_spike():
    """About a rest at 0.6 swings of 1 reach 1.6, then 0.1, and swings of 0.1 less than that: -0.4 is needed."""
    release = {"rest": 400 * MS, "width": 5 * MS, "amplitude": 400.0, "wait": 200 * MS}
    sweep = PATTERNS["N"].sweep({name: np.array([value]) for name, value in release.items()}, Scale(1, 1, 1))
    counts = []
    for back in ("1", "0.5", "-0.4"):
        population = Population(ringing(0.6, back), 1, sweep, "numpy", dt=2e-4, record=True)
        found = population({}, sweep).spikes.count[0]
        v = population.recording().voltage[:, 0]
        # Counted by brute force: an upward crossing of 1 counts if v was at or below the level since the last one.
        brute, armed = 0, True
        for before, now in itertools.pairwise(v):
            if now > 1 >= before and armed:
                brute, armed = brute + 1, False
            armed = armed or now <= float(back)
        assert found == brute
        counts.append(found)
    assert counts[0] > counts[2] >= 1


def test_morris_and_lecar_ring_into_their_block_which_is_no_burst():
    """Above 212 uA/cm^2 the rest of the step is stable again, at +5 mV (Rinzel and Ermentrout 1998, figure 7.3)."""
    step = {"rest": 200 * MS, "duration": 600 * MS, "amplitude": 240 * UA}
    refused = respond(morris_lecar, "D", step, 2e-4).failed()
    assert IN_THE_STEP in refused
    assert "v settled at the end of the step" not in refused


def cell(threshold: str, refractory: object, reset: str = "") -> Neuron:
    equations = "dv/dt = (I - v)/(10*ms) : volt\ndw/dt = -w/(10*ms) : 1"
    return Neuron(equations, threshold=threshold, refractory=refractory, reset=reset, input="I", name="cell")


@pytest.mark.parametrize(
    ("neuron", "levels"),
    [
        (hodgkin_huxley, ("v_spike", "v_back")),
        (fitzhugh_nagumo, ("v_spike", "v_back")),
        (integrate_and_fire, None),
        (cell("v > -40*mV", "v >= -50*mV"), ("-40 * mV", "-50 * mV")),
        (cell("v > 0*mV", 3 * ms), ("0 * mV", "0 * mV")),
        (cell("v > 0*mV and w > 0.5", "v > -40*mV"), ("-40 * mV", "-40 * mV")),
        (cell("w > 0.5", "w > 0.1"), None),
        (cell("v > 0*mV", "v > 0*mV", reset="v = -65*mV"), None),
        (cell("v > 0*mV", "v > 0*mV", reset="w = 0; v -= 5*mV"), None),
        (cell("v > 0*mV", "v > 0*mV", reset="w += 0.1"), ("0 * mV", "0 * mV")),
    ],
)
def test_the_levels_are_read_from_the_conditions(neuron, levels):
    assert levels_of(neuron) == levels


def test_the_duration_of_a_spike_is_the_time_above_what_it_crosses():
    """Two spikes, of four and of six steps of 1 ms, and one before the watched rest; the relaxation takes 1 or 8 ms."""
    sweep = PATTERNS["A"].sweep(
        {"rest": np.array([40.0]), "duration": np.array([60.0]), "amplitude": np.array([1.0])}, Scale(1e-3, 1.0, 1.0)
    )
    times = np.arange(101) * 1e-3
    voltage = np.full((101, 1), -65.0)
    voltage[5] = voltage[50:54] = voltage[70:76] = 10.0
    for levels, tau, longer in ((LEVELS, 1e-3, 5e-3), (LEVELS, 8e-3, 8e-3), (None, 1e-3, 1e-3)):
        record = Recording(
            times, voltage, SpikeTrains.of([np.array([0.005, 0.050, 0.070])]), sweep.current(times), levels
        )
        assert reduce(record, sweep, tau, 10.0).longer == pytest.approx(longer, rel=1e-12)
    silent = Recording(times, voltage * 0 - 65, SpikeTrains.of([np.array([])]), sweep.current(times), LEVELS)
    assert reduce(silent, sweep, 1e-3, 10.0).width[0] == 0


GRADED = "spikes clearly higher than any other swing"


@pytest.mark.parametrize(
    ("peaks", "graded"),
    [
        # The levels are 0 and -40, so 20 have to lie between spikes and other swings.
        ([1, 30, 50], False),
        ([15, -6, -7, 30], False),
        ([15, -4, 30], True),
        ([30, -6, 13], True),
        ([-1, -10], False),
        # Below the level between spikes, so no swing at all.
        ([1, -41], False),
    ],
)
def test_spikes_are_all_or_none(peaks, graded):
    """Triangular swings from rest; the lowest spike and the highest other swing are as by brute force."""
    sweep = PATTERNS["A"].sweep(
        {"rest": np.array([40.0]), "duration": np.array([200.0]), "amplitude": np.array([1.0])}, Scale(1e-3, 1.0, 1.0)
    )
    times, voltage = np.arange(241) * 1e-3, np.full((241, 1), -65.0)
    # One before the watched rest does not count.
    for k, peak in zip((4, *range(60, 240, 20)), (5.0, *peaks), strict=False):
        voltage[k : k + 11, 0] = -65 + (peak + 65) * np.r_[np.linspace(0, 1, 6), np.linspace(0.8, 0, 5)]
    record = Recording(times, voltage, SpikeTrains.of([np.array([])]), sweep.current(times), LEVELS)
    features = reduce(record, sweep, 1e-3, 10.0)
    assert features.lowest_spike[0] == min((p for p in peaks if p > 0), default=np.inf)
    assert features.highest_swing[0] == max((p for p in peaks if -40 < p < 0), default=-np.inf)
    found = PATTERNS["A"].score(features, sweep).failed()
    assert (GRADED in found) == graded


def test_a_cell_with_one_level_for_both_is_not_asked_for_all_or_none():
    record = replace(author_cells.reference("A"), levels=Levels(LEVELS.spike, LEVELS.spike))
    assert judged("A", record).failed() == []


def swinging(parameters: np.ndarray, current: np.ndarray, dt: float) -> tuple[np.ndarray, None]:
    """1.2*sin of 10 ms, then 0.3 about 0.9, whatever the input."""
    t = np.arange(len(current)) * dt
    v = np.where(t < 0.02, 1.2 * np.sin(2 * np.pi * t / 0.01), 0.9 + 0.3 * np.sin(2 * np.pi * t / 0.01))
    return np.repeat(v[:, None], len(parameters), axis=1), None


@pytest.mark.parametrize(("back", "count"), [(None, 4), (0.5, 3), (-1.0, 3), (-1.3, 1)])
def test_a_black_box_spikes_once_between_its_levels(back, count):
    box = BlackBox(swinging, {"x": Parameter(1, low=0, high=2)}, dt=0.1 * ms, threshold=1.0, back=back)
    _, spikes = box.respond(np.ones((1, 1)), np.zeros((401, 1)), 1e-4)
    assert spikes.sum() == count


def test_a_black_box_does_not_fall_back_above_its_threshold():
    for levels in ({"back": 1.0}, {"back": 2.0, "threshold": 1.0}):
        with pytest.raises(BioplastError, match="needs a threshold, which it may not exceed"):
            BlackBox(swinging, {"x": Parameter(1, low=0, high=2)}, dt=0.1 * ms, **levels)
