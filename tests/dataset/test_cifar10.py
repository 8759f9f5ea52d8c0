"""CIFAR-10: a small archive in the binary format, and what is no such archive."""

from __future__ import annotations

import numpy as np
import pytest
from support.data_files import write_tar

from bioplast.dataset import cifar10
from bioplast.errors import BioplastError

RNG = np.random.default_rng(0)
# Colour first, as the format has it.
PIXELS = {
    part: RNG.integers(0, 256, (samples, 3, 32, 32), dtype=np.uint8) for part, samples in (("train", 60), ("test", 6))
}
LABELS = {"train": np.resize([0, 9, 4], 60), "test": np.resize([9, 8], 6)}


def records(part: str) -> list[bytes]:
    return [bytes([label]) + pixels.tobytes() for label, pixels in zip(LABELS[part], PIXELS[part], strict=True)]


def batches() -> dict[str, bytes]:
    """Twelve training samples in each of five files, which do not come in order."""
    train, found = records("train"), {"cifar-10-batches-bin/readme.html": b"<html>"}
    for number in (2, 1, 5, 4, 3):
        found[f"cifar-10-batches-bin/data_batch_{number}.bin"] = b"".join(train[12 * number - 12 : 12 * number])
    return found | {"cifar-10-batches-bin/test_batch.bin": b"".join(records("test"))}


def test_images_have_their_colours_last(tmp_path):
    write_tar(tmp_path / "cifar-10-binary.tar.gz", batches())
    for part in ("train", "test"):
        images, labels = cifar10.load(part, folder=tmp_path)
        assert images.dtype == np.uint8 and labels.tolist() == LABELS[part].tolist()
        np.testing.assert_array_equal(images, PIXELS[part].transpose(0, 2, 3, 1))


def test_the_parts_are_those_of_the_files(tmp_path):
    write_tar(tmp_path / "cifar-10-binary.tar.gz", batches())
    parts = cifar10.split(0, folder=tmp_path)
    assert [part.images.shape for part in parts.values()] == [(50, 32, 32, 3), (10, 32, 32, 3), (6, 32, 32, 3)]
    both = np.concatenate([parts["train"].pixels, parts["validation"].pixels]).tolist()
    assert sorted(both) == sorted(PIXELS["train"].transpose(0, 2, 3, 1).reshape(60, -1).tolist())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cifar-10-batches-bin/test_batch.bin": b"".join(records("test"))[:-1]}, "test_batch.bin of 18437 bytes"),
        ({"cifar-10-batches-bin/test_batch.bin": b"\x0a" + bytes(3072)}, "has a label 10, beyond 0 to 9"),
        ({"cifar-10-batches-bin/test_batch.bin": None}, "has no cifar-10-batches-bin/test_batch.bin"),
    ],
)
def test_a_member_that_does_not_fit_is_named(tmp_path, change, message):
    content = {name: member for name, member in (batches() | change).items() if member is not None}
    path = write_tar(tmp_path / "cifar-10-binary.tar.gz", content)
    with pytest.raises(BioplastError, match=f"cifar10: {path} .*{message}"):
        cifar10.load("test", folder=tmp_path)


def test_an_archive_that_is_cut_short_or_altered_is_named(tmp_path):
    path = write_tar(tmp_path / "cifar-10-binary.tar.gz", batches())
    whole = path.read_bytes()
    middle = len(whole) // 2
    altered = whole[:middle] + bytes(9) + whole[middle + 9 :]
    for content in (whole[:5], whole[:middle], whole[:-1], altered, b"no archive at all"):
        path.write_bytes(content)
        with pytest.raises(BioplastError, match=r"is no \.tar\.gz, or cut short or damaged"):
            cifar10.load("train", folder=tmp_path)
    path.write_bytes(b"")
    with pytest.raises(BioplastError, match="is empty"):
        cifar10.load("train", folder=tmp_path)
