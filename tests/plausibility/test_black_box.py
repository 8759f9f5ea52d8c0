"""A black box: what it is given and has to return, and that its features are those of the same cell in Brian2."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Mohm, ms
from support.boxes import BOUNDS, box, leaky, leaky_box

from bioplast import BioplastError, Parameter
from bioplast.models import integrate_and_fire
from bioplast.plausibility import PATTERNS, Scale
from bioplast.plausibility.cells.black_box import BoxPopulation
from bioplast.plausibility.cells.calibrate import calibrate
from bioplast.plausibility.cells.population import Population

SCALE = Scale(20e-3, 1.0, 1.0)


def knobs(letter: str, size: int, seed: int = 2) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    upper = {"rest": 10, "duration": 20, "wait": 12, "amplitude": 6, "interval": 6}
    return {
        name: np.exp(generator.uniform(np.log(k.low), np.log(min(k.high, upper.get(name, np.inf))), size))
        for name, k in PATTERNS[letter].knobs.items()
    }


@pytest.mark.parametrize("letter", "LQ")
def test_a_box_has_the_features_of_the_same_cell_in_brian2(letter):
    """v' = I + a - b*v in mV, as the box has it in units of its threshold: 15 mV above rest, 1/b = 20 ms.

    One is computed while Brian2 simulates, the other from the recording. The classical Runge-Kutta step differs from
    the exact one by (dt/tau)**5/120 = 3e-9 of the deviation at dt = 1 ms, and errors do not grow in a leaky cell.
    """
    sweep = PATTERNS[letter].sweep(knobs(letter, 12), SCALE, 1e-3)
    found = BoxPopulation(leaky_box, 12)({}, sweep, 0.02, 1.0)
    # 1 V/s = 20 mV at rest, that is 4/3 of the threshold: the same sweep in other units.
    neuron = integrate_and_fire
    volts = PATTERNS[letter].sweep(knobs(letter, 12), Scale(20e-3, 0.75, 0.015), 1e-3)
    truth = Population(neuron, 12, volts, "numpy", dt=1e-3)({}, volts, 0.02, 0.015)
    assert found.spikes.count.sum() > 10
    assert np.array_equal(found.spikes.count, truth.spikes.count)
    for name in ("rest_low", "rest_high", "top", "final"):
        there = (getattr(truth, name) + 0.065) / 0.015
        assert getattr(found, name) == pytest.approx(there, abs=1e-6), name
    one, other = (PATTERNS[letter].score(f, s).met for f, s in ((found, sweep), (truth, volts)))
    assert one.tolist() == other.tolist()


def test_candidates_are_the_same_in_parallel_alone_and_repeated(monkeypatch):
    sweep = PATTERNS["L"].sweep(knobs("L", 6), SCALE, 1e-3)
    given = {"tau": np.array([0.01, 0.02, 0.01, 0.02, 0.03, 0.03])}
    truth = BoxPopulation(leaky_box, 6)(given, sweep, 0.02, 1.0)
    alone = BoxPopulation(box(parallel=False), 6)(given, sweep, 0.02, 1.0)
    monkeypatch.setattr("bioplast.plausibility.cells.black_box.SAMPLES", 1000)
    parts = BoxPopulation(leaky_box, 6)(given, sweep, 0.02, 1.0)
    for other in (alone, parts):
        assert np.array_equal(truth.top, other.top)
        assert np.array_equal(truth.spikes.count, other.spikes.count)
        assert truth.high.keys() == {"near", "nearer"}
        for name, high in truth.high.items():
            assert np.array_equal(high, other.high[name])
            assert len(set(high.tolist())) > 1


def test_a_box_of_one_parameter_is_called_with_one_current_unless_it_is_parallel():
    seen = []

    def listening(parameters, current, dt):
        seen.append((parameters.shape, current.shape, dt))
        return leaky(parameters, current, dt)

    sweep = PATTERNS["A"].sweep(knobs("A", 3), SCALE, 1e-3)
    for parallel in (False, True):
        BoxPopulation(box(function=listening, parallel=parallel), 3)({}, sweep, 0.02, 1.0)
    steps = int(np.ceil(sweep.end.max() / 1e-3)) + 1
    assert sorted(seen, key=str) == sorted([((1, 3), (steps,), 1e-3)] * 3 + [((3, 3), (steps, 3), 1e-3)], key=str)


def test_without_spikes_an_upward_crossing_of_the_threshold_is_one():
    quiet = box(function=lambda p, current, dt: (np.cumsum(np.atleast_2d(current.T).T, axis=0), None), threshold=2.5)
    v, fired = quiet.respond(np.ones((1, 3)), np.array([[1.0], [1.0], [1.0], [1.0], [-3.0], [5.0]]), 1e-3)
    assert v[:, 0].tolist() == [1, 2, 3, 4, 1, 6]
    assert np.flatnonzero(fired[:, 0]).tolist() == [2, 5]


def test_the_units_of_a_box_are_its_time_constant_and_threshold():
    """As those of the definition: within a step over ln 20, and 0.4 % from above."""
    scale = calibrate(leaky_box, population=BoxPopulation)
    assert scale.time == pytest.approx(0.020, abs=1e-3)
    assert 1 <= scale.current <= 1.004


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"function": 3}, "cannot be called"),
        ({"parameters": {}}, "at least one parameter"),
        ({"parameters": {"tau": Parameter(20 * ms)}}, "parameter tau needs bounds"),
        ({"parameters": {"tau": 3}}, "parameter tau needs bounds"),
        ({"dt": 3 * Mohm}, "must be a time"),
        ({"dt": 1}, "must be a time"),
    ],
)
def test_a_box_that_cannot_be_is_refused_in_one_line(changes, said):
    with pytest.raises(BioplastError, match=said) as refused:
        box(**changes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p, current, dt: (current[1:], None), "needs a threshold"),
        (lambda p, current, dt: (current[1:], current[1:] > 0), r"voltage has shape \(2, 1\); .* = \(3, 1\)"),
        (lambda p, current, dt: (current, current[0] > 0), r"spikes has shape \(1,\)"),
        (lambda p, current, dt: ("no", current), "no array of numbers"),
        (lambda p, current, dt: 1 / 0, "broke with ZeroDivisionError"),
    ],
)
def test_a_wrong_answer_of_a_box_is_one_line(function, said):
    with pytest.raises(BioplastError, match=said):
        box(function=function).respond(np.ones((1, len(BOUNDS))), np.zeros((3, 1)), 1e-3)
