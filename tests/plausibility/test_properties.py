"""What holds for any response: a finite loss, the same in any unit of time, and the same alone or among others."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioplast.plausibility import DIVERGED, PATTERNS, Recording, Scale, SpikeTrains, Sweep, Window, reduce
from bioplast.plausibility.patterns.requirements import Bursts

LETTERS = "ABCDEFGHIJKLMNOPQRST"
STEPS = 400


def sweeps(letter: str, generator: np.random.Generator, size: int, second: float = 1.0) -> Sweep:
    """The protocol with knobs anywhere within their bounds; `second` is the unit of time."""
    pattern = PATTERNS[letter]
    values = {
        name: np.exp(generator.uniform(np.log(knob.low), np.log(knob.high), size))
        if knob.scale == "log"
        else generator.uniform(knob.low, knob.high, size)
        for name, knob in pattern.knobs.items()
    }
    return pattern.sweep(values, Scale(0.01 * second, 1.0, 10.0))


def responses(sweep: Sweep, generator: np.random.Generator, rate: float, kind: str) -> Recording:
    """Spikes in any number and any voltage, at the times of the longest sweep of the candidates."""
    times = np.arange(STEPS + 1) * (sweep.end.max() / STEPS)
    fired = generator.random((STEPS + 1, sweep.size)) < rate
    voltage = {
        "noise": generator.normal(-65, 10, fired.shape),
        "constant": np.full(fired.shape, -65.0),
        "huge": generator.normal(0, 1e300, fired.shape),
        "walk": -65 + generator.normal(0, 1, fired.shape).cumsum(axis=0),
    }[kind]
    candidate, step = np.nonzero(fired.T)
    return Recording(times, voltage, SpikeTrains.from_events(times[step], candidate, sweep.size), sweep.current(times))


@pytest.mark.parametrize("letter", LETTERS)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.003, 0.01, 0.05, 0.3, 1.0]),
    st.sampled_from(["noise", "constant", "huge", "walk"]),
)
@settings(max_examples=25, deadline=None)
def test_the_loss_is_finite_and_zero_exactly_when_the_pattern_is_shown(letter, seed, rate, kind):
    generator = np.random.default_rng(seed)
    sweep = sweeps(letter, generator, 3)
    score = PATTERNS[letter].score(reduce(responses(sweep, generator, rate, kind), sweep, 0.01, 10.0), sweep)
    assert np.isfinite(score.loss).all()
    assert (score.loss >= 0).all() and (score.loss <= DIVERGED).all()
    assert (score.met == (score.loss == 0)).all()
    for candidate in range(3):
        assert score.met[candidate] == (score.failed(candidate) == [])


@pytest.mark.parametrize("letter", LETTERS)
@given(st.integers(0, 2**32 - 1), st.integers(-6, 6))
@settings(max_examples=15, deadline=None)
def test_the_loss_does_not_depend_on_the_unit_of_time(letter, seed, power):
    """Every duration, the relaxation time and the time step are stretched together, by a power of two for exactness."""
    losses = []
    for second in (1.0, 2.0**power):
        generator = np.random.default_rng(seed)
        sweep = sweeps(letter, generator, 3, second)
        record = responses(sweep, generator, 0.03, "walk")
        losses.append(PATTERNS[letter].score(reduce(record, sweep, 0.01 * second, 10.0), sweep).loss)
    assert losses[0].tolist() == losses[1].tolist()


@pytest.mark.parametrize("letter", LETTERS)
@given(st.integers(0, 2**32 - 1), st.integers(-5, 5), st.integers(-100, 100))
@settings(max_examples=10, deadline=None)
def test_the_loss_does_not_depend_on_the_unit_and_the_zero_of_the_voltage(letter, seed, power, zero):
    generator = np.random.default_rng(seed)
    sweep = sweeps(letter, generator, 3)
    record = responses(sweep, generator, 0.03, "walk")
    # Multiples of 1/1024, so that nothing is rounded.
    record = replace(record, voltage=np.round(record.voltage * 1024) / 1024)
    other = replace(record, voltage=(record.voltage - zero) * 2.0**power)
    scores = [
        PATTERNS[letter].score(reduce(r, sweep, 0.01, 10.0 * unit), sweep).loss
        for r, unit in ((record, 1.0), (other, 2.0**power))
    ]
    assert scores[0] == pytest.approx(scores[1], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("letter", LETTERS)
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_a_candidate_scores_the_same_alone_and_among_others(letter, seed):
    generator = np.random.default_rng(seed)
    sweep = sweeps(letter, generator, 4)
    record = responses(sweep, generator, 0.05, "walk")
    together = PATTERNS[letter].score(reduce(record, sweep, 0.01, 10.0), sweep).loss
    for k in range(4):
        one = only(sweep, k)
        alone = Recording(
            record.times, record.voltage[:, [k]], SpikeTrains(record.spikes.times[[k]]), record.current[:, [k]]
        )
        assert PATTERNS[letter].score(reduce(alone, one, 0.01, 10.0), one).loss[0] == together[k]


def only(sweep: Sweep, k: int) -> Sweep:
    """The sweep of one candidate."""

    def cut(window: Window) -> Window:
        return Window(window.start[[k]], window.end[[k]])

    return Sweep(
        sweep.base[[k]],
        tuple(replace(p, **{f: getattr(p, f)[[k]] for f in ("start", "end", "value", "slope")}) for p in sweep.pieces),
        {name: cut(window) for name, window in sweep.windows.items()},
        tuple(map(cut, sweep.rests)),
        sweep.end[[k]],
        {name: cut(window) for name, window in sweep.ranged.items()},
        None if sweep.aftermath is None else sweep.aftermath[[k]],
    )


def rows(minimum: int = 0) -> st.SearchStrategy[list[float]]:
    return st.lists(st.integers(0, 1000).map(float), min_size=minimum, max_size=12, unique=True).map(sorted)


@given(st.lists(rows(), min_size=1, max_size=4), st.integers(-10, 1010), st.integers(0, 500))
def test_a_window_of_a_train_holds_what_a_loop_finds(trains, start, length):
    size = len(trains)
    found = SpikeTrains.of(trains).between(np.full(size, float(start)), np.full(size, float(start + length)))
    for row, train in zip(found.times, trains, strict=True):
        expected = [t for t in train if start <= t < start + length]
        assert row[np.isfinite(row)].tolist() == expected


@given(st.lists(rows(), min_size=1, max_size=4))
def test_intervals_are_differences(trains):
    gaps = SpikeTrains.of(trains).intervals
    for k, train in enumerate(trains):
        expected = [b - a for a, b in pairwise(train)]
        assert gaps.values[k][np.isfinite(gaps.values[k])].tolist() == expected
        assert gaps.count[k] == len(expected)
        for index in (0, -1):
            value = gaps.at(index)[k]
            assert value == expected[index] if expected else np.isnan(value)
        assert gaps.longest[k] == max(expected) if expected else np.isnan(gaps.longest[k])


@given(st.lists(rows(3), min_size=1, max_size=4))
def test_bursts_are_cut_where_a_loop_cuts_them(trains):
    found = Bursts(SpikeTrains.of(trains))
    for k, train in enumerate(trains):
        gaps = [b - a for a, b in pairwise(train)]
        ordered = sorted(gaps)
        ratios = [b / a for a, b in pairwise(ordered)]
        limit = ordered[ratios.index(max(ratios))]
        sizes = [1]
        for gap in gaps:
            if gap > limit:
                sizes.append(1)
            else:
                sizes[-1] += 1
        assert found.separation[k] == max(ratios)
        assert found.sizes[k][found.sizes[k] > 0].tolist() == sizes
        assert found.count[k] == len(sizes)
        assert found.smallest[k] == min(sizes[:-1] or sizes)
        assert [found.size(0)[k], found.size(-1)[k]] == [sizes[0], sizes[-1]]


def test_a_sweep_is_the_input_that_was_described():
    sweep = PATTERNS["B"].sweep(
        {"rest": np.array([2.0, 4.0]), "duration": np.array([3.0, 1.0]), "amplitude": np.array([2.0, 3.0])},
        Scale(time=0.5, current=-10.0, voltage=1.0),
    )
    times = np.arange(12) * 0.5
    expected = {
        # rest 1 s, step 1.5 s of -20, rest 1 s, step of -10
        0: [0, 0, -20, -20, -20, 0, 0, -10, -10, -10, 0, 0],
        1: [0, 0, 0, 0, -30, 0, 0, 0, 0, -15, 0, 0],
    }
    for k, current in expected.items():
        assert sweep.current(times)[:, k].tolist() == current
    assert sweep.end.tolist() == [5.0, 5.0]
