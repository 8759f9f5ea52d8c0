"""Images and labels in four IDX files, as MNIST and data sets of its form are published."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..progress import Progress
from .idx import NotIdx, parse
from .parts import check_part, train_and_validation
from .published import Folder, PublishedFile, read, unusable
from .samples import Samples

__all__ = ["Files", "load_images", "split_images"]

# The files of the images and of the labels, by part.
Files = Mapping[str, tuple[PublishedFile, PublishedFile]]


def load_images(files: Files, part: str, folder: Folder, progress: Progress) -> Samples:
    """Images uint8 [samples, rows, columns] and labels of a part as published; see `bioplast.dataset.mnist.load`."""
    check_part(part)
    of_images, of_labels = files[part]
    images = _array(of_images, 3, folder, progress)
    labels = _array(of_labels, 1, folder, progress, len(images))
    return Samples(images.copy(), labels.astype(int))


def split_images(files: Files, seed: int, limit: int | None, folder: Folder, progress: Progress) -> dict[str, Samples]:
    """The parts to train, validate and test with; see `bioplast.dataset.mnist.split`."""
    images, labels = load_images(files, "train", folder, progress)
    train, validation = train_and_validation(labels, seed, limit)
    return {
        "train": Samples(images[train], labels[train]),
        "validation": Samples(images[validation], labels[validation]),
        "test": load_images(files, "test", folder, progress),
    }


def _array(
    file: PublishedFile, axes: int, folder: Folder, progress: Progress, samples: int | None = None
) -> np.ndarray:
    """Bytes of a file, with so many axes."""
    content, path = read(file, folder, progress)
    try:
        found = parse(content)
    except NotIdx as error:
        raise unusable(path, str(error), file) from None
    if found.ndim != axes or found.dtype != np.uint8:
        raise unusable(path, f"holds {found.dtype.name} of shape {list(found.shape)}, not uint8 of {axes} axes", file)
    if samples is not None and len(found) != samples:
        raise unusable(path, f"has {len(found)} labels for {samples} images", file)
    return found
