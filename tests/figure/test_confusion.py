"""The confusion matrix: what a reader finds in it."""

from __future__ import annotations

import numpy as np
import pytest

from bioplast.errors import BioplastError
from bioplast.figure.confusion import confusion

COUNTS = [[8, 0, 2], [1, 3, 0], [0, 0, 0]]


def test_every_count_stands_in_its_cell_and_the_share_is_told():
    axes = confusion(COUNTS, ["a", "b", "c"], title="Letters").axes[0]
    cells = {tuple(text.get_position()): text.get_text() for text in axes.texts}
    assert cells == {(0, 0): "8", (2, 0): "2", (0, 1): "1", (1, 1): "3"}
    assert axes.get_title(loc="left") == "Letters\n78.6 % of 14 correct"  # 11 of 14
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_a_row_is_shaded_by_its_own_share():
    (image,) = confusion(COUNTS, ["a", "b", "c"], title="").axes[0].get_images()
    np.testing.assert_allclose(image.get_array(), [[0.8, 0, 0.2], [0.25, 0.75, 0], [0, 0, 0]])
    assert image.get_clim() == (0, 1)


@pytest.mark.parametrize("counts", [[[1, 2]], [[1, -1], [0, 1]], [[1]]])
def test_what_is_no_table_of_the_classes_is_refused(counts):
    with pytest.raises(BioplastError, match="no table of 2 classes"):
        confusion(counts, ["a", "b"], title="")
