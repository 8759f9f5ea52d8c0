"""MNIST: handwritten digits of 28 x 28 pixels."""

from __future__ import annotations

from ..progress import Progress
from .idx_images import load_images, split_images
from .published import Folder, PublishedFile
from .samples import Samples

__all__ = ["CLASSES", "FILES", "SOURCE", "load", "split"]

SOURCE = "LeCun, Bottou, Bengio and Haffner (1998), Proc. IEEE 86:2278, doi:10.1109/5.726791, CC BY-SA 3.0"
CLASSES = 10

_HOSTS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")


def _file(name: str, checksum: str, content: str) -> PublishedFile:
    urls = tuple(f"{host}{name}.gz" for host in _HOSTS)
    return PublishedFile("mnist", f"{name}.gz", urls, f"sha256:{checksum}", f"sha256:{content}", _HOSTS[0])


FILES = {
    "train": (
        _file(
            "train-images-idx3-ubyte",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        _file(
            "train-labels-idx1-ubyte",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    "test": (
        _file(
            "t10k-images-idx3-ubyte",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        _file(
            "t10k-labels-idx1-ubyte",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
}


def load(part: str = "train", *, folder: Folder = None, progress: Progress = True) -> Samples:
    """Samples of a part, in the order of the files.

    Parameters
    ----------
    part : str
        ``"train"``, 60,000 samples, or ``"test"``, 10,000 others.
    folder : path, optional
        With four files of your own in the same format and of the same names; they may be unpacked. They are not
        compared with the published checksums. Without it the published files are looked for in ``mnist/`` of the
        folder that `BIOPLAST_DATA` names, then in the cache; else they are downloaded (11 MB).
    progress : bool or callable
        Of the download.

    Returns
    -------
    Samples
        Images uint8 [samples, 28, 28] from 0, the paper, to 255, the ink; and the digits 0 to 9.

    Raises
    ------
    BioplastError
        A file is missing and cannot be downloaded, cut short, altered or of another format.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Proc. IEEE 86:2278, doi:10.1109/5.726791, CC BY-SA 3.0
    """
    return load_images(FILES, part, folder, progress)


def split(
    seed: int, limit: int | None = None, *, folder: Folder = None, progress: Progress = True
) -> dict[str, Samples]:
    """The samples for training, validation and test; every class has its share in the first two.

    Parameters
    ----------
    seed : int
        Governs which 10,000 of the published training set are for validation, and the order of the others.
    limit : int, optional
        How many samples to train with at most; all 50,000 by default.
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
    return split_images(FILES, seed, limit, folder, progress)
