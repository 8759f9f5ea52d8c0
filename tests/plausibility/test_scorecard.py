"""The scorecard as text, JSON and HTML, and the code that makes a cell of it."""

from __future__ import annotations

import json
from dataclasses import replace

import brian2
import numpy as np
import pytest

from bioplast.models import integrate_and_fire
from bioplast.plausibility import PATTERNS, Recording, Scale, SpikeTrains
from bioplast.plausibility.scorecard.published import figure_2, published
from bioplast.plausibility.scorecard.scorecard import Scorecard, answer
from bioplast.plausibility.verdict.judge import Winner
from bioplast.plausibility.verdict.result import PatternResult, Trace, plain_input

FOUND = {"a": -3.25, "b": 50.000000000000014, "c": -0.065, "v_thresh": -0.05}
REMARK = "released from a block"
CHECKS = {
    name: {
        "dt": 1e-4 / n,
        "method": "rk4",
        "shown": shown,
        "loss": float(not shown),
        "failed": [] if shown else ["late"],
    }
    for name, n, shown in (("dt", 1, True), ("dt/2", 2, False))
}


def trace() -> Trace:
    t = np.linspace(0, 0.3, 50)
    return Trace(t.tolist(), (-0.065 + 0.01 * np.sin(40 * t)).tolist(), (t > 0.1).astype(float).tolist(), [0.12, 0.2])


@pytest.fixture(scope="module")
def card() -> Scorecard:
    winner = Winner(FOUND, {"rest": 10.0, "duration": 20.0, "amplitude": 1.5}, Scale(0.02, 0.75, 0.015), 1e-4)
    given = plain_input(winner.sweep(PATTERNS["A"]), winner)
    results = {
        "A": PatternResult("A", "tonic spiking", "reproduced", 0.0, FOUND, given, {}, 3, 2, 900, [], "", trace()),
        "G": PatternResult(
            "G", "class 1 excitable", "fragile", 0.0, FOUND, given, CHECKS, 3, 1, 2100, [], "", trace(), REMARK
        ),
        "H": PatternResult(
            "H", "class 2 excitable", "not found", 0.12, FOUND, given, {}, 3, 0, 9000, ["a < b"], "", trace()
        ),
        "C": PatternResult("C", "tonic bursting", "impossible", argument="Renewal."),
    }
    return Scorecard.of(integrate_and_fire, 7, 3000, 3, results)


def test_the_json_has_the_promised_keys_and_is_plain(card):
    plain = json.loads(card.to_json())
    assert {"model", "seed", "patterns", "evaluations"} <= plain.keys()
    assert (plain["model"], plain["seed"], plain["evaluations"]) == ("integrate_and_fire", 7, 12000)
    for cell in plain["patterns"].values():
        assert {"verdict", "loss", "parameters", "input", "checks"} <= cell.keys()
        assert "trace" not in cell
    assert plain["patterns"]["A"]["parameters"] == FOUND
    assert plain["patterns"]["C"]["loss"] is None
    step = plain["patterns"]["A"]["input"]["pieces"]
    assert [(p["name"], p["value"], p["slope"]) for p in step] == [("step", 1.125, 0.0)]
    # 20 relaxation times of 20 ms
    assert step[0]["end"] - step[0]["start"] == pytest.approx(0.4)


def test_a_result_survives_json(card):
    for result in card.results.values():
        assert PatternResult.read(json.loads(json.dumps(result.plain()))) == result


def test_a_remark_stands_beside_the_cell_it_is_about(card):
    assert f"{card.group('G')}  # {REMARK}\n" in f"{card}\n"
    assert str(card).count(REMARK) == card.to_html().lower().count(REMARK) == 1
    assert json.loads(card.to_json())["patterns"]["G"]["remark"] == REMARK
    assert answer(card["A"], "volt", "").note == "(2 of 3 starts)"
    assert answer(replace(card["A"], remark=REMARK), "volt", "").note == "(2 of 3 starts; see remark)"


def test_the_code_of_a_cell_makes_that_very_cell(card):
    names = {name: getattr(brian2, name) for name in ("volt", "second", "hertz")}
    group = eval(card.group("A"), {**names, "integrate_and_fire": integrate_and_fire})
    brian2.Network(group).run(0 * brian2.second)
    assert float(group.clock.dt) == 1e-4
    for name, value in FOUND.items():
        assert np.asarray(getattr(group, name))[0] == value
    assert card.group("C") == ""


def test_the_text_says_what_is_published_and_what_it_costs(card):
    lines = str(card).splitlines()
    assert lines[0] == (
        "integrate_and_fire: 1 reproduced, 1 fragile, 1 not found, 1 impossible, of 4 patterns (seed 7)"
    )
    row = next(line for line in lines if line.startswith("A  tonic"))
    assert row.split()[3:] == ["reproduced", "+", "0", "2", "of", "3", "900"]
    assert "Izhikevich (2004): 5 FLOPS per ms" in str(card)
    assert card.group("A") in str(card)
    assert f"H  {card.group('H')}" not in str(card)


def test_the_page_has_the_traces_the_checks_and_the_reasons(card):
    page = card._repr_html_()
    assert page.count("<img ") == 1
    assert "data:image/png;base64," in page
    for text in ("not shown: late", "Renewal.", "The best candidate fails at: a &lt; b", "for 400 ms"):
        assert text in page


def test_a_trace_is_thinned_out_without_its_extremes_and_spikes():
    """Ten thousand steps, a peak of one step among them, and a pulse of one step and either sign."""
    times = np.arange(10_000) * 1e-4
    v = np.sin(50 * times)
    v[4321] = 9.0
    sweep = Winner({}, {"rest": 10.0, "duration": 20.0, "amplitude": 1.0}, Scale(0.02, 1.0, 1.0), 1e-4).sweep(
        PATTERNS["A"]
    )
    current = sweep.current(times)
    current[4567], current[2345] = 7.0, -7.0
    record = Recording(times, v[:, None], SpikeTrains.of([[0.05, 0.3]]), current)
    thin = Trace.of(record, sweep)
    assert len(thin.times) < 2500
    assert max(thin.voltage) == 9.0
    assert (max(thin.current), min(thin.current)) == (7.0, -7.0)
    # From 0.15 of the 0.4 s of the event before its onset at 0.2 s.
    assert thin.times[0] == pytest.approx(0.14, abs=1e-3)
    assert thin.spikes == [0.3]


def test_the_published_rows_are_those_of_existing_definitions():
    import bioplast

    definitions = [name for row in figure_2().values() for name in row.definitions]
    assert len(definitions) == len(set(definitions)) == 12
    for name in definitions:
        assert bioplast.load(name).label == name
    assert published("adex") is None
    row = published("integrate-and-fire")
    assert row is not None
    assert {letter for letter, sign in row.patterns.items() if sign == "+"} == set("AGL")
