"""The images of each task, how they vary in training, and what is done to them to test how robust an answer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms

from bioplast.dataset import Samples, digits, fashion_mnist, mnist, nmnist
from bioplast.dataset.published import PublishedFile, at_hand

__all__ = ["CORRUPTIONS", "LEVELS", "TASKS", "Task", "fractions", "shifted"]


@dataclass(frozen=True)
class Task:
    """Images of one size and their classes.

    Attributes
    ----------
    name : str
    shape : tuple of int
        (channels, height, width).
    classes : int
    split : callable
        ``split(seed, limit, folder)``: the parts "train", "validation" and "test"; `limit` bounds the first one,
        `folder` has files of your own.
    files : tuple
        What has to be there, or be downloaded.
    frames : int
        How many images a sample shows, one after the other.
    """

    name: str
    shape: tuple[int, int, int]
    classes: int
    split: Callable[..., dict[str, Samples]]
    files: tuple[PublishedFile, ...] = ()
    frames: int = 1

    @property
    def at_hand(self) -> bool:
        """Whether its files are on this machine."""
        return all(at_hand(file) for file in self.files)


#: So many images of a published training set choose epochs; the others train.
VALIDATION = 5000


def _split(data: Any) -> Callable[..., dict[str, Samples]]:
    """As of the data set, but for validation samples beyond `VALIDATION`, which train."""

    def split(seed: int, limit: int | None, folder: str | None = None) -> dict[str, Samples]:
        parts = data.split(seed, folder=folder, progress=False)
        train, validation = parts["train"], parts["validation"]
        both = (np.concatenate([one, more[VALIDATION:]])[:limit] for one, more in zip(train, validation, strict=True))
        return {
            "train": Samples(*both),
            "validation": Samples(*(each[:VALIDATION] for each in validation)),
            "test": parts["test"],
        }

    return split


#: Recordings of N-MNIST, of about 0.3 s, as so many frames of so many milliseconds: whether a pixel has become
#: brighter, or darker, in that time.
FRAMES, FRAME = 8, 40


def _recorded(seed: int, limit: int | None, folder: str | None = None) -> dict[str, Samples]:
    parts = nmnist.split(seed, limit, folder=folder, progress=False)
    return {
        name: Samples(part.raster(FRAME * ms, FRAMES).reshape(-1, FRAMES, *nmnist.SHAPE), part.labels)
        for name, part in parts.items()
    }


def _digits(seed: int, limit: int | None, folder: str | None = None) -> dict[str, Samples]:
    return digits.split(seed, limit)


def _files(data: Any) -> tuple[PublishedFile, ...]:
    return (*data.FILES["train"], *data.FILES["test"])


TASKS = {
    "digits": Task("digits", (1, 8, 8), digits.CLASSES, _digits),
    "mnist": Task("mnist", (1, 28, 28), mnist.CLASSES, _split(mnist), _files(mnist)),
    "fashion-mnist": Task(
        "fashion-mnist", (1, 28, 28), fashion_mnist.CLASSES, _split(fashion_mnist), _files(fashion_mnist)
    ),
    "nmnist": Task("nmnist", nmnist.SHAPE, nmnist.CLASSES, _recorded, tuple(nmnist.FILES.values()), FRAMES),
}


def fractions(images: np.ndarray) -> np.ndarray:
    """Intensities from 0 to 1, float32 [samples, ..., rows, columns]."""
    return images.astype(np.float32) / np.float32(255 if images.dtype == np.uint8 else 1)


def shifted(images: np.ndarray, by: int, mirror: bool, rng: np.random.Generator) -> np.ndarray:
    """Images [samples, ..., rows, columns] for training: moved by up to so many pixels either way, zeros coming in.

    Parameters
    ----------
    images : ndarray
    by : int
    mirror : bool
        Whether each is turned over, left to right, with a probability of one half, as clothes may be.
    rng : numpy.random.Generator
    """
    if mirror:
        over = rng.random(len(images)) < 0.5
        images = np.where(over.reshape(-1, *[1] * (images.ndim - 1)), images[..., ::-1], images)
    if not by:
        return images
    samples, *_, rows, columns = images.shape
    padded = np.pad(images.reshape(samples, -1, rows, columns), ((0, 0), (0, 0), (by, by), (by, by)))
    moved = rng.integers(0, 2 * by + 1, (samples, 2, 1, 1, 1))
    row, column = moved[:, 0] + np.arange(rows)[:, None], moved[:, 1] + np.arange(columns)
    each, frame = np.arange(samples)[:, None, None, None], np.arange(padded.shape[1])[:, None, None]
    return padded[each, frame, row, column].reshape(images.shape)


# What is done to test images, each at six levels ---------------------------------------------------------------------


def _noise(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of this standard deviation on every intensity, which stays within 0 and 1."""
    return np.clip(images + rng.normal(0, level, images.shape), 0, 1).astype(np.float32)


def _salt_and_pepper(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """This share of the pixels is dark or bright, each with a probability of one half."""
    hit, bright = rng.random(images.shape) < level, rng.random(images.shape) < 0.5
    return np.where(hit, bright, images).astype(np.float32)


def _cropped(images: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """All is dark but the square in the centre whose side is what is left of the whole one without this share."""
    size = images.shape[-1]
    side = max(1, round(size * (1 - level)))
    low = (size - side) // 2
    kept = np.zeros_like(images)
    inside = np.s_[..., low : low + side, low : low + side]
    kept[inside] = images[inside]
    return kept


CORRUPTIONS = {"noise": _noise, "salt-and-pepper": _salt_and_pepper, "crop": _cropped}
LEVELS = {
    "noise": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
    "salt-and-pepper": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3),
    "crop": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
}
