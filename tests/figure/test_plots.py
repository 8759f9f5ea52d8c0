"""Plots side by side: what a reader finds in them."""

from __future__ import annotations

import itertools

import matplotlib
import numpy as np
import pytest

from bioplast import figure
from bioplast.errors import BioplastError
from bioplast.figure.plots import Line, Plot, plots

X = np.linspace(0, 1, 11)
CURVES = Plot("Window", "lag (ms)", "change", [Line(X, X, "theory", "dashed"), Line(X, X**2, "found", "points")])
TRACE = Plot("Trace", "time (ms)", "v (mV)", [Line(X, X)], below=Line(X, 2 * X), below_label="I (nA)")
BARS = Plot("Weights", "input", "weight", [Line([0, 1, 2], X[:3], "a", "bars"), Line([0, 1, 2], X[:3], "b", "bars")],
            ticks=["one", "two", "three"])  # fmt: skip


def texts(picture):
    return [text.get_text() for text in picture.findobj(matplotlib.text.Text) if text.get_text()]


def test_everything_that_was_said_can_be_read():
    picture = plots([CURVES, TRACE, BARS])
    found = texts(picture)
    for words in ("Window", "lag (ms)", "change", "theory", "found", "v (mV)", "I (nA)", "time (ms)", "one", "three"):
        assert words in found, words
    assert len(picture.axes) == 4  # the trace has a strip below it


def test_plots_of_the_same_curves_share_one_legend_within_the_picture():
    """Six long names above each of three plots would be cut off at the right."""
    names = [f"a rather long name of curve {k}" for k in range(6)]
    panels = [Plot(title, "x", "y", [Line(X, k * X, name) for k, name in enumerate(names)]) for title in "abc"]
    picture = plots(panels)
    legends = [axes.get_legend() for axes in picture.axes]
    assert [legend is not None for legend in legends] == [True, False, False]
    assert [text.get_text() for text in legends[0].get_texts()] == names
    picture.draw_without_rendering()
    assert legends[0].get_window_extent().x1 <= picture.bbox.x1
    others = plots([panels[0], Plot("other", "x", "y", panels[0].lines[:2])])
    assert [len(axes.get_legend().get_texts()) for axes in others.axes] == [6, 2]


def test_the_curves_are_the_numbers_given():
    trace = plots([TRACE])
    upper, lower = trace.axes
    np.testing.assert_array_equal(upper.lines[0].get_ydata(), X)
    np.testing.assert_array_equal(lower.lines[0].get_ydata(), 2 * X)
    band = Plot("Band", "x", "y", [Line(X, X, error=[0.1 * X, 0.2 * X])])
    corners = plots([band]).axes[0].collections[0].get_paths()[0].vertices
    assert {tuple(np.round(c, 9)) for c in corners} == {(round(x, 9), round(f * x, 9)) for x in X for f in (0.9, 1.2)}
    bars = plots([BARS]).axes[0].patches
    assert [bar.get_height() for bar in bars] == [*X[:3], *X[:3]]
    edges = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars)
    assert all(left[1] <= right[0] + 1e-9 for left, right in itertools.pairwise(edges))


def test_none_interrupts_a_line_and_the_same_plots_are_the_same_bytes(tmp_path):
    broken = Plot("Gap", "x", "y", [Line([0, 1, 2], [0, None, 2])])
    assert np.isnan(plots([broken]).axes[0].lines[0].get_ydata()[1])
    files = [figure.save(plots([CURVES, TRACE]), tmp_path / name).read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("panels", "words"),
    [
        ([], "nothing to draw"),
        ([Plot("A", "x", "y", [Line(X, X[:3])])], r"A: x \(11,\) and y \(3,\) differ"),
        ([Plot("A", "x", "y", [Line(X, X, style="dotted")])], "style 'dotted' is not known; accepted: line, points"),
    ],
)
def test_what_cannot_be_drawn_is_told(panels, words):
    with pytest.raises(BioplastError, match=words):
        plots(panels)
