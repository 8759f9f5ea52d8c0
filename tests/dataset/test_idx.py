"""IDX files, and data sets of four of them: what they hold, how they are divided, what is refused."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given, strategies
from support.data_files import idx, write_idx_images

from bioplast.dataset import Samples, fashion_mnist, mnist
from bioplast.dataset.idx import NotIdx, parse
from bioplast.errors import BioplastError


@given(strategies.lists(strategies.integers(0, 4), max_size=4), strategies.sampled_from("BbhifdB"))
def test_numbers_of_every_type_and_shape_are_those_that_were_written(shape, kind):
    codes = {"B": 0x08, "b": 0x09, "h": 0x0B, "i": 0x0C, "f": 0x0D, "d": 0x0E}
    low = 0 if kind == "B" else -100
    numbers = np.random.default_rng(len(shape)).integers(low, 101, shape)
    head = struct.pack(f">4B{len(shape)}I", 0, 0, codes[kind], len(shape), *shape)
    found = parse(head + struct.pack(f">{numbers.size}{kind}", *numbers.ravel().tolist()))
    assert found.shape == tuple(shape)
    np.testing.assert_array_equal(found, numbers)


@pytest.mark.parametrize("cut", [0, 3, 4, 10, 15, 16, 39])
def test_every_cut_is_seen(cut):
    whole = idx(np.arange(24).reshape(2, 3, 4))
    assert len(whole) == 40 and parse(whole).shape == (2, 3, 4)
    with pytest.raises(NotIdx, match="cut short" if cut >= 4 else "is no IDX file"):
        parse(whole[:cut])


def test_what_is_too_long_or_another_format_is_refused():
    with pytest.raises(NotIdx, match=r"is too long: 9 bytes, where \[0\] numbers of uint8 make 8"):
        parse(idx(np.zeros(0)) + b"?")
    with pytest.raises(NotIdx, match=r"is no IDX file \(it begins with 89 50 4e 47\)"):
        parse(b"\x89PNG\r\n")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    return folder, write_idx_images(folder, train=60, test=12)


@pytest.mark.parametrize("dataset", [mnist, fashion_mnist])
def test_samples_are_those_of_the_files_as_bytes(small, dataset):
    folder, written = small
    for part, (images, labels) in written.items():
        found: Samples = dataset.load(part, folder=folder)
        assert found.images.dtype == np.uint8 and found.labels.dtype == int
        np.testing.assert_array_equal(found.images, images)
        np.testing.assert_array_equal(found.labels, labels)
        np.testing.assert_array_equal(found.pixels[:, 3], images[:, 1, 0])


def test_every_sample_is_in_one_part_and_the_test_is_the_published_one(small):
    folder, written = small
    parts = [mnist.split(seed, folder=folder) for seed in (0, 0, 1)]
    for found in parts:
        assert [len(part.labels) for part in found.values()] == [50, 10, 12]
        np.testing.assert_array_equal(found["test"].images, written["test"][0])
        np.testing.assert_array_equal(found["test"].labels, written["test"][1])
        together = [*zip(found["train"].pixels.tolist(), found["train"].labels, strict=True)]
        together += zip(found["validation"].pixels.tolist(), found["validation"].labels, strict=True)
        images, labels = written["train"]
        assert sorted(together) == sorted(zip(images.reshape(60, -1).tolist(), labels.tolist(), strict=True))
    np.testing.assert_array_equal(parts[0]["train"].images, parts[1]["train"].images)
    assert not np.array_equal(parts[0]["train"].images, parts[2]["train"].images)


def test_every_class_has_its_share_and_a_limit_is_of_the_training_samples_alone(small):
    folder, _ = small
    found = mnist.split(3, folder=folder)
    assert np.ptp(np.bincount(found["train"].labels) / [1, 2, 1, 2]) <= 1
    assert np.ptp(np.bincount(found["validation"].labels) / [1, 2, 1, 2]) <= 1
    few = mnist.split(3, limit=7, folder=folder)
    np.testing.assert_array_equal(few["train"].images, found["train"].images[:7])
    assert [len(part.labels) for part in few.values()] == [7, 10, 12]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"seed": -1}, "seed is -1: a whole number from 0"),
        ({"seed": True}, "seed is True"),
        ({"seed": 0, "limit": 0}, "limit is 0: a whole number from 1"),
    ],
)
def test_wrong_arguments_are_refused(small, call, message):
    with pytest.raises(BioplastError, match=message):
        mnist.split(**call, folder=small[0])
    with pytest.raises(BioplastError, match="part is 'all': 'train' or 'test' is accepted"):
        mnist.load("all", folder=small[0])


def test_too_few_samples_to_divide_are_refused(tmp_path):
    write_idx_images(tmp_path, train=4, test=1)
    with pytest.raises(BioplastError, match="4 samples of 3 classes cannot be divided into training and validation"):
        mnist.split(0, folder=tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (idx(np.zeros(11)), "has 11 labels for 12 images"),
        (idx(np.zeros((12, 1))), r"holds uint8 of shape \[12, 1\], not uint8 of 1 axes"),
        (idx(np.zeros(12))[:-1], "is cut short: 19 bytes"),
        (b"\0\0\x0c\x01\0\0\0\x01\0\0\0\x07", "holds int32"),
        (b"text", "is no IDX file"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, content, message):
    write_idx_images(tmp_path, train=60, test=12)
    path = tmp_path / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(BioplastError, match=f"mnist: {path} {message}.*: the t10k-labels"):
        mnist.load("test", folder=tmp_path)
