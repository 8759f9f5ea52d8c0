"""Responses that resemble a pattern and are none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support import author_cells
from support.author_cells import LETTERS

from bioplast.plausibility import DIVERGED, PATTERNS, Recording, Score, SpikeTrains, Sweep, Window, reduce


def judged(letter: str, record: Recording, sweep: Sweep | None = None) -> Score:
    sweep = author_cells.windows(letter) if sweep is None else sweep
    return PATTERNS[letter].score(reduce(record, sweep, author_cells.relaxation(letter), 10.0), sweep)


def with_spikes(letter: str, times: np.ndarray | list[float]) -> Recording:
    return replace(author_cells.reference(letter), spikes=SpikeTrains.of([np.asarray(times, dtype=float)]))


def spikes(letter: str) -> np.ndarray:
    times = author_cells.reference(letter).spikes.times[0]
    return times[np.isfinite(times)]


def within(letter: str, window: str) -> tuple[float, float]:
    found = author_cells.windows(letter).windows[window]
    return found.start[0], found.end[0]


@pytest.mark.parametrize("letter", LETTERS)
def test_without_spikes_there_is_no_pattern(letter):
    score = judged(letter, with_spikes(letter, []))
    assert not score.met[0]
    assert np.isfinite(score.loss[0])


@pytest.mark.parametrize("letter", [p for p in LETTERS if p != "R"])
def test_a_spike_before_the_first_stimulus_is_refused(letter):
    rest = author_cells.windows(letter).rests[0]
    early = (rest.start[0] + rest.end[0]) / 2
    assert "no spikes without a stimulus" in judged(letter, with_spikes(letter, [early, *spikes(letter)])).failed()


@pytest.mark.parametrize("letter", LETTERS)
def test_a_cell_that_fires_all_the_time_is_refused(letter):
    times = author_cells.reference(letter).times
    assert not judged(letter, with_spikes(letter, np.arange(5.0, times[-1], 10.0))).met[0]


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("when", [0.0, 0.5, 1.0])
def test_one_value_that_is_not_finite_spoils_any_response(letter, value, when):
    record = author_cells.reference(letter)
    voltage = record.voltage.copy()
    voltage[round(when * (len(voltage) - 1))] = value
    score = judged(letter, replace(record, voltage=voltage))
    assert score.loss[0] == DIVERGED
    assert not score.met[0]
    assert score.failed() == ["the response is finite"]


@pytest.mark.parametrize("letter", LETTERS)
def test_noise_shows_no_pattern(letter):
    record, generator = author_cells.reference(letter), np.random.default_rng(4)
    for rate in (0.01, 0.03, 0.1, 0.3):
        # Poisson spikes of this rate per ms in white noise of 5 mV about -65 mV
        random = np.flatnonzero(generator.random(len(record.times)) < rate * (record.times[1] - record.times[0]))
        noise = replace(
            with_spikes(letter, record.times[random]), voltage=generator.normal(-65, 5, record.voltage.shape)
        )
        assert not judged(letter, noise).met[0]


@pytest.mark.parametrize("letter", LETTERS)
def test_the_right_response_to_the_wrong_input_is_refused(letter):
    record = author_cells.reference(letter)
    ramp = np.linspace(0, 20, len(record.times))[:, None]
    for wrong in (ramp, np.zeros_like(ramp), -record.current):
        assert "the input is that of the pattern" in judged(letter, replace(record, current=wrong)).failed()


@pytest.mark.parametrize("letter", "MN")
def test_a_slow_ramp_is_no_rebound(letter):
    """The cell of class 1 fires at the end of a ramp, at the very times of a rebound."""
    record = author_cells.reference(letter)
    ramp = np.where(record.times > 20, 0.1 * (record.times - 20), 0)
    fired, v, _ = author_cells.respond("G", ramp, dt=0.2)
    assert len(fired) > 3
    score = judged(letter, Recording(record.times, v[:, None], SpikeTrains.of([fired]), ramp[:, None]))
    assert "the input is that of the pattern" in score.failed()


@pytest.mark.parametrize("letter", "CDEGHNPST")
def test_a_single_spike_is_no_train_and_no_burst(letter):
    assert not judged(letter, with_spikes(letter, spikes(letter)[:1])).met[0]


@pytest.mark.parametrize("letter", "AFCEGHST")
def test_a_train_that_ends_early_is_refused(letter):
    """Depolarization block, or mere fatigue: the stimulus is still on."""
    name = {"G": "ramp", "H": "ramp", "S": "inhibition", "T": "inhibition"}.get(letter, "step")
    start, end = within(letter, name)
    fired = spikes(letter)
    assert not judged(letter, with_spikes(letter, fired[fired < start + 0.55 * (end - start)])).met[0]


@pytest.mark.parametrize("letter", "BCDEFST")
def test_tonic_spiking_is_neither_bursting_nor_phasic_nor_adapting(letter):
    start, end = within(letter, "inhibition" if letter in "ST" else "step")
    regular = np.linspace(start + 2, end - 0.01, 12)
    score = judged(letter, with_spikes(letter, regular))
    # It is what inhibition-induced spiking asks for.
    assert score.met[0] == (letter == "S")


@pytest.mark.parametrize("letter", "AEFS")
def test_bursts_are_no_regular_train(letter):
    start, end = within(letter, "inhibition" if letter == "S" else "step")
    trains = np.concatenate([np.linspace(0, 0.04, 4) + at for at in np.linspace(0.02, 0.95, 6)])
    assert not judged(letter, with_spikes(letter, start + trains * (end - start))).met[0]


@pytest.mark.parametrize("letter", "CT")
def test_doublets_are_no_bursts(letter):
    start, end = within(letter, "inhibition" if letter == "T" else "step")
    pairs = np.concatenate([np.array([0, 0.02]) + at for at in np.linspace(0.02, 0.95, 8)])
    assert not judged(letter, with_spikes(letter, start + pairs * (end - start))).met[0]


# A spike more, in each window that is there to exclude something.
CONTROLS = [
    ("B", "weak step", "no spike during a step of half the current"),
    ("D", "weak step", "no spike during a step of half the current"),
    ("K", "short", "no spike to the shorter interval"),
    ("K", "long", "no spike to the longer interval"),
    ("K", "resonant first", "no spike before its second pulse"),
    ("L", "far", "no spike to the distant pair"),
    ("L", "near first", "no spike before their second pulse"),
    ("L", "nearer first", "no spike before their second pulse"),
    ("M", "inhibition", "no spike during the inhibition"),
    ("N", "inhibition", "no spike during the inhibition"),
    ("O", "pulse", "no spike to the pulse alone"),
    ("O", "inhibition", "no spike before that pulse"),
    ("O", "second inhibition", "no spike to the inhibition alone"),
    ("R", "slow ramp", "no spike to the slow ramp"),
]


@pytest.mark.parametrize(("letter", "window", "requirement"), CONTROLS)
def test_each_control_excludes_what_it_is_there_for(letter, window, requirement):
    start, end = within(letter, window)
    score = judged(letter, with_spikes(letter, [*spikes(letter), (start + end) / 2]))
    assert requirement in score.failed()


@pytest.mark.parametrize(
    ("letter", "window"),
    [
        ("K", "resonant"),
        ("L", "near"),
        ("L", "nearer"),
        ("O", "both"),
        ("P", "sustained"),
        ("R", "fast"),
        ("P", "answer"),
    ],
)
def test_each_event_that_has_to_be_answered_is(letter, window):
    start, end = within(letter, window)
    fired = spikes(letter)
    score = judged(letter, with_spikes(letter, fired[(fired < start) | (fired >= end)]))
    assert not score.met[0]


def test_firing_that_ends_by_itself_is_no_bistability():
    start, _ = within("P", "sustained")
    fired = spikes("P")
    score = judged("P", with_spikes("P", fired[fired < start + 150]))
    assert score.failed() == ["firing until the end without the second pulse"]


def test_firing_that_the_second_pulse_does_not_end_is_no_bistability():
    _, off = within("P", "off")
    score = judged("P", with_spikes("P", [*spikes("P"), off + 30]))
    assert "no spike after the second pulse" in score.failed()


def ringing(half_cycle: int, decay: float, size: float = 3.0) -> Recording:
    """The reference of J with an alternation of so many steps to a half-cycle after its spike."""
    record = author_cells.reference("J")
    voltage = record.voltage.copy()
    rest = voltage[: round(20 / 0.25)].mean()
    after = round(26.5 / 0.25)
    steps = np.arange(len(voltage) - after)
    half = (steps + half_cycle // 2) // half_cycle
    voltage[after:, 0] = rest + size * decay**half * np.where(half % 2, -1, 1)
    return replace(record, voltage=voltage)


def test_ringing_of_the_step_is_no_oscillation():
    assert judged("J", ringing(40, 0.8)).failed() == []
    for steps in (1, 2, 3, 4):
        assert "a half-cycle of at least five steps" in judged("J", ringing(steps, 0.8)).failed()


def test_an_oscillation_that_grows_or_is_invisible_is_refused():
    assert "the third half-cycle not larger than the second" in judged("J", ringing(40, 1.3)).failed()
    assert "v beyond rest on the second half-cycle" in judged("J", ringing(40, 0.8, size=0.05)).failed()


def test_a_monotonous_return_to_rest_is_neither_an_oscillation_nor_a_hump():
    """A leaky membrane that is reset above rest, as far as the after-potential of the figure reaches."""
    for letter, at in (("J", 26.5), ("Q", 11.3)):
        record = author_cells.reference(letter)
        voltage, rest = record.voltage.copy(), record.voltage[0]
        after = record.times >= at - 1e-9
        voltage[after, 0] = rest + 20 * np.exp(-(record.times[after] - at) / 8)
        score = judged(letter, replace(record, voltage=voltage))
        wrong = {"J": "v beyond rest on the second half-cycle", "Q": "v rising to it"}[letter]
        assert wrong in score.failed()


def test_an_after_hyperpolarization_is_no_depolarizing_after_potential():
    record = author_cells.reference("Q")
    voltage, rest = record.voltage.copy(), record.voltage[0]
    after = record.times >= 11.3 - 1e-9
    t = record.times[after] - 11.3
    voltage[after, 0] = rest - 15 * np.exp(-t / 3) + 6 * np.exp(-t / 10) * (t / 10)
    assert "no deeper trough before it" in judged("Q", replace(record, voltage=voltage)).failed()


@pytest.mark.parametrize(
    ("end", "width", "hidden"),
    [(11.0, None, False), (11.4, None, False), (13.0, None, True), (13.0, 1.0, True), (13.0, 2.0, False)],
)
def test_a_pulse_that_outlasts_the_spike_hides_what_comes_after_it(end, width, hidden):
    """The same response, to pulses that end before, shortly after, and long after the spike at 11.3 ms."""
    record, sweep = author_cells.reference("Q"), author_cells.windows("Q")
    longer = Window(np.array([9.0]), np.array([end]))
    piece = replace(sweep.pieces[0], end=longer.end)
    sweep = replace(sweep, pieces=(piece,), windows={**sweep.windows, "pulse": longer}, aftermath=longer.end)
    record = replace(record, current=sweep.current(record.times))
    features = reduce(record, sweep, author_cells.relaxation("Q"), 10.0)
    score = PATTERNS["Q"].score(replace(features, width=None if width is None else np.array([width])), sweep)
    assert ("the pulse over when the spike is" in score.failed()) == hidden


@pytest.mark.parametrize("letter", LETTERS)
def test_a_cell_that_drifts_is_not_at_rest(letter):
    record, sweep = author_cells.reference(letter), author_cells.windows(letter)
    reach = author_cells.features(letter).reach[0]
    first, last = sweep.rests[0], sweep.rests[-1]
    span = last.end[0] - first.start[0]
    drift = 0.1 * reach * (record.times - first.start[0]) / span
    moved = replace(record, voltage=record.voltage + drift[:, None])
    assert "at rest, and at the same level, before each event" in judged(letter, moved).failed()


def test_a_response_cut_short_is_not_taken_for_silence():
    """The windows of the sweep are judged whole: without its control, phasic spiking is not shown."""
    record = author_cells.reference("B")
    half = record.times < 200
    short = Recording(record.times[half], record.voltage[half], record.spikes, record.current[half])
    assert not judged("B", short).met[0]


def test_a_window_of_another_candidate_does_not_leak():
    """Two candidates with windows of their own score as each does alone."""
    one, two = author_cells.windows("A"), author_cells.windows("F")

    def beside(a: Window, b: Window) -> Window:
        return Window(np.r_[a.start, b.start], np.r_[a.end, b.end])

    times = np.arange(round(100 / 0.25) + 1) * 0.25
    responses = [author_cells.respond(p, author_cells.windows(p).current(times)[:, 0], dt=0.25) for p in "AF"]
    sweep = replace(
        one,
        base=np.zeros(2),
        pieces=tuple(
            replace(a, **{k: np.r_[getattr(a, k), getattr(b, k)] for k in ("start", "end", "value", "slope")})
            for a, b in zip(one.pieces, two.pieces, strict=True)
        ),
        windows={name: beside(one.windows[name], two.windows[name]) for name in one.windows},
        rests=tuple(beside(a, b) for a, b in zip(one.rests, two.rests, strict=True)),
        end=np.r_[one.end, two.end],
    )
    voltage = np.stack([v for _, v, _ in responses], axis=1)
    record = Recording(times, voltage, SpikeTrains.of([s for s, _, _ in responses]), sweep.current(times))
    for letter in "AF":
        together = PATTERNS[letter].score(reduce(record, sweep, 1.0, 10.0), sweep)
        for k, alone in enumerate((one, two)):
            single = Recording(times, voltage[:, [k]], SpikeTrains.of([responses[k][0]]), alone.current(times))
            assert together.loss[k] == PATTERNS[letter].score(reduce(single, alone, 1.0, 10.0), alone).loss[0]
