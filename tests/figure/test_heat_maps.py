"""Heat maps side by side: what a reader finds in them."""

from __future__ import annotations

import numpy as np
import pytest

from bioplast.errors import BioplastError
from bioplast.figure.heat_maps import heat_maps


def test_all_panels_have_one_scale_of_colours():
    one, other = np.arange(6.0).reshape(3, 2), np.full((3, 2), 0.5)
    figure = heat_maps({"before": one, "after": other}, x="class", y="neuron", colour="spikes")
    panels = [axes for axes in figure.axes if axes.get_images()]
    assert [axes.get_title(loc="left") for axes in panels] == ["before", "after"]
    assert [axes.get_xlabel() for axes in panels] == ["class", "class"]
    assert panels[0].get_ylabel() == "neuron"
    for axes, matrix in zip(panels, (one, other), strict=True):
        (image,) = axes.get_images()
        np.testing.assert_array_equal(image.get_array(), matrix)
        assert image.get_clim() == (0, 5)
    assert any("spikes" in axes.get_ylabel() for axes in figure.axes)


@pytest.mark.parametrize(
    ("panels", "told"),
    [
        ({}, "matrices of one shape"),
        ({"a": [1.0, 2.0]}, "matrices of one shape"),
        ({"a": [[1.0]], "b": [[1.0, 2.0]]}, "matrices of one shape"),
        ({"a": [[-1.0]]}, "numbers from 0 on"),
        ({"a": [[np.nan]]}, "numbers from 0 on"),
    ],
)
def test_what_is_no_such_matrix_is_refused(panels, told):
    with pytest.raises(BioplastError, match=told):
        heat_maps(panels, x="", y="", colour="")
