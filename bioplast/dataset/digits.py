"""Handwritten digits of 8 x 8 pixels, the copy that comes with scikit-learn."""

from __future__ import annotations

from functools import cache

from .parts import check_number
from .samples import Samples

__all__ = ["CLASSES", "SOURCE", "load", "split"]

SOURCE = "Alpaydin and Kaynak (1998), doi:10.24432/C50P49, the copy of scikit-learn"
CLASSES = 10
# So many samples are for the test, and so many of the others for validation.
TEST, VALIDATION = 360, 240


def load() -> Samples:
    """All 1797 samples, in the order of scikit-learn.

    Returns
    -------
    Samples
        Images [1797, 8, 8] from 0 to 1 in steps of 1/16, and the digits 0 to 9.

    References
    ----------
    Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    doi:10.24432/C50P49, CC BY 4.0; the part that scikit-learn distributes, `sklearn.datasets.load_digits`
    """
    images, labels = _split_once()["all"]
    return Samples(images.copy(), labels.copy())


def split(seed: int, limit: int | None = None) -> dict[str, Samples]:
    """The samples for training, validation and test; every class has its share in each.

    Parameters
    ----------
    seed : int
        Governs which samples are for validation. The 360 of the test are the same for every seed, and never among the
        others.
    limit : int, optional
        How many samples to train with at most; all 1197 by default.

    Returns
    -------
    dict of Samples
        ``"train"``, ``"validation"`` and ``"test"``.

    Raises
    ------
    BioplastError
        For a seed or limit that is no whole number of its range.
    """
    from sklearn.model_selection import train_test_split

    check_number("seed", seed, 0)
    if limit is not None:
        check_number("limit", limit, 1)
    images, labels = _split_once()["others"]
    parts = train_test_split(images, labels, test_size=VALIDATION, stratify=labels, random_state=seed)
    test = _split_once()["test"]
    return {
        "train": Samples(parts[0][:limit], parts[2][:limit]),
        "validation": Samples(parts[1], parts[3]),
        "test": Samples(test.images.copy(), test.labels.copy()),
    }


@cache
def _split_once() -> dict[str, Samples]:
    """All samples, those of the test, and the others."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    found = load_digits()
    images, labels = found.images / 16, found.target
    parts = train_test_split(images, labels, test_size=TEST, stratify=labels, random_state=0)
    return {
        "all": Samples(images, labels),
        "others": Samples(parts[0], parts[2]),
        "test": Samples(parts[1], parts[3]),
    }
