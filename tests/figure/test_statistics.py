"""The pictures of spike-train statistics: what a reader finds in them."""

import matplotlib
import numpy as np
import pytest

from bioplast import analysis, figure
from bioplast.errors import BioplastError
from bioplast.figure import statistics

RNG = np.random.default_rng(1)
INTERVALS = RNG.exponential(0.02, 2000)
TRAIN = np.cumsum(RNG.exponential(0.05, 500))


def texts(picture):
    return " ".join(text.get_text() for text in picture.findobj(matplotlib.text.Text))


def bars(picture):
    (patch,) = (p for p in picture.axes[0].patches if isinstance(p, matplotlib.patches.StepPatch))
    return patch.get_data()


def lag_picture(**changes):
    lags, counts = analysis.correlogram(TRAIN, window=0.05, bin=0.001)
    return statistics.correlogram(lags, counts, **{"title": "Lags", "references": TRAIN.size, **changes})


def test_an_interval_histogram_can_be_read():
    words = texts(statistics.isi_histogram(INTERVALS, title="Intervals"))
    for part in ("Intervals", "inter-spike interval (ms)", "intervals per 1 ms", "2000 intervals", "Poisson process"):
        assert part in words
    assert f"CV {INTERVALS.std() / INTERVALS.mean():.2f}" in words


def test_every_interval_is_in_a_bar_or_said_to_be_missing():
    picture = statistics.isi_histogram(INTERVALS, title="", bin_s=0.005, end_s=0.06)
    values, edges, _ = bars(picture)
    assert edges == pytest.approx(np.arange(13) * 5)
    assert values == pytest.approx(np.histogram(INTERVALS, np.arange(13) * 0.005)[0])
    assert f"{int((INTERVALS >= 0.06).sum())} longer ones not shown" in texts(picture)
    whole = statistics.isi_histogram(INTERVALS, title="", end_s=10)
    assert bars(whole).values.sum() == 2000
    assert "not shown" not in texts(whole)


def test_the_curve_is_the_poisson_process_of_the_same_rate():
    (line,) = statistics.isi_histogram(INTERVALS, title="", bin_s=0.001, end_s=1).axes[0].lines
    x, y = line.get_data()
    assert y.sum() == pytest.approx(2000)
    assert y == pytest.approx(2000 * 0.001 / INTERVALS.mean() * np.exp(-x / 1e3 / INTERVALS.mean()), rel=1e-3)


def test_intervals_on_an_edge_stay_on_one_side():
    picture = statistics.isi_histogram(np.arange(1, 100) * 1e-4, title="", bin_s=1e-3, end_s=10e-3)
    assert bars(picture).values.tolist() == [9, *[10] * 9]


def test_a_correlogram_can_be_read():
    words = texts(lag_picture(rate_hz=20))
    for part in ("Lags", "lag of the target behind the reference (ms)", "rate of the target (Hz)", "mean rate", "1 ms"):
        assert part in words


def test_a_correlogram_shows_the_rate_around_a_spike():
    lags, counts = analysis.correlogram(TRAIN, window=0.05, bin=0.001)
    values, edges, _ = bars(lag_picture())
    assert values == pytest.approx(counts / TRAIN.size / 0.001)
    assert edges == pytest.approx(np.append(lags - 0.0005, 0.0505) * 1e3)


def test_the_band_holds_95_percent_of_the_bins_of_independent_trains():
    rng = np.random.default_rng(2)
    a, b = rng.random(20_000) * 1000, rng.random(15_000) * 1000
    lags, counts = analysis.correlogram(a, b, window=0.5, bin=0.001)
    picture = statistics.correlogram(lags, counts, title="", references=a.size, rate_hz=15)
    low, mean, high = sorted(line.get_ydata()[0] for line in picture.axes[0].lines if line.get_ydata()[0] > 0)[:3]
    values = bars(picture).values
    assert mean == 15
    inside = np.mean((values > low) & (values < high))
    assert abs(inside - 0.95) < 5 * np.sqrt(0.95 * 0.05 / 1001)


@pytest.mark.parametrize("make", [lambda: statistics.isi_histogram(INTERVALS, title="a"), lag_picture])
def test_the_same_picture_is_the_same_bytes(make, tmp_path):
    first, second = (figure.save(make(), tmp_path / folder / "picture") for folder in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_nothing_to_show_is_a_picture_too(tmp_path):
    for intervals in ([], [0.0], [0.01]):
        assert figure.save(statistics.isi_histogram(intervals, title="Few"), tmp_path / "a").exists()
    empty = statistics.correlogram([-0.001, 0, 0.001], [0, 0, 0], title="None", references=3)
    assert figure.save(empty, tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: statistics.isi_histogram([-1], title=""), "not negative"),
        (lambda: statistics.isi_histogram([1], title="", bin_s=0), "positive times"),
        (lambda: statistics.correlogram([0, 1], [1], title="", references=1), "one value for each"),
        (lambda: statistics.correlogram([0, 1], [1, 1], title="", references=0), "no spike"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(BioplastError, match=message):
        call()
