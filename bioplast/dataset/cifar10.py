"""CIFAR-10: colour photographs of 32 x 32 pixels, in the binary version, which needs no pickle."""

from __future__ import annotations

import numpy as np

from ..progress import Progress
from .archive import members
from .parts import check_part, train_and_validation
from .published import Folder, PublishedFile, locate, unusable
from .samples import Samples

__all__ = ["CLASSES", "FILE", "NAMES", "SOURCE", "load", "split"]

SOURCE = "Krizhevsky (2009), Learning multiple layers of features from tiny images, University of Toronto"
NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CLASSES = len(NAMES)

FILE = PublishedFile(
    "cifar10",
    "cifar-10-binary.tar.gz",
    (
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        "https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz",
    ),
    "md5:c32a1d4ab5d03f1284b67883e8d87530",
    page="https://www.cs.toronto.edu/~kriz/cifar.html",
)
BATCHES = {
    "train": [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)],
    "test": ["cifar-10-batches-bin/test_batch.bin"],
}
# A byte of the label, then the red, the green and the blue pixels, row by row.
COLOURS, SIDE = 3, 32
SAMPLE = 1 + COLOURS * SIDE * SIDE


def load(part: str = "train", *, folder: Folder = None, progress: Progress = True) -> Samples:
    """Samples of a part, in the order of the files.

    Parameters
    ----------
    part : str
        ``"train"``, 50,000 samples, or ``"test"``, 10,000 others.
    folder : path, optional
        With a ``cifar-10-binary.tar.gz`` of your own in the same format, which is not compared with the published
        checksum. Without it the published one is looked for in ``cifar10/`` of the folder that `BIOPLAST_DATA` names,
        then in the cache; else it is downloaded (170 MB).
    progress : bool or callable
        Of the download.

    Returns
    -------
    Samples
        Images uint8 [samples, 32, 32, 3] from 0 to 255, red, green and blue; labels are the place in `NAMES`.

    Raises
    ------
    BioplastError
        The file is missing and cannot be downloaded, cut short, altered or of another format.

    References
    ----------
    Krizhevsky (2009), Learning multiple layers of features from tiny images, University of Toronto; no licence is
    stated
    """
    check_part(part)
    path = locate(FILE, folder, progress)
    batches = dict(members(path, FILE, BATCHES[part].__contains__))
    for name in BATCHES[part]:
        if name not in batches:
            raise unusable(path, f"has no {name}", FILE)
        if len(batches[name]) % SAMPLE:
            raise unusable(path, f"has a {name} of {len(batches[name])} bytes, where a sample takes {SAMPLE}", FILE)
    rows = np.frombuffer(b"".join(batches[name] for name in BATCHES[part]), np.uint8).reshape(-1, SAMPLE)
    labels = rows[:, 0].astype(int)
    if labels.size and labels.max() >= CLASSES:
        raise unusable(path, f"has a label {labels.max()}, beyond 0 to {CLASSES - 1}", FILE)
    colours = rows[:, 1:].reshape(-1, COLOURS, SIDE, SIDE)
    return Samples(np.ascontiguousarray(np.moveaxis(colours, 1, -1)), labels)


def split(
    seed: int, limit: int | None = None, *, folder: Folder = None, progress: Progress = True
) -> dict[str, Samples]:
    """The samples for training, validation and test; every class has its share in the first two.

    Parameters
    ----------
    seed : int
        Governs which sixth of the published training set, 8333 samples, is for validation, and the order of the others.
    limit : int, optional
        How many samples to train with at most; all by default.
    folder, progress
        As `load` has them.

    Returns
    -------
    dict of Samples
        ``"train"``, ``"validation"`` and ``"test"``, the published test set, which is the same for every seed.

    Raises
    ------
    BioplastError
        As `load`; or for a seed or limit that is no whole number of its range.
    """
    images, labels = load("train", folder=folder, progress=progress)
    train, validation = train_and_validation(labels, seed, limit)
    return {
        "train": Samples(images[train], labels[train]),
        "validation": Samples(images[validation], labels[validation]),
        "test": load("test", folder=folder, progress=progress),
    }
