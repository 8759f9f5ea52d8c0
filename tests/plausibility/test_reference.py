"""Each criterion on the twenty published responses, and on the twenty cells of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from support import author_cells
from support.author_cells import LETTERS

from bioplast.plausibility import PATTERNS

# The criterion, and the published responses other than its own that it accepts if nobody looks at their input.
TRACES = {
    # The regular train of mixed mode after its burst, and that of class 2, whose rate hardly grows along the ramp.
    "A": "EH",
    # The first spikes of "tonic spiking" in the figure do adapt: the intervals are 4, 14.5, 27.75 and 27.5 ms.
    "F": "A",
    # One late spike is one late spike: these patterns differ in what made the cell fire.
    "I": "KMOR",
    "M": "BIJKOQ",
    "N": "D",
    # B, D, K and O have the b and nearly the a of J: they ring after their spikes as well.
    "J": "BDKO",
}
# The criterion, and the cells other than its own that show its pattern with the input of the figure.
CELLS = {
    # At 14 mV/ms all but the bursting, mixed-mode, adapting, class 1 and inhibition-induced cells fire regularly.
    "A": "BDHIJKMNOPQ",
    # Rebound spike and threshold variability are the cell of phasic spiking with another a and d; D and N likewise.
    "B": "MO",
    "D": "N",
    # At 30 mV/ms these fire without a pause, with intervals that grow from 2 to 30 ms; those of C from 1.25 to 4 ms.
    "F": "ABCGILMO",
    # A and I are one cell, G and L as well; all four lose their rest at a saddle-node.
    "G": "AIL",
    "L": "ACEGI",
    # A, E, F and I differ in c and d only, which act after a spike.
    "I": "AEF",
    # b = 0.26 makes a resonator, whatever the pattern it was chosen for.
    "J": "KP",
    "K": "P",
    # Cells with b > 0.2 overshoot when inhibition ends.
    "M": "HJKOPR",
    "O": "BDMN",
}


@pytest.mark.parametrize("letter", LETTERS)
def test_up_to_the_end_of_the_figure_the_response_is_the_published_one(letter):
    expected = np.array(author_cells.cells()[letter]["spike_times_ms"]) + author_cells.DELAY.get(letter, 0)
    end = author_cells.cells()[letter]["duration_ms"] + author_cells.DELAY.get(letter, 0)
    found = author_cells.reference(letter).spikes.times[0]
    assert found[found <= end] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("letter", LETTERS)
def test_a_criterion_accepts_its_own_reference(letter):
    score = PATTERNS[letter].score(author_cells.features(letter), author_cells.windows(letter))
    assert score.failed() == []
    assert score.loss == 0
    assert score.met


@pytest.mark.parametrize("criterion", LETTERS)
def test_a_criterion_accepts_no_other_published_response_without_a_reason(criterion):
    accepted = {trace for trace in LETTERS if author_cells.of_trace(criterion, trace).met[0]}
    assert accepted == {criterion, *TRACES.get(criterion, "")}


@pytest.mark.parametrize("criterion", LETTERS)
def test_the_cells_of_the_paper_that_show_a_pattern_with_its_input(criterion):
    accepted = {cell for cell in LETTERS if author_cells.of_cell(criterion, cell).met[0]}
    assert accepted == {criterion, *CELLS.get(criterion, "")}


def test_the_patterns_that_the_paper_sets_against_each_other_have_no_cell_in_common():
    met = {(p, c) for p in "GHKL" for c in LETTERS if author_cells.of_cell(p, c).met[0]}
    for one, other in ("GH", "KL"):
        assert not {c for p, c in met if p == one} & {c for p, c in met if p == other}
