"""Progress: a bar in a terminal, one line a minute in a log, the user's own function, or nothing."""

from __future__ import annotations

import io

import pytest

from bioplast import experiment
from bioplast.progress import progress_bar


class Stream(io.StringIO):
    """Standard error, as a terminal or not."""

    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


class Clock:
    """A time that goes on by what the test says."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def work(progress, stream, monkeypatch, seconds, done=0, **options):
    """Twenty pieces of work of so many seconds each; how each was told."""
    monkeypatch.setattr("sys.stderr", stream)
    clock = Clock()
    with progress_bar("toy", progress, 20, done, clock=clock, **{"unit": "trials", **options}) as update:
        for k in range(done, 20):
            clock.now += seconds
            update(k + 1)
    return stream.getvalue()


@pytest.mark.parametrize("force_color", [None, "1"])
def test_a_log_gets_a_line_a_minute(monkeypatch, force_color):
    if force_color:
        monkeypatch.setenv("FORCE_COLOR", force_color)
    told = work(True, Stream(False), monkeypatch, 25)
    # after 75, 150, ... s: the first piece that ends a minute or more after the line before
    assert told.splitlines() == [f"toy: {k} of 20 trials, {k * 25 / 60:.0f} min" for k in (3, 6, 9, 12, 15, 18)]


def test_what_takes_less_than_a_minute_leaves_no_line(monkeypatch):
    assert work(True, Stream(False), monkeypatch, 2.9) == ""


def test_each_line_of_slow_work_is_told(monkeypatch):
    assert len(work(True, Stream(False), monkeypatch, 600, done=15).splitlines()) == 5


def test_a_fraction_is_told_in_per_cent_with_its_note(monkeypatch):
    stream, clock = Stream(False), Clock()
    monkeypatch.setattr("sys.stderr", stream)
    with progress_bar("1 s on cpp", True, clock=clock) as update:
        clock.now += 61
        update(0.25, note="loss 0.5")
    assert stream.getvalue() == "1 s on cpp: 25%, loss 0.5, 1 min\n"


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    told = work(True, Stream(True), monkeypatch, 25)
    assert "20/20" in told
    assert told.endswith("\x1b[2K")  # the line is cleared


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert len(work(True, Stream(True), monkeypatch, 25).splitlines()) == 6


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_is_shown_when_nothing_is_wanted_or_left(monkeypatch, terminal):
    assert work(False, Stream(terminal), monkeypatch, 100) == ""
    assert work(True, Stream(terminal), monkeypatch, 100, done=20) == ""


@pytest.mark.parametrize("terminal", [False, True])
def test_a_function_gets_fraction_and_seconds_and_nothing_is_shown(monkeypatch, terminal):
    calls = []
    shown = work(lambda *call: calls.append(call), Stream(terminal), monkeypatch, 30, done=18)
    assert calls == [(0.95, 30), (1.0, 60)]
    assert shown == ""


def test_seconds_that_are_known_are_handed_on():
    calls = []
    with progress_bar("run", lambda *call: calls.append(call)) as update:
        update(0.5, 12.5)
    assert calls == [(0.5, 12.5)]


def test_a_log_of_a_run_has_no_line_for_a_few_trials(tmp_path, monkeypatch, capsys):
    """Forty trials, which were ten lines once."""
    protocol = experiment.Protocol(
        "inline",
        "A title",
        "A source",
        "What it does.",
        {"demo": {}},
        trials=lambda settings, targets, seeds: [experiment.Trial(f"t{k}") for k in range(40)],
        run=lambda trial: {"id": trial.id},
        summarise=lambda results, settings: [experiment.Row("count", len(results))],
    )
    fractions = []
    experiment.run(protocol, out=tmp_path / "a")
    assert capsys.readouterr().err == ""
    experiment.run(protocol, out=tmp_path / "b", progress=lambda fraction, seconds: fractions.append(fraction))
    assert fractions == [(k + 1) / 40 for k in range(40)]
