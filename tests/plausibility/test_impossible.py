"""The list of impossible cells beside the published table."""

from __future__ import annotations

import csv
from importlib import resources

import numpy as np
import pytest

import bioplast
from bioplast.plausibility import PATTERNS, Recording, Scale, SpikeTrains, reduce
from bioplast.plausibility.verdict.impossible import IMPOSSIBLE, argument

PUBLISHED = {
    "integrate_and_fire": "integrate-and-fire",
    "adaptive_lif": "integrate-and-fire with adaptation",
    "quadratic_integrate_and_fire": "quadratic integrate-and-fire",
    "resonate_and_fire": "resonate-and-fire",
}


def table() -> dict[str, dict[str, str]]:
    text = (resources.files("bioplast.data") / "izhikevich_2004_features.csv").read_text()
    return {row["model"]: row for row in csv.DictReader(text.splitlines())}


def test_models_and_patterns_exist():
    for entry in IMPOSSIBLE:
        assert set(entry.letters) <= set(PATTERNS)
        for name in entry.models:
            assert bioplast.load(name).input == "I"


def test_the_published_table_says_otherwise_in_one_cell_only():
    contradicted = {
        (model, letter)
        for model, name in PUBLISHED.items()
        for letter in PATTERNS
        if argument(model, letter) is not None and table()[name][letter] != "-"
    }
    assert contradicted == {("quadratic_integrate_and_fire", "O")}


def test_all_that_is_left_to_integrate_and_fire_is_what_the_table_gives_it_and_class_2():
    """Class 2 is excluded by calculation, see test_plausibility_integrator, and not by a proof."""
    assert {p for p in PATTERNS if argument("integrate_and_fire", p) is None} == set("AGLH")


@pytest.mark.parametrize("letter", [p for p in PATTERNS if argument("quadratic_integrate_and_fire", p)])
def test_no_quadratic_cell_is_found_with_a_pattern_that_it_cannot_show(letter):
    """v' = v**2 - 1 + I has its rest at -1, its threshold at 1, its rheobase at 1 and its relaxation time at 1/2."""
    generator, size, dt = np.random.default_rng(5), 150, 0.01
    upper = {
        "rest": 16,
        "duration": 10 if letter == "R" else 40,
        "wait": 20,
        "amplitude": 40,
        "slower": 8,
        "interval": 9,
    }
    knobs = {}
    for name, knob in PATTERNS[letter].knobs.items():
        low, high = knob.low, min(knob.high, upper.get(name, np.inf))
        log = knob.scale == "log"
        knobs[name] = (
            np.exp(generator.uniform(*np.log((low, high)), size)) if log else generator.uniform(low, high, size)
        )
    if "base" in knobs:
        knobs["base"] = generator.uniform(-2, 0.9, size)
    sweep = PATTERNS[letter].sweep(knobs, Scale(time=0.5, current=1.0, voltage=1.0))
    reset = np.where(
        generator.random(size) < 0.3, -np.exp(generator.uniform(0, 4, size)), generator.uniform(-2, 3, size)
    )
    times = np.arange(int(sweep.end.max() / dt) + 2) * dt
    current, v = sweep.current(times), np.full(size, -1.0)
    voltage, fired = np.empty(current.shape), []
    for k, drive in enumerate(current):
        v = v + dt * (v**2 - 1 + drive)
        spikes = v > 10
        v = np.where(spikes, reset, v)
        voltage[k] = v
        fired += [(k, cell) for cell in np.flatnonzero(spikes)]
    steps, cells = np.array(fired, dtype=int).reshape(-1, 2).T
    record = Recording(times, voltage, SpikeTrains.from_events(times[steps], cells, size), current)
    assert not PATTERNS[letter].score(reduce(record, sweep, 0.5, 1.0), sweep).met.any()
