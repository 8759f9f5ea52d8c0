"""The pictures of an assessment: one panel for each pattern, one cell for each model and pattern."""

from __future__ import annotations

import numpy as np
import pytest

from bioplast.errors import BioplastError
from bioplast.figure.scorecard import Answer, Mark, agreement_table, answer_grid

T = np.linspace(0, 100, 30)


def test_a_grid_has_a_panel_for_each_answer_with_its_verdict_and_spikes():
    answers = [
        Answer("A", "tonic spiking", "reproduced", "(3 of 3 starts)", T, np.sin(T), T > 50, [10, 20, 30], "mV", "nA"),
        Answer("C", "tonic bursting", "impossible"),
        Answer("H", "class 2", "not found", "(loss 0.1)", T, np.cos(T), np.zeros(30)),
    ]
    figure = answer_grid(answers, title="a cell")
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title(loc="left") for axes in panels] == ["(A) tonic spiking", "(C) tonic bursting", "(H) class 2"]
    texts = [[text.get_text() for text in axes.texts] for axes in panels]
    assert "reproduced (3 of 3 starts)" in texts[0]
    assert "0 to 1 nA" in texts[0]
    assert [len(axes.lines) for axes in panels] == [3, 0, 3]
    assert len(panels[0].collections[0].get_segments()) == 3


def test_a_grid_refuses_what_it_cannot_draw():
    with pytest.raises(BioplastError, match="nothing to draw"):
        answer_grid([], title="")
    with pytest.raises(BioplastError, match="panel A: times, voltage and input differ"):
        answer_grid([Answer("A", "a", "reproduced", "", T, T[1:], T)], title="")


def test_the_table_has_both_verdicts_in_each_cell_and_a_colour_for_each_agreement():
    marks = {
        "A": Mark("+", "reproduced"),
        "B": Mark("-", "not found"),
        "C": Mark("-", "impossible"),
        "D": Mark("+", "not found"),
        "E": Mark("-", "reproduced"),
        "F": Mark("+", "fragile"),
        "G": Mark("?", "reproduced"),
        "H": Mark("", "not found"),
    }
    axes = agreement_table({"a model": marks, "another": marks}, title="").axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == list("ABCDEFGH")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a model", "another"]
    texts = [text.get_text() for text in axes.texts]
    assert texts[:16] == ["+", "+", "−", "−", "−", "×", "+", "−", "−", "+", "+", "(+)", "?", "+", "", "−"]
    green, red, yellow, blue, grey = "A", "D", "F", "G", "H"
    colour = {letter: patch.get_facecolor() for letter, patch in zip(marks, axes.patches, strict=False)}
    assert colour["B"] == colour["C"] == colour[green]
    assert colour["E"] == colour[red]
    assert len({colour[letter] for letter in (green, red, yellow, blue, grey)}) == 5
    part = agreement_table({"one": {"A": marks["A"]}, "other": {"C": marks["C"], "B": marks["B"]}}, title="").axes[0]
    assert [label.get_text() for label in part.get_xticklabels()] == list("ABC")
    assert len(part.patches) == 3
    with pytest.raises(BioplastError, match="nothing to draw"):
        agreement_table({}, title="")
