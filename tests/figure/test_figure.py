"""The pictures: what a reader finds in them, and that the same picture is the same bytes."""

import errno
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from bioplast import figure, files
from bioplast.errors import BioplastError
from bioplast.figure import Panel

CHECKOUT = Path(__file__).resolve().parents[2]
TIMES = np.linspace(0, 0.1, 101)


def panels(number=20, **changes):
    times = np.arange(0, 100, 0.5)
    fields = {"equal": True, "note": "3 spikes", **changes}
    return [
        Panel(chr(65 + k), f"pattern {k}", times, -60 + 5 * np.sin(times + k), times / 10, **fields)
        for k in range(number)
    ]


def texts(picture):
    """All that can be read in a figure."""
    return [text.get_text() for text in picture.findobj(matplotlib.text.Text) if text.get_text()]


def make(name):
    return {
        "raster": lambda: figure.raster([0.01, 0.05], [0, 2], title="Spikes", neurons=3, duration_s=0.1),
        "trace": lambda: figure.trace(TIMES, TIMES * 100, "mV", title="Trace", current=TIMES, current_unit="nA"),
        "grid": lambda: figure.pattern_grid(panels(), title="Patterns", current_unit="pA"),
    }[name]()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raster", ["Spikes", "neuron", "rate (Hz)", "time (ms)"]),
        ("trace", ["Trace", "membrane potential (mV)", "input (nA)", "time (ms)"]),
        ("grid", ["Patterns\n", "v (mV)", "(A) pattern 0", "(T) pattern 19", "20 ms", "3 spikes ✓"]),
    ],
)
def test_titles_axes_and_units_can_be_read(name, words):
    assert set(words) <= set(texts(make(name)))


@pytest.mark.parametrize("name", ["raster", "trace", "grid"])
def test_the_same_picture_is_the_same_bytes(name, tmp_path):
    first, second = (figure.save(make(name), tmp_path / folder / "picture") for folder in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".svg").read_bytes() == second.with_suffix(".svg").read_bytes()
    assert first.read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(first.with_suffix(".svg")).getroot().tag.endswith("svg")
    assert sorted(os.listdir(tmp_path / "a")) == ["picture.png", "picture.svg"]


def test_no_date_in_the_file(tmp_path):
    file = figure.save(make("trace"), tmp_path / "picture.png")
    assert b"dc:date" not in file.with_suffix(".svg").read_bytes()
    assert b"Software" not in file.read_bytes()


def test_a_raster_has_a_mark_for_each_spike_and_the_rate_of_the_population():
    times = np.array([0.005, 0.015, 0.015, 0.095])
    picture = figure.raster(times, [0, 1, 3, 3], title="", neurons=4, duration_s=0.1, bin_s=0.01)
    above, below = picture.axes
    assert above.lines[0].get_xdata() == pytest.approx(times * 1e3)
    assert list(above.lines[0].get_ydata()) == [0, 1, 3, 3]
    rates = below.patches[0].get_data().values
    assert rates == pytest.approx(np.array([1, 2, 0, 0, 0, 0, 0, 0, 0, 1]) / 4 / 0.01)


def test_populations_have_colours_and_rates_of_their_own():
    groups = [("excitatory", 3), ("inhibitory", 1)]
    picture = figure.raster([0.005] * 4, [0, 1, 2, 3], title="", duration_s=0.01, bin_s=0.01, groups=groups)
    above, below = picture.axes
    assert [list(line.get_ydata()) for line in above.lines] == [[0, 1, 2], [3]]
    assert above.lines[0].get_color() != above.lines[1].get_color()
    assert [patch.get_data().values[0] for patch in below.patches] == pytest.approx([100, 100])
    assert {"excitatory", "inhibitory"} <= set(texts(picture))


def test_an_empty_raster_is_a_picture_too(tmp_path):
    assert figure.save(figure.raster([], [], title="Silence", neurons=5, duration_s=1), tmp_path / "a").exists()
    assert figure.save(figure.raster([], [], title="Silence"), tmp_path / "b").exists()


def test_long_runs_are_in_seconds():
    assert "time (s)" in texts(figure.raster([0.5, 4.0], [0, 0], title="", duration_s=5))
    assert "time (s)" in texts(figure.trace(TIMES * 100, TIMES, "mV", title=""))


def test_a_trace_marks_spikes_and_threshold():
    picture = figure.trace(
        TIMES, np.c_[TIMES, -TIMES], "mV", title="", spikes_s=[0.02, 0.05], threshold=3, names=["a", "b"]
    )
    axes = picture.axes[0]
    assert {"a", "b", "spikes", "threshold"} <= set(texts(picture))
    spikes = next(line for line in axes.lines if line.get_label() == "spikes")
    assert spikes.get_xdata() == pytest.approx([20, 50])


def test_the_grid_marks_which_patterns_equal_the_reference():
    good, bad, open_ = panels(1)[0], panels(1, equal=False)[0], panels(1, equal=None, note="")[0]
    words = texts(figure.pattern_grid([good, bad, open_], title="", rows=1, columns=3, reference="the author's"))
    assert "3 spikes ✓" in words
    assert "3 spikes ✗" in words
    key = next(word for word in words if "membrane potential" in word)
    assert "equal to the author's (1 of 2)" in key
    assert "✗ not equal" in key


def test_the_grid_leaves_places_empty_and_shows_a_constant_input(tmp_path):
    panel = Panel("A", "silence", TIMES * 1e3, np.full(101, -60.0), np.full(101, 2.5))
    picture = figure.pattern_grid([panel], title="One")
    assert "I: 2.5" in texts(picture)
    assert figure.save(picture, tmp_path / "grid").exists()


def test_a_diverged_voltage_does_not_spoil_the_other_panels():
    wild = Panel("B", "diverged", [0.0, 1.0, 2.0], [-60, 1e30, np.nan], [0, 0, 1])
    picture = figure.pattern_grid([panels(1)[0], wild], title="", rows=1, columns=2)
    assert all(axes.get_ylim()[1] < 100 for axes in picture.axes)


@pytest.mark.parametrize(
    "call",
    [
        lambda: figure.raster([0.1, 0.2], [0], title=""),
        lambda: figure.raster([0.1], [5], title="", neurons=5),
        lambda: figure.raster([0.1], [-1], title=""),
        lambda: figure.trace(TIMES, TIMES[:-1], "mV", title=""),
        lambda: figure.trace(TIMES, TIMES, "mV", title="", current=TIMES[:-1]),
        lambda: figure.pattern_grid(panels(5), title="", rows=2, columns=2),
        lambda: figure.pattern_grid([Panel("A", "x", [0, 1], [0], [0, 1])], title=""),
    ],
)
def test_arrays_that_do_not_fit_are_refused(call):
    with pytest.raises(BioplastError, match=r"spike|indices|times|fit|length"):
        call()


def test_a_full_disk_leaves_the_old_picture(tmp_path, monkeypatch):
    file = figure.save(make("trace"), tmp_path / "picture")
    before = file.read_bytes()

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        figure.save(make("raster"), file)
    assert file.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["picture.png", "picture.svg"]


def test_nothing_global_changes():
    """No pyplot, no window, no backend chosen, no setting changed."""
    script = (
        "import sys, matplotlib; from bioplast import figure;"
        "settings = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if not k.startswith('backend')};"
        "before = settings(); figure.trace([0, 1], [0, 1], 'mV', title='');"
        "assert settings() == before; assert 'matplotlib.pyplot' not in sys.modules;"
        "assert not {'brian2', 'bioplast.experiment', 'bioplast.program'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=CHECKOUT)
