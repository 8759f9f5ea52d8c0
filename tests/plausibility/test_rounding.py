"""Numbers for people: what is printed of a cell makes a cell that gets the same verdict."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Network, get_dimensions, ms, second
from hypothesis import given
from hypothesis import strategies as st
from support.boxes import leaky_box

from bioplast.definition import Neuron, Parameter
from bioplast.definition.find import models
from bioplast.models import integrate_and_fire
from bioplast.plausibility import PATTERNS, Scale
from bioplast.plausibility.scorecard.scorecard import Scorecard
from bioplast.plausibility.verdict.assessor import Assessor
from bioplast.plausibility.verdict.judge import FRAGILE, REPRODUCED, Check, Judge, Winner
from bioplast.plausibility.verdict.result import PatternResult, input_text, plain_input
from bioplast.plausibility.verdict.rounding import FAMILIAR, FULL, code, value_of

NAMES: dict = {}
exec("from brian2 import *", NAMES)
UNITS = sorted(
    {p.unit for model in models().values() for p in getattr(model, "parameters", {}).values()} | set(FAMILIAR)
)


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (2.204759472887963e-08, "siemens", 4, "22.05*nS"),
        (0.0007877873536409884, "second", 3, "0.788*ms"),
        (-0.055340690985322, "volt", 4, "-55.34*mV"),
        (757.3920343604834, "hertz", 3, "757*Hz"),
        (3.2830334501340985, "volt/second", 3, "3.28*mV/ms"),
        (0.01, "farad/metre**2", 3, "1*uF/cm**2"),
        (1200.0, "siemens/metre**2", 3, "120*mS/cm**2"),
        (1e-12, "amp", 3, "1*pA"),
        (2.5e-9, "amp", 3, "2.5*nA"),
        (1e8, "ohm", 3, "100*Mohm"),
        (0.04 / 1e-6, "hertz/volt", 3, "40*Hz/mV"),
        (12.3456, "1", 3, "12.3"),
        (123456.0, "1", 3, "123000"),
        (-0.25, "1/volt", 3, "-0.25/volt"),
        (0.0, "volt", 3, "0*mV"),
        (True, "boolean", 3, "1"),
        (0.0007877873536409884, "second", FULL, "0.0007877873536409884*second"),
    ],
)
def test_a_number_is_written_as_the_field_writes_it(value, unit, digits, text):
    assert code(value, unit, digits) == text


@given(st.floats(1e-13, 1e13), st.sampled_from([-1, 1]), st.sampled_from(UNITS), st.integers(3, FULL))
def test_what_is_written_is_that_number_to_its_digits_in_a_unit_of_that_dimension(size, sign, unit, digits):
    text = code(sign * size, unit, digits)
    made = eval(text, NAMES)
    expected = eval("1" if unit == "boolean" else unit, NAMES)
    assert get_dimensions(made) is get_dimensions(expected)
    # Half a unit of the last digit; 1e-15 is the arithmetic of the units.
    assert float(made) == pytest.approx(sign * size, rel=0.5 * 10.0 ** (1 - digits) + 1e-15)
    assert value_of(text) == float(made)
    if digits == FULL:
        assert float(made) == sign * size


def picky(digits_of_tau: float) -> Neuron:
    """A leaky cell that fires only with a time constant this close to 10.12345678 ms."""
    return Neuron(
        "dv/dt = (I - v)/tau : 1",
        threshold=f"v > 1 and abs(tau - 10.12345678*ms) < {digits_of_tau}*ms",
        reset="v = 0",
        method="euler",
        parameters={"tau": Parameter(10 * ms, low=1 * ms, high=20 * ms)},
        input="I",
        name="picky",
    )


TONIC = {"rest": 8.0, "duration": 10.0, "amplitude": 1.5}
WINNER = Winner({"tau": 10.12345678e-3}, TONIC, Scale(0.01, 1.0, 1.0), 1e-3)


@pytest.mark.parametrize(("tolerance", "digits"), [(1.0, 3), (1e-2, 4), (2e-4, 6), (1e-6, 8)])
def test_as_many_digits_as_the_verdict_needs(tolerance, digits):
    """10.1, 10.12, 10.123, 10.1235, 10.12346, 10.123457 are off by 2e-2, 3e-3, 5e-4, 4e-5, 3e-6, 2e-7."""
    judge = Judge(picky(tolerance), "numpy")
    assert judge(PATTERNS["A"], WINNER).word == REPRODUCED
    assert judge.digits(PATTERNS["A"], WINNER, REPRODUCED) == digits


def test_what_no_rounding_shows_keeps_all_digits(monkeypatch):
    """And nothing is checked any further once one check has failed."""
    calls = []

    def never(self, response, method, pattern, winner, dt, longer):
        calls.append(winner)
        return Check(dt, method, False, 1.0, ())

    monkeypatch.setattr(Judge, "_check", never)
    assert Judge(leaky_box).digits(PATTERNS["A"], WINNER, REPRODUCED) == FULL
    assert len(calls) == FULL - 3


def test_a_fragile_cell_stays_fragile():
    """It fires only at steps longer than 0.9 ms: a rounding that made it hold everywhere would not do."""
    neuron = picky(1e-2).replace(threshold="v > 1 and (dt > 0.9*ms or abs(tau - 10.12345678*ms) > 1e-2*ms)")
    judge = Judge(neuron, "numpy")
    assert judge(PATTERNS["A"], WINNER).word == FRAGILE
    # 10.1 ms fires at every step.
    assert judge.digits(PATTERNS["A"], WINNER, FRAGILE) == 4


def test_the_printed_stimulus_is_the_one_that_was_checked():
    printed = WINNER.printed(PATTERNS["A"], {"tau": "second"}, 3)
    shown, checked = (plain_input(w.sweep(PATTERNS["A"]), w)["pieces"][0] for w in (WINNER, printed))
    assert printed.parameters == {"tau": pytest.approx(10.1e-3, rel=1e-12)}
    assert checked["value"] == float(f"{shown['value']:.4g}")
    assert abs((checked["end"] - checked["start"]) - (shown["end"] - shown["start"])) <= printed.dt


def test_a_stimulus_has_four_digits_or_as_many_as_the_cell():
    given = plain_input(WINNER.sweep(PATTERNS["A"]), WINNER)
    given["pieces"][0]["value"] = 1.23456789
    for digits, text in ((None, "step 1.235 V"), (3, "step 1.235 V"), (6, "step 1.23457 V")):
        assert input_text(given, "V", digits).startswith(text)


@pytest.mark.build
@pytest.mark.parametrize("letter", "AL")
def test_the_cell_that_is_printed_gets_the_same_verdict(letter):
    """The text is evaluated as a reader would, and what the group then holds is judged with the printed stimulus."""
    assessor = Assessor(integrate_and_fire, budget=400, seed=2, starts=1, size=16)
    result = assessor(letter)
    assert result.verdict in (REPRODUCED, FRAGILE)
    text = Scorecard.of(integrate_and_fire, 2, 400, 1, {letter: result}).group(letter)
    assert len(text) < 100
    group = eval(text, NAMES | {"integrate_and_fire": integrate_and_fire})
    brian2.prefs.codegen.target = "numpy"
    Network(group).run(0 * second)
    cell = {name: float(np.asarray(getattr(group, name))[0]) for name in result.parameters}
    units = result.input["units"]
    scale = Scale(units["tau"], units["rheobase"], assessor.scale.voltage, units["threshold"], units["recovery"])
    found = Winner(result.parameters, result.input["knobs"], scale, result.input["dt"])
    knobs = found.printed(PATTERNS[letter], dict.fromkeys(cell, "1"), result.digits).knobs
    printed = Winner(cell, knobs, scale, float(group.clock.dt))
    assert Judge(integrate_and_fire)(PATTERNS[letter], printed).word == result.verdict


def test_a_black_box_is_printed_as_its_parameters_in_si_units():
    result = PatternResult("A", "", REPRODUCED, 0.0, {"tau": 0.0123456}, {"dt": 1e-3}, digits=3)
    card = Scorecard.of(leaky_box, 1, 1, 1, {"A": result})
    assert eval(card.group("A")) == {"tau": 0.0123}
    assert card.plain()["patterns"]["A"]["parameters"] == {"tau": 0.0123456}
