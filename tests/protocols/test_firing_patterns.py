"""The twenty firing patterns: every spike in the author's time step, on every CPU target."""

from __future__ import annotations

import csv
import functools

import numpy as np
import pytest
from brian2 import ms

import bioplast
from bioplast import experiment
from bioplast.errors import UnknownName
from bioplast.program import Output, targets
from bioplast.protocols import firing_patterns as protocol

LETTERS = list("ABCDEFGHIJKLMNOPQRST")


@functools.cache
def simulated(letter: str, target: str) -> Output:
    duration = len(protocol.stimulus(letter)[0]) * protocol.pattern(letter)["dt_ms"] * ms
    threads = 1 if target == "openmp" else None
    return bioplast.compile(protocol.network(letter), duration, target, namespace={}, threads=threads)()


def test_the_reference_has_the_twenty_patterns_of_the_paper():
    assert list(protocol.reference()) == LETTERS


# JAX and Cython compile each anew. JAX runs those whose steps and inputs differ most, and the most sensitive one;
# Cython, which takes ten seconds for one, runs the others only where time does not matter.
WORKING = [t for t in targets.TARGETS if t != "cuda" and targets.missing(t) is None]
DIFFERENT = "CHIST"
PAIRS = [
    pytest.param(letter, t, marks=[pytest.mark.long] * (t == "cython" and letter != "C"))
    for letter in LETTERS
    for t in WORKING
    if t != "jax" or letter in DIFFERENT
]
# H rises slowly through its bifurcation: when its current is rounded otherwise in the last place, NumPy's own v moves
# by 2e-4. JAX rounds otherwise, since it fuses products with sums.
SENSITIVE = {("H", "jax"): 1e-3}


@pytest.mark.build
@pytest.mark.parametrize(("letter", "target"), PAIRS)
def test_every_spike_falls_into_the_step_of_the_authors_code(letter, target):
    told = protocol.pattern(letter)
    out = simulated(letter, target)
    assert (out.spikes["spikes"].steps * told["dt_ms"]).tolist() == pytest.approx(told["spike_times_ms"], abs=1e-9)
    expected = simulated(letter, "numpy")
    for found, truth in (
        (out.states["trace"]["v"], expected.states["trace"]["v"]),
        (out.final["neuron.u"], expected.final["neuron.u"]),
    ):
        assert np.abs(found - truth).max() <= SENSITIVE.get((letter, target), 1e-9) * np.abs(truth).max()


def test_the_author_s_scheme_iterated_by_hand_gives_the_reference():
    told = protocol.pattern("C")
    times, current = protocol.stimulus("C")
    v, u, spikes = told["v0"], told["u0"], []
    for t, drive in zip(times, current, strict=True):
        v += told["dt_ms"] * (0.04 * v**2 + 5 * v + 140 - u + drive)
        u += told["dt_ms"] * told["a"] * (told["b"] * v - u)
        if v > 30:
            spikes.append(t)
            v, u = told["c"], u + told["d"]
    assert spikes == told["spike_times_ms"]


def test_a_run_has_the_rows_and_the_table_of_the_protocol(tmp_path):
    done = experiment.run(
        "firing-patterns", targets=["numpy"], out=tmp_path / "run", progress=False, changes={"patterns": "A,S"}
    )
    values = {row.id: (row.value, row.published) for row in done.rows}
    assert values == {
        "numpy/exact/A": (1, None),
        "numpy/exact/S": (1, None),
        "numpy/exact/count": (2, 2),
        "numpy/spikes/A": (5, 5),
        "numpy/spikes/S": (3, 3),
    }
    with open(done.folder / "spikes.csv") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["pattern", "target", "time_ms"]
    found = [float(row["time_ms"]) for row in rows if row["pattern"] == "S"]
    assert found == protocol.pattern("S")["spike_times_ms"]


def test_a_pattern_with_a_spike_in_another_step_does_not_count():
    spikes = list(protocol.pattern("A")["spike_times_ms"])
    assert protocol.exact("A", spikes)
    assert not protocol.exact("A", [*spikes[:-1], spikes[-1] + 0.25])
    assert not protocol.exact("A", spikes[:-1])


def test_an_unknown_pattern_is_refused_by_name():
    with pytest.raises(UnknownName, match="unknown pattern 'Z': accepted: A, B"):
        experiment.run("firing-patterns", targets=["numpy"], out="unused", changes={"patterns": "A,Z"})
