"""N-MNIST: small archives in the published layout, and what is no such archive."""

from __future__ import annotations

import numpy as np
import pytest
from support.data_files import n_mnist_event as event
from support.data_files import write_zip

from bioplast.dataset import nmnist
from bioplast.errors import BioplastError


@pytest.fixture
def folder(tmp_path):
    """Seven recordings of each of two digits to train with, one to test; each begins with its own number as time."""
    numbers = range(1, 15)
    write_zip(
        tmp_path / "Train.zip",
        # neither in the order of MNIST nor without what an archive may have beside recordings
        [(f"Train/{k % 2}/{k:05}.bin", event(k, 2, k % 2, k) + event(0, 33, 1, 300_000)) for k in reversed(numbers)]
        + [("Train/", b""), ("Train/0/.DS_Store", b"?"), ("__MACOSX/Train/0/._00002.bin", b"?")],
    )
    write_zip(tmp_path / "Test.zip", [("Test/9/60001.bin", event(33, 0, 0, (1 << 23) - 1))])
    return tmp_path


def test_recordings_come_in_the_order_of_mnist(folder):
    found = nmnist.load("train", folder=folder, progress=False)
    assert found.labels.tolist() == [k % 2 for k in range(1, 15)]
    assert (len(found), found.neurons, found.shape) == (14, 2 * 34 * 34, (2, 34, 34))
    for sample, number in enumerate(range(1, 15)):
        times, neurons = found.events(sample)
        np.testing.assert_allclose(times, [number * 1e-6, 0.3], rtol=1e-15)
        places = np.unravel_index(neurons, found.shape)
        np.testing.assert_array_equal(places, [[number % 2, 1], [2, 33], [number, 0]])
    assert nmnist.load("train", 3, folder=folder).labels.tolist() == [1, 0, 1]


def test_the_largest_time_and_place_of_five_bytes_are_read(folder):
    times, neurons = nmnist.load("test", folder=folder).events(0)
    assert times.tolist() == [8.388607] and neurons.tolist() == [33]


def test_an_overflow_adds_to_the_times_that_follow_and_is_no_spike():
    content = event(1, 1, 0, 5) + event(0, 240, 0, 0) + event(2, 1, 0, 3) + event(0, 240, 1, 9) + event(3, 1, 1, 4)
    times, neurons = nmnist.parse(content)
    assert times.tolist() == [5, 8192 + 3, 2 * 8192 + 4]
    assert neurons.tolist() == [34 + 1, 34 + 2, 34 * 34 + 34 + 3]


def test_a_recording_may_be_without_events():
    assert [array.tolist() for array in nmnist.parse(b"")] == [[], []]


def test_the_parts_share_no_recording(folder):
    parts = nmnist.split(0, folder=folder, progress=False)
    assert [len(part) for part in parts.values()] == [12, 2, 1]
    first = [round(part.events(k)[0][0] * 1e6) for part in list(parts.values())[:2] for k in range(len(part))]
    assert sorted(first) == list(range(1, 15))
    assert sorted(parts["validation"].labels) == [0, 1]
    for part in ("train", "validation"):
        labels = [round(parts[part].events(k)[0][0] * 1e6) % 2 for k in range(len(parts[part]))]
        assert parts[part].labels.tolist() == labels
    assert len(nmnist.split(0, 5, folder=folder)["train"]) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"no archive", "is no zip file, or cut short or damaged"),
        ({"Train/1/00001.bin": event(1, 1, 1, 1)}, "has no recordings Test/DIGIT/NUMBER.bin"),
        ({"Test/1/00001.bin": b"1234567"}, "has a recording Test/1/00001.bin that is cut short: 7 bytes"),
        ({"Test/1/00001.bin": event(1, 34, 1, 1)}, "has an event beyond 34 x 34 pixels"),
        ({"Test/1/00001.bin": event(34, 1, 1, 1)}, "has an event beyond 34 x 34 pixels"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, content, message):
    path = tmp_path / "Test.zip"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        write_zip(path, content.items())
    with pytest.raises(BioplastError, match=f"nmnist: {path} (has a recording .* that )?{message}"):
        nmnist.load("test", folder=tmp_path)


def test_an_archive_that_is_cut_short_or_altered_is_named(tmp_path):
    rng = np.random.default_rng(0)
    content = b"".join(event(*rng.integers(0, 34, 2).tolist(), 0, time) for time in range(2000))
    path = write_zip(tmp_path / "Test.zip", [("Test/1/00001.bin", content)])
    whole = path.read_bytes()
    assert len(nmnist.load("test", folder=tmp_path).times) == 2000
    for cut in (10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(BioplastError, match="is no zip file, or cut short or damaged"):
            nmnist.load("test", folder=tmp_path)
    for place in range(60, len(whole) - 120, 997):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(BioplastError, match="cut short or damaged"):
            nmnist.load("test", folder=tmp_path)


def test_without_a_folder_the_published_checksum_counts(folder, monkeypatch, tmp_path):
    (tmp_path / "data" / "nmnist").mkdir(parents=True)
    (folder / "Test.zip").rename(tmp_path / "data" / "nmnist" / "Test.zip")
    monkeypatch.setenv("BIOPLAST_DATA", str(tmp_path / "data"))
    with pytest.raises(BioplastError, match=r"Test\.zip is not the published file.*folder="):
        nmnist.load("test")
