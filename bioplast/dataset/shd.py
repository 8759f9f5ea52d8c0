"""SHD, the Spiking Heidelberg Digits: spoken digits in English and German as spikes of a model of the inner ear."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from ..errors import BioplastError
from ..progress import Progress
from .parts import check_part, train_and_validation
from .published import Folder, PublishedFile, read, unusable
from .recordings import Recordings

__all__ = ["CLASSES", "FILES", "SHAPE", "SOURCE", "load", "split"]

SOURCE = "Cramer, Stradmann, Schemmel and Zenke (2022), IEEE TNNLS 33:2744, doi:10.1109/TNNLS.2020.3044364, CC BY 4.0"
CLASSES = 20
# Channels, from one end of the basilar membrane to the other.
SHAPE = (700,)

_PAGE = "https://zenkelab.org/resources/spiking-heidelberg-datasets-shd/"
_HOSTS = ("https://zenkelab.org/datasets/", "https://compneuro.net/datasets/")


def _file(name: str, checksum: str, content: str) -> PublishedFile:
    urls = tuple(f"{host}{name}.gz" for host in _HOSTS)
    return PublishedFile("shd", f"{name}.gz", urls, f"md5:{checksum}", f"md5:{content}", _PAGE)


FILES = {
    "train": _file("shd_train.h5", "d47c9825dee33347913e8ce0f2be08b0", "8e9877c85f29a28dd353ea6a54402667"),
    "test": _file("shd_test.h5", "3062a80ec0c5719404d5b02e166543b1", "207ad1295a0ab611e22d1734989c254e"),
}


def load(part: str = "train", *, folder: Folder = None, progress: Progress = True) -> Recordings:
    """Recordings of a part, in the order of the file.

    Parameters
    ----------
    part : str
        ``"train"``, 8156 samples, or ``"test"``, 2264 others, of which those of two speakers make no part of the
        training set.
    folder : path, optional
        With files of your own in the same format, ``shd_train.h5`` and ``shd_test.h5`` or with ``.gz`` at the end. They
        are not compared with the published checksums. Without it the published files are looked for in ``shd/`` of the
        folder that `BIOPLAST_DATA` names, then in the cache; else they are downloaded (170 MB).
    progress : bool or callable
        Of the download.

    Returns
    -------
    Recordings
        Of 700 neurons, up to 1.4 s each; labels from 0 to 19. Published times have 16 bits, so that they are 0.5 ms
        apart above 0.5 s and 1 ms above 1 s; they become float64 before anything is made of them.

    Raises
    ------
    BioplastError
        A file is missing and cannot be downloaded, cut short, altered or of another format.

    References
    ----------
    Cramer, Stradmann, Schemmel and Zenke (2022), IEEE Trans. Neural Netw. Learn. Syst. 33:2744,
    doi:10.1109/TNNLS.2020.3044364, CC BY 4.0
    """
    check_part(part)
    file = FILES[part]
    content, path = read(file, folder, progress)
    return _recordings(content, path, file)


def split(
    seed: int, limit: int | None = None, *, folder: Folder = None, progress: Progress = True
) -> dict[str, Recordings]:
    """The recordings for training, validation and test; every class has its share in the first two.

    Parameters
    ----------
    seed : int
        Governs which sixth of the published training set is for validation, and the order of the others. The
        same speakers are in both: expect less of the test.
    limit : int, optional
        How many samples to train with at most; all by default.
    folder, progress
        As `load` has them.

    Returns
    -------
    dict of Recordings
        ``"train"``, ``"validation"`` and ``"test"``, the published test set, which is the same for every seed.

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


def _recordings(content: bytes, path: Path, file: PublishedFile) -> Recordings:
    """What an HDF5 file holds: ``spikes/times`` and ``spikes/units``, an array for each sample, and ``labels``."""
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as stored:
            times, units = stored["spikes/times"][:], stored["spikes/units"][:]
            labels = stored["labels"][:]
    except KeyError:
        raise unusable(path, "lacks spikes/times, spikes/units or labels", file) from None
    except (OSError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise unusable(path, f"is no HDF5 file with spikes, or cut short or damaged ({reason})", file) from None
    if not len(times) == len(units) == len(labels):
        raise unusable(path, f"has times of {len(times)}, units of {len(units)}, labels of {len(labels)} samples", file)
    if not all(np.ndim(each) == 1 and len(each) == len(other) for each, other in zip(times, units, strict=True)):
        raise unusable(path, "has a sample with more times than units, or fewer", file)
    if len(labels) and not (labels.dtype.kind in "iu" and labels.min() >= 0 and labels.max() < CLASSES):
        raise unusable(path, f"has labels beyond 0 to {CLASSES - 1}", file)
    try:
        found = Recordings.of_lists(list(times), list(units), labels, SHAPE)
    except BioplastError as error:
        raise unusable(path, f"does not fit: {error}", file) from None
    return Recordings(found.times, found.indices.astype(np.uint16), found.bounds, found.labels, SHAPE)
