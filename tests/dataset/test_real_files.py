"""The real data sets in the folder that BIOPLAST_DATA names, against published counts and moments, and each other.

tests/conftest.py leaves this file out, and says so, where the variable is not set.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms

from bioplast.dataset import fashion_mnist, mnist, nmnist, shd
from bioplast.errors import BioplastError

DATA = Path(os.environ.get("BIOPLAST_DATA", "."))


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / name).is_dir(), reason=f"BIOPLAST_DATA has no folder {name}")


@pytest.mark.parametrize(
    ("dataset", "first", "mean", "deviation"),
    [
        # labels of the first training samples; mean and deviation that many normalise with
        pytest.param(mnist, [5, 0, 4, 1, 9], 0.1307, 0.3081, marks=needs("mnist")),
        pytest.param(fashion_mnist, [9, 0, 0, 3, 0], 0.2860, 0.3530, marks=needs("fashion-mnist")),
    ],
)
def test_images_have_the_published_moments(dataset, first, mean, deviation):
    images, labels = dataset.load("train")
    assert images.shape == (60000, 28, 28) and images.dtype == np.uint8 and labels[:5].tolist() == first
    counts = sum(np.bincount(some.ravel(), minlength=256) for some in np.split(images, 60))
    histogram, levels = counts / images.size, np.arange(256) / 255
    assert histogram @ levels == pytest.approx(mean, abs=5e-5)
    assert np.sqrt(histogram @ levels**2 - (histogram @ levels) ** 2) == pytest.approx(deviation, abs=5e-5)


@needs("mnist")
def test_digits_are_as_frequent_as_published():
    parts = mnist.split(0)
    assert {name: part.images.shape for name, part in parts.items()} == {
        "train": (50000, 28, 28),
        "validation": (10000, 28, 28),
        "test": (10000, 28, 28),
    }
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    counts = {name: np.bincount(part.labels) for name, part in parts.items()}
    assert (counts["train"] + counts["validation"]).tolist() == published
    assert counts["test"].tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@needs("fashion-mnist")
def test_every_article_is_as_frequent():
    assert np.bincount(fashion_mnist.load("test").labels).tolist() == [1000] * 10


@needs("mnist")
def test_one_byte_that_differs_is_seen(tmp_path, monkeypatch):
    shutil.copytree(DATA / "mnist", tmp_path / "mnist")
    path = tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    content = gzip.decompress(path.read_bytes())
    path.chmod(0o600)
    path.write_bytes(gzip.compress(content[:-1] + bytes([content[-1] ^ 1])))
    monkeypatch.setenv("BIOPLAST_DATA", str(tmp_path))
    with pytest.raises(BioplastError, match=r"t10k-labels-idx1-ubyte\.gz is not the published file"):
        mnist.load("test")


@needs("nmnist-small")
@needs("mnist")
def test_recordings_are_of_the_digits_of_mnist_upright():
    """Sample k of N-MNIST shows sample k of MNIST: the label, and where there are events."""
    images, labels = mnist.load("test")
    found = nmnist.load("test", folder=DATA / "nmnist-small", progress=False)
    assert found.labels.tolist() == labels[: len(found)].tolist()
    seen = found.counts(400 * ms, 1).reshape(len(found), *found.shape).sum(axis=1)
    shown = np.pad(images[: len(found)], [(0, 0), (3, 3), (3, 3)])

    def likeness(change: Callable) -> np.ndarray:
        pairs = zip(seen, shown, strict=True)
        return np.array([np.corrcoef(events.ravel(), change(image).ravel())[0, 1] for events, image in pairs])

    turned = [lambda image, k=k: np.rot90(image, k) for k in (1, 2, 3)]
    mirrored = [lambda image, k=k: np.rot90(image.T, k) for k in range(4)]
    for change in turned + mirrored:
        more = likeness(lambda image: image) - likeness(change)
        assert more.mean() > 5 * more.std() / np.sqrt(len(more))


@needs("nmnist-small")
@needs("mnist")
def test_a_part_of_the_recordings_is_divided():
    parts = nmnist.split(0, folder=DATA / "nmnist-small", progress=False)
    assert [len(part) for part in parts.values()] == [833, 167, 100]
    expected = np.bincount(mnist.load("train").labels[:1000])
    assert (np.bincount(parts["train"].labels) + np.bincount(parts["validation"].labels)).tolist() == expected.tolist()
    # three saccades of 0.1 s; in microseconds
    assert all(0.3 < part.duration < 0.35 for part in parts.values())


@needs("shd")
def test_spoken_digits_are_as_many_as_published():
    train, test = shd.load("train"), shd.load("test")
    assert (len(train), len(test), train.neurons) == (8156, 2264, 700)
    assert 1.3 < train.duration < 1.4 and np.unique(train.labels).tolist() == list(range(20))


@needs("mnist")
def test_the_example_of_the_readme_runs():
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    (example,) = (code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "mnist" in code)
    space: dict[str, Any] = {}
    exec(example, space)
    assert space["spikes"].shape == (1000, 40, 784)
    # all but black pixels spike once
    np.testing.assert_array_equal(space["spikes"].sum(axis=1), space["images"].reshape(1000, 784) > 0)
