"""Fashion-MNIST: articles of clothing of 28 x 28 pixels, in the form of MNIST."""

from __future__ import annotations

from ..progress import Progress
from .idx_images import load_images, split_images
from .published import Folder, PublishedFile
from .samples import Samples

__all__ = ["CLASSES", "FILES", "NAMES", "SOURCE", "load", "split"]

SOURCE = "Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747, MIT licence"
NAMES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
CLASSES = len(NAMES)

_HOSTS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
)


def _file(name: str, checksum: str, content: str) -> PublishedFile:
    urls = tuple(f"{host}{name}.gz" for host in _HOSTS)
    page = "https://github.com/zalandoresearch/fashion-mnist"
    return PublishedFile("fashion-mnist", f"{name}.gz", urls, f"md5:{checksum}", f"sha256:{content}", page)


FILES = {
    "train": (
        _file(
            "train-images-idx3-ubyte",
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        ),
        _file(
            "train-labels-idx1-ubyte",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
    ),
    "test": (
        _file(
            "t10k-images-idx3-ubyte",
            "bef4ecab320f06d8554ea6380940ec79",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        ),
        _file(
            "t10k-labels-idx1-ubyte",
            "bb300cfdad3c16e7a12a480ee83cd310",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
}


def load(part: str = "train", *, folder: Folder = None, progress: Progress = True) -> Samples:
    """Samples of a part, in the order of the files.

    Parameters
    ----------
    part : str
        ``"train"``, 60,000 samples, or ``"test"``, 10,000 others.
    folder, progress
        As `bioplast.dataset.mnist.load` has them; the published files lie in ``fashion-mnist/`` (31 MB).

    Returns
    -------
    Samples
        Images uint8 [samples, 28, 28] from 0 to 255, and what they show: the place in `NAMES`.

    Raises
    ------
    BioplastError
        A file is missing and cannot be downloaded, cut short, altered or of another format.

    References
    ----------
    Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747, MIT licence
    """
    return load_images(FILES, part, folder, progress)


def split(
    seed: int, limit: int | None = None, *, folder: Folder = None, progress: Progress = True
) -> dict[str, Samples]:
    """The samples for training, validation and test, as `bioplast.dataset.mnist.split` gives them.

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
