"""The digits: what they are, and that no sample is in two parts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from bioplast.dataset import Samples, digits
from bioplast.errors import BioplastError


def test_they_are_those_of_scikit_learn_from_0_to_1():
    images, labels = digits.load()
    np.testing.assert_array_equal(images.reshape(1797, 64) * 16, load_digits().data)
    np.testing.assert_array_equal(labels, load_digits().target)
    assert (images.min(), images.max()) == (0, 1)
    assert np.unique(labels).tolist() == list(range(digits.CLASSES))


def test_every_sample_is_in_one_part_and_the_test_is_the_same_for_every_seed():
    everything = np.sort(load_digits().data / 16, axis=0)
    found = [digits.split(seed) for seed in (0, 1)]
    for parts in found:
        assert {name: part.images.shape for name, part in parts.items()} == {
            "train": (1197, 8, 8),
            "validation": (240, 8, 8),
            "test": (360, 8, 8),
        }
        together = np.concatenate([part.images for part in parts.values()]).reshape(-1, 64)
        np.testing.assert_array_equal(np.sort(together, axis=0), everything)
        rows = [{tuple(row) for row in part.images.reshape(-1, 64)} for part in parts.values()]
        assert len(rows[0] | rows[1] | rows[2]) == sum(map(len, rows)) == 1797
    np.testing.assert_array_equal(found[0]["test"].images, found[1]["test"].images)
    assert not np.array_equal(found[0]["train"].images, found[1]["train"].images)


def test_a_label_stays_with_its_image_and_every_class_has_its_share():
    images, labels = digits.load()
    of = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    for part in digits.split(3).values():
        assert all(of[np.ascontiguousarray(image).tobytes()] == label for image, label in zip(*part, strict=True))
        share = np.bincount(part.labels, minlength=10) / len(part.labels)
        np.testing.assert_allclose(share, np.bincount(labels) / 1797, atol=1 / 240)


def test_the_split_is_that_of_the_published_numbers():
    """Twice scikit-learn's own, as data/surrogate-gradient was made with."""
    pixels, labels = load_digits(return_X_y=True)
    rest, test, labels, _ = train_test_split(pixels / 16, labels, test_size=360, stratify=labels, random_state=0)
    train, validation, _, _ = train_test_split(rest, labels, test_size=240, stratify=labels, random_state=2)
    for name, expected in (("train", train), ("validation", validation), ("test", test)):
        np.testing.assert_array_equal(digits.split(2)[name].images.reshape(-1, 64), expected)


def test_a_limit_is_of_the_training_samples_alone():
    whole, few = digits.split(1), digits.split(1, limit=5)
    np.testing.assert_array_equal(few["train"].images, whole["train"].images[:5])
    assert [len(few[name].labels) for name in few] == [5, 240, 360]


def test_what_one_user_changes_another_does_not_get():
    for get in (digits.load, lambda: digits.split(0)["test"]):
        found: Samples = get()
        found.images[:] = 7
        assert get().images.max() == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"seed": -1}, "seed is -1: a whole number from 0 is accepted"),
        ({"seed": 1.5}, "seed is 1.5"),
        ({"seed": 0, "limit": 0}, "limit is 0: a whole number from 1 is accepted"),
        ({"seed": 0, "limit": "all"}, "limit is 'all'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, line):
    with pytest.raises(BioplastError, match=line):
        digits.split(**arguments)
