"""Verdicts: what holds at every step size and with another method, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from support.boxes import box, leaky, leaky_box

from bioplast.definition import Neuron, Parameter
from bioplast.models import adex, hodgkin_huxley, integrate_and_fire, izhikevich_2003, izhikevich_2004
from bioplast.plausibility import PATTERNS, Scale
from bioplast.plausibility.cells.recorder import Recorder
from bioplast.plausibility.verdict.judge import FRAGILE, NOT_FOUND, REPRODUCED, Judge, Winner, other_method

TONIC = {"rest": 8.0, "duration": 10.0, "amplitude": 1.5}
DT = 1e-3


def leak(threshold: str, method: str = "euler") -> Neuron:
    return Neuron(
        "dv/dt = (I - v)/tau : 1",
        threshold=threshold,
        reset="v = 0",
        method=method,
        parameters={"tau": Parameter(10 * ms, low=1 * ms, high=20 * ms)},
        input="I",
        name="leak",
    )


def winner(knobs: dict[str, float] = TONIC, tau: float = 0.01) -> Winner:
    return Winner({"tau": 0.01}, knobs, Scale(tau, 1.0, 1.0), DT)


def test_what_goes_on_for_a_step_has_to_go_on_for_one_four_times_as_long():
    for letter in "ABCDEFST":
        knobs = {name: 1.5 * knob.low if knob.low > 0 else 0.0 for name, knob in PATTERNS[letter].knobs.items()}
        name = "inhibition" if letter in "ST" else "step"
        short, long = (winner(knobs).sweep(PATTERNS[letter], patience=p).windows[name] for p in (0.0, 3.0))
        np.testing.assert_allclose(long.length, 4 * short.length)


@pytest.mark.parametrize("letter", PATTERNS)
def test_a_stimulus_is_the_same_in_seconds_at_every_step(letter):
    """Pieces last as long; each rest is a quarter of a step longer, so with three rests none begins a step apart."""
    generator = np.random.default_rng(1)
    knobs = {name: generator.uniform(k.low, k.high) for name, k in PATTERNS[letter].knobs.items()}
    one = winner(knobs)
    for patience in (0.0, 3.0):
        coarse = one.sweep(PATTERNS[letter], DT, patience)
        for n in (2, 10):
            fine = one.sweep(PATTERNS[letter], DT / n, patience)
            for a, b in zip(coarse.pieces, fine.pieces, strict=True):
                assert (a.end - a.start)[0] == pytest.approx((b.end - b.start)[0], rel=1e-9)
                assert a.value[0] == b.value[0]
                assert patience or abs(a.start[0] - b.start[0]) < DT


def test_what_the_equations_do_holds_everywhere():
    verdict = Judge(leak("v > 1"), "numpy")(PATTERNS["A"], winner())
    assert verdict.word == REPRODUCED
    assert list(verdict.checks) == ["dt", "dt/2", "dt/10", "other method"]
    assert [check.dt for check in verdict.checks.values()] == pytest.approx([DT, DT / 2, DT / 10, DT / 10])
    assert [check.method for check in verdict.checks.values()] == ["euler"] * 3 + ["rk4"]


def test_what_one_step_size_alone_shows_is_fragile_and_the_checks_say_which():
    """A cell that can fire only while the step is longer than 0.9 ms."""
    verdict = Judge(leak("v > 1 and dt > 0.9*ms"), "numpy")(PATTERNS["A"], winner())
    assert verdict.word == FRAGILE
    assert {name: check.shown for name, check in verdict.checks.items()} == {
        "dt": True,
        "dt/2": False,
        "dt/10": False,
        "other method": False,
    }
    assert "at least four spikes during the step" in verdict.checks["dt/10"].failed


def test_what_no_check_shows_is_not_found():
    weak = {**TONIC, "amplitude": 0.5}
    assert Judge(leak("v > 1"), "numpy")(PATTERNS["A"], winner(weak)).word == NOT_FOUND


def test_a_cell_that_fires_rarely_of_its_own_is_found_out_by_longer_rests():
    """It also fires every 2 s. At a time constant of 10 ms the pattern takes 0.2 s, with longer rests 0.8 s."""

    def ticking(parameters, current, dt):
        voltage, spikes = leaky(parameters, current, dt)
        spikes[round(0.5 / dt) :: round(2 / dt)] = True
        return voltage, spikes

    one = Winner({"tau": 0.01}, TONIC, Scale(0.01, 1.0, 1.0), DT)
    verdict = Judge(box(function=ticking))(PATTERNS["A"], one)
    assert verdict.word == NOT_FOUND
    assert verdict.checks["dt"].failed == ("no spikes without a stimulus",)
    assert Judge(leaky_box)(PATTERNS["A"], one).word == REPRODUCED


def test_a_black_box_has_no_other_method():
    verdict = Judge(leaky_box)(PATTERNS["A"], Winner({"tau": 0.02}, TONIC, Scale(0.02, 1.0, 1.0), 1e-3))
    assert verdict.word == REPRODUCED
    assert list(verdict.checks) == ["dt", "dt/2", "dt/10"]


@pytest.mark.parametrize("method", ["rk4", "exponential_euler"])
def test_a_recorded_cell_fires_at_the_intervals_of_the_closed_form(method):
    """tau*ln(I/(I - 1)) at a constant input. A spike comes at the end of its step: an interval is at most one longer.

    The Runge-Kutta step is exact to (dt/tau)**5/120 = 3e-12.
    """
    dt = 1e-4
    one = winner()
    record = Recorder(leak("v > 1"), "numpy", method)({"tau": 0.01}, one.sweep(PATTERNS["A"], dt), dt, sampled=DT)
    gaps = np.diff(record.spikes.times[0][np.isfinite(record.spikes.times[0])])
    exact = 0.01 * np.log(1.5 / 0.5)
    assert len(gaps) > 5
    assert (gaps >= exact - 1e-9).all()
    assert (gaps <= exact + dt + 1e-9).all()
    assert np.allclose(np.diff(record.times), DT)


def test_the_other_method_is_another():
    assert other_method(integrate_and_fire) == ("euler", None)
    for neuron in (izhikevich_2003, izhikevich_2004, hodgkin_huxley):
        assert other_method(neuron) == ("rk4", None)
    # An exponential cut by a reset: no other variable may see v beyond the cut.
    assert other_method(adex) == ("sequential", {"order": ("w", "v")})
