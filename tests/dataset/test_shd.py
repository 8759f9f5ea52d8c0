"""The Spiking Heidelberg Digits: small HDF5 files as the published ones are, and what is no such file."""

from __future__ import annotations

import gzip
import io

import h5py
import numpy as np
import pytest
from brian2 import ms

from bioplast.dataset import shd
from bioplast.errors import BioplastError


def hdf5(times, units, labels, leave=()) -> bytes:
    """A file as published: an array of each sample's times (float16) and units (uint16), and labels."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, arrays, kind in (("times", times, np.float16), ("units", units, np.uint16)):
            if name not in leave:
                stored = file.create_dataset(f"spikes/{name}", (len(arrays),), dtype=h5py.vlen_dtype(kind))
                for row, array in enumerate(arrays):
                    stored[row] = np.asarray(array, dtype=kind)
        if "labels" not in leave:
            file["labels"] = np.asarray(labels)
        file["extra/speaker"] = np.zeros(len(labels), dtype=np.uint16)
    return buffer.getvalue()


TIMES = [[0.0, 0.25, 1.0009765625], [0.625], [], [0.52099609375]]
UNITS = [[0, 699, 350], [7], [], [12]]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shd_train.h5.gz").write_bytes(gzip.compress(hdf5(TIMES * 6, UNITS * 6, [0, 10, 19, 10] * 6)))
    (tmp_path / "shd_test.h5").write_bytes(hdf5(TIMES, UNITS, np.array([3, 0, 5, 19], dtype=np.uint16)))
    return tmp_path


def test_spikes_are_those_of_the_file_packed_or_not(folder):
    found = shd.load("test", folder=folder)
    assert (len(found), found.neurons, found.labels.tolist()) == (4, 700, [3, 0, 5, 19])
    for sample, (times, units) in enumerate(zip(TIMES, UNITS, strict=True)):
        events = found.events(sample)
        assert events[0].dtype == float and events[0].tolist() == np.float16(times).astype(float).tolist()
        assert events[1].tolist() == units
    assert len(shd.load("train", folder=folder)) == 24


def test_times_are_float64_before_they_are_binned(folder):
    """Divided as float16, 0.52099609375 s would come to lie in millisecond 521, and 0.625 s in 624."""
    assert [int(np.floor(np.float16(time) / np.float16(1e-3))) for time in (0.52099609375, 0.625)] == [521, 624]
    raster = shd.load("test", folder=folder).raster(1 * ms, 1400)
    found = [tuple(map(int, place)) for place in np.argwhere(raster)]
    assert found == [(0, 0, 0), (0, 250, 699), (0, 1000, 350), (1, 625, 7), (3, 520, 12)]


def test_the_parts_are_those_of_the_files(folder):
    parts = shd.split(0, folder=folder)
    assert [len(part) for part in parts.values()] == [20, 4, 4]
    assert sorted(parts["validation"].labels) == [0, 10, 10, 19]
    assert len(shd.split(0, 3, folder=folder)["train"]) == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (hdf5(TIMES, UNITS, [0, 1, 2, 20]), "has labels beyond 0 to 19"),
        (hdf5(TIMES, UNITS, [0, 1, 2, -1]), "has labels beyond"),
        (hdf5(TIMES, UNITS, [0, 1, 2, 0.5]), "has labels beyond"),
        (hdf5(TIMES, UNITS, [0, 1, 2]), "has times of 4, units of 4, labels of 3 samples"),
        (hdf5(TIMES, [[0, 1], *UNITS[1:]], [0] * 4), "has a sample with more times than units, or fewer"),
        (hdf5(TIMES, [[0, 1, 700], *UNITS[1:]], [0] * 4), "does not fit: a neuron is 700: 0 to 699"),
        (hdf5([[0, 1, -0.5], *TIMES[1:]], UNITS, [0] * 4), "does not fit: a spike time is negative"),
        (hdf5([[0, 1, np.nan], *TIMES[1:]], UNITS, [0] * 4), "does not fit: a spike time is negative or not finite"),
        (hdf5(TIMES, UNITS, [0] * 4, ["labels"]), "lacks spikes/times, spikes/units or labels"),
        (hdf5(TIMES, UNITS, [0] * 4, ["units"]), "lacks spikes/times"),
        (b"", "is empty"),
        (b"no HDF5" * 1000, "is no HDF5 file with spikes"),
        (hdf5(TIMES, UNITS, [0] * 4)[:3000], "is no HDF5 file with spikes, or cut short"),
        (hdf5(TIMES, UNITS, [0] * 4)[:-1], "is no HDF5 file with spikes, or cut short"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, content, message):
    path = tmp_path / "shd_test.h5"
    path.write_bytes(content)
    with pytest.raises(BioplastError, match=f"shd: {path} {message}") as caught:
        shd.load("test", folder=tmp_path)
    assert "\n" not in str(caught.value)
