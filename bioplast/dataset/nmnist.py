"""N-MNIST: MNIST before a camera that reports changes of brightness as events, moved in three saccades."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

import numpy as np

from ..errors import BioplastError
from ..progress import Progress, progress_bar
from .parts import check_number, check_part, train_and_validation
from .published import Folder, PublishedFile, locate, unusable
from .recordings import Recordings

__all__ = ["CLASSES", "FILES", "SHAPE", "SOURCE", "load", "split"]

SOURCE = (
    "Orchard, Jayawant, Cohen and Thakor (2015), Front. Neurosci. 9:437, doi:10.3389/fnins.2015.00437, CC BY-SA 4.0"
)
CLASSES = 10
# Polarity (0 darker, 1 brighter), row, column.
SHAPE = (2, 34, 34)

_PAGE = "https://data.mendeley.com/datasets/468j46mzdv/1"
_HOST = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files/"


def _file(name: str, key: str, checksum: str) -> PublishedFile:
    return PublishedFile("nmnist", name, (f"{_HOST}{key}/file_downloaded",), f"md5:{checksum}", page=_PAGE)


FILES = {
    "train": _file("Train.zip", "39c25547-014b-4137-a934-9d29fa53c7a0", "20959b8e626244a1b502305a9e6e2031"),
    "test": _file("Test.zip", "05a4d654-7e03-4c15-bdfa-9bb2bcbea494", "69ca8762b2fe404d9b9bad1103e97832"),
}

# An event takes five bytes. One in this row says that 2**13 microseconds have passed, and nothing of the image.
EVENT, OVERFLOW_ROW, OVERFLOW = 5, 240, 1 << 13
TICK = 1e-6


def load(
    part: str = "train", limit: int | None = None, *, folder: Folder = None, progress: Progress = True
) -> Recordings:
    """Recordings of a part, in the order of MNIST.

    Parameters
    ----------
    part : str
        ``"train"``, 60,000 samples, or ``"test"``, 10,000 others.
    limit : int, optional
        How many to read at most, the first ones.
    folder : path, optional
        With a ``Train.zip`` and a ``Test.zip`` of your own, such as a part of the data set. They are not compared with
        the published checksums. Without it the published files are looked for in ``nmnist/`` of the folder that
        `BIOPLAST_DATA` names, then in the cache; else they are downloaded (1.2 GB).
    progress : bool or callable
        Of the download and of reading.

    Returns
    -------
    Recordings
        Of 2 x 34 x 34 neurons: one for each polarity, row and column; about 0.3 s and 4000 spikes each. Labels are the
        digits.

    Raises
    ------
    BioplastError
        A file is missing and cannot be downloaded, cut short, altered or of another format.

    References
    ----------
    Orchard, Jayawant, Cohen and Thakor (2015), Front. Neurosci. 9:437, doi:10.3389/fnins.2015.00437, CC BY-SA 4.0
    """
    check_part(part)
    if limit is not None:
        check_number("limit", limit, 1)
    file = FILES[part]
    path = locate(file, folder, progress)
    times, indices, labels = [], [], []
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, file)[:limit]
            if not members:
                raise unusable(path, f"has no recordings {Path(file.name).stem}/DIGIT/NUMBER.bin", file)
            with progress_bar(f"reading {file.name}", progress, total=len(members), unit="recordings") as update:
                for done, (_, label, name) in enumerate(members, 1):
                    try:
                        found = parse(archive.read(name))
                    except BioplastError as error:
                        raise unusable(path, f"has a recording {name} that {error}", file) from None
                    times.append(found[0])
                    indices.append(found[1])
                    labels.append(label)
                    update(done)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        what = "is empty" if not path.stat().st_size else f"is no zip file, or cut short or damaged ({error})"
        raise unusable(path, what, file) from None
    except OSError as error:
        raise unusable(path, f"cannot be read ({error.strerror or error})", file) from error
    return Recordings.of_lists(times, indices, labels, SHAPE, TICK)


def split(
    seed: int, limit: int | None = None, *, folder: Folder = None, progress: Progress = True
) -> dict[str, Recordings]:
    """The recordings for training, validation and test; every class has its share in the first two.

    Parameters
    ----------
    seed : int
        Governs which sixth of the published training set is for validation, and the order of the others.
    limit : int, optional
        How many samples to train with at most; all by default.
    folder, progress
        As `load` has them.

    Returns
    -------
    dict of Recordings
        ``"train"``, ``"validation"`` and ``"test"``, the published test set, which is the same for every seed. All
        of it takes 2 GB of memory.

    Raises
    ------
    BioplastError
        As `load`; or for a seed or limit that is no whole number of its range.
    """
    everything = load("train", folder=folder, progress=progress)
    train, validation = train_and_validation(everything.labels, seed, limit)
    return {
        "train": everything.take(train),
        "validation": everything.take(validation),
        "test": load("test", folder=folder, progress=progress),
    }


def parse(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Events of one recording.

    Parameters
    ----------
    content : bytes
        Five for each event: column, row, then polarity as the highest bit and the time in microseconds as the other 23,
        the most significant byte first.

    Returns
    -------
    times : ndarray of uint32 [events]
        In microseconds.
    neurons : ndarray of uint16 [events]
        ``(polarity*34 + row)*34 + column``.

    Raises
    ------
    BioplastError
        The bytes are no such events; the message says why, as what follows "the recording".
    """
    if len(content) % EVENT:
        raise BioplastError(f"is cut short: {len(content)} bytes, where an event takes {EVENT}")
    raw = np.frombuffer(content, np.uint8).reshape(-1, EVENT).astype(np.uint32)
    column, row = raw[:, 0], raw[:, 1]
    polarity, times = raw[:, 2] >> 7, (raw[:, 2] & 127) << 16 | raw[:, 3] << 8 | raw[:, 4]
    overflow = row == OVERFLOW_ROW
    times += OVERFLOW * np.cumsum(overflow, dtype=np.uint32)
    seen = ~overflow
    if seen.any() and max(column[seen].max(), row[seen].max()) >= SHAPE[1]:
        raise BioplastError(f"has an event beyond {SHAPE[1]} x {SHAPE[2]} pixels")
    neurons = (polarity * SHAPE[1] + row) * SHAPE[2] + column
    return times[seen], neurons[seen].astype(np.uint16)


def _members(archive: zipfile.ZipFile, file: PublishedFile) -> list[tuple[int, int, str]]:
    """Number, digit and name of every recording in an archive, in the order of MNIST."""
    form = re.compile(rf"{Path(file.name).stem}/([0-9])/([0-9]+)\.bin")
    found = [(int(match[2]), int(match[1]), name) for name in archive.namelist() if (match := form.fullmatch(name))]
    return sorted(found)
