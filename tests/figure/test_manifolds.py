"""Pictures of manifolds and of the samples on them: what a reader finds in them."""

from __future__ import annotations

import io

import numpy as np
import pytest

from bioplast.errors import BioplastError
from bioplast.figure.manifolds import Cloud, Sample, clouds, sample_rasters

POINTS = np.random.default_rng(1).random((20, 3))
LABELS = np.arange(20) % 2


def test_a_cloud_has_its_points_in_a_colour_for_each_manifold():
    picture = clouds([Cloud("alpha = 1", POINTS, LABELS), Cloud("alpha = 2", POINTS, LABELS)], columns=1)
    picture.savefig(io.BytesIO(), dpi=20)
    first, second = picture.axes
    assert [first.get_title(), second.get_title()] == ["alpha = 1", "alpha = 2"]
    assert first.get_position().y0 > second.get_position().y0
    even, odd = first.collections
    np.testing.assert_array_equal(np.transpose(even._offsets3d), POINTS[::2])
    np.testing.assert_array_equal(np.transpose(odd._offsets3d), POINTS[1::2])
    assert not np.array_equal(even.get_facecolor()[0], odd.get_facecolor()[0])


def test_samples_are_their_spikes_in_milliseconds():
    panels = [Sample(f"sample {k}", [0.01, 0.03 + k / 1000], [0, 2], k % 2) for k in range(3)]
    picture = sample_rasters(panels, units=4, duration_s=0.05, columns=2)
    shown = [axes for axes in picture.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == ["sample 0", "sample 1", "sample 2"]
    for k, axes in enumerate(shown):
        np.testing.assert_allclose(axes.lines[0].get_xdata(), [10, 30 + k])
        assert axes.lines[0].get_ydata().tolist() == [0, 2]
    assert [axes.get_xlabel() for axes in shown] == ["", "time (ms)", "time (ms)"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clouds([]), "nothing to draw"),
        (lambda: clouds([Cloud("A", POINTS[:, :2], LABELS)]), "A: points"),
        (lambda: clouds([Cloud("A", POINTS, LABELS)], columns=0), "columns is 0"),
        (lambda: sample_rasters([], units=1, duration_s=1), "nothing to draw"),
        (lambda: sample_rasters([Sample("A", [0.1], [0, 1])], units=2, duration_s=1), "A: times"),
        (lambda: sample_rasters([Sample("A", [0.1], [2])], units=2, duration_s=1), "between 0 and 1"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(BioplastError, match=message):
        call()
