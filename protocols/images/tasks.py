"""The samples of each task, and what every method is given of them: latencies, numbers, or a sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from brian2 import Quantity, ms

from bioplast import stimulus
from bioplast.dataset import Recordings, digits, mnist, shd
from bioplast.dataset.published import PublishedFile, at_hand

__all__ = ["TASKS", "Images", "Spoken", "Task", "pooled", "varied"]

# The one spike of a pixel comes after TAU_MAX*(1 - I), and none from those below THRESHOLD.
TAU_MAX, THRESHOLD = 20 * ms, 0.1
DT, STEPS = 1 * ms, 25
# Spoken digits last about a second.
SHD_DT, SHD_STEPS = 5 * ms, 200
# So many of MNIST's training images choose epochs; the other 55,000 train.
VALIDATION = 5000


@dataclass(frozen=True)
class Images:
    """Images [samples, rows, columns], bytes or from 0 to 1, and their classes [samples]."""

    samples: np.ndarray
    labels: np.ndarray

    def raster(self, samples: np.ndarray, dt: Quantity, steps: int) -> np.ndarray:
        """One spike of each pixel that is not dark, the earlier the brighter, bool [samples, steps, pixels]."""
        pixels = self.features(samples)
        times = stimulus.linear_latency(pixels, TAU_MAX)
        times[pixels < THRESHOLD] = np.inf
        return stimulus.raster(times, dt, steps)

    def features(self, samples: np.ndarray) -> np.ndarray:
        """Intensities from 0 to 1, float32 [samples, pixels]."""
        return self.sequence(samples).reshape(len(samples), -1)

    def sequence(self, samples: np.ndarray) -> np.ndarray:
        """Row by row, float32 [samples, rows, columns]."""
        return _fractions(samples)


@dataclass(frozen=True)
class Spoken:
    """Recordings of spikes; `samples` are their numbers."""

    recordings: Recordings
    dt: Quantity
    steps: int

    @property
    def samples(self) -> np.ndarray:
        return np.arange(len(self.recordings))

    @property
    def labels(self) -> np.ndarray:
        return self.recordings.labels

    def raster(self, samples: np.ndarray, dt: Quantity, steps: int) -> np.ndarray:
        """Bool [samples, steps, channels]."""
        return self.recordings.take(samples).raster(dt, steps)

    def features(self, samples: np.ndarray) -> np.ndarray:
        """How many spikes each channel has, float32 [samples, channels]."""
        return self.recordings.take(samples).counts(self.dt * self.steps, 1)[:, 0].astype(np.float32)

    def sequence(self, samples: np.ndarray) -> np.ndarray:
        """Step by step, float32 [samples, steps, channels]."""
        return self.raster(samples, self.dt, self.steps).astype(np.float32)


Part = Images | Spoken


@dataclass(frozen=True)
class Task:
    """What is to be told apart.

    Attributes
    ----------
    name, source : str
    inputs, classes : int
        Input neurons, and classes.
    dt : quantity
        A step of the spiking network; of so many `steps` it has a sample.
    split : callable
        ``split(seed, limit)``: the parts "train", "validation" and "test". `limit` bounds the first one.
    shape : tuple of int, optional
        Of an image; without it there is no convolution and no image to shift.
    files : tuple
        What has to be there, or be downloaded.
    """

    name: str
    source: str
    inputs: int
    classes: int
    split: Callable[[int, int | None], dict[str, Part]]
    dt: Quantity
    steps: int
    shape: tuple[int, int] | None = None
    files: tuple[PublishedFile, ...] = ()

    @property
    def at_hand(self) -> bool:
        """Whether its files are on this machine."""
        return all(at_hand(file) for file in self.files)


def _digits(seed: int, limit: int | None) -> dict[str, Part]:
    return {name: Images(*part) for name, part in digits.split(seed, limit).items()}


def _mnist(seed: int, limit: int | None) -> dict[str, Part]:
    """As `bioplast.dataset.mnist.split`, but for validation samples beyond `VALIDATION`, which train."""
    parts = mnist.split(seed, progress=False)
    train, validation = parts["train"], parts["validation"]
    images, labels = (
        np.concatenate([one, more[VALIDATION:]])[:limit] for one, more in zip(train, validation, strict=True)
    )
    return {
        "train": Images(images, labels),
        "validation": Images(*(each[:VALIDATION] for each in validation)),
        "test": Images(*parts["test"]),
    }


def _shd(seed: int, limit: int | None) -> dict[str, Part]:
    parts = shd.split(seed, limit, progress=False)
    return {name: Spoken(part, SHD_DT, SHD_STEPS) for name, part in parts.items()}


TASKS = {
    "digits": Task("digits", digits.SOURCE, 64, digits.CLASSES, _digits, DT, STEPS, shape=(8, 8)),
    "mnist": Task(
        "mnist",
        mnist.SOURCE,
        784,
        mnist.CLASSES,
        _mnist,
        DT,
        STEPS,
        shape=(28, 28),
        files=(*mnist.FILES["train"], *mnist.FILES["test"]),
    ),
    "shd": Task(
        "shd",
        shd.SOURCE,
        shd.SHAPE[0],
        shd.CLASSES,
        _shd,
        SHD_DT,
        SHD_STEPS,
        files=tuple(shd.FILES.values()),
    ),
}


def varied(images: np.ndarray, shift: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Images [samples, rows, columns] that differ from those given, for training.

    Parameters
    ----------
    shift : int
        Each is moved by up to so many pixels along either axis; zeros come in.
    noise : float
        Standard deviation of what is added to each intensity, which stays within 0 and 1.
    rng : numpy.random.Generator
    """
    if shift:
        samples, rows, columns = images.shape
        padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift)))
        by = rng.integers(0, 2 * shift + 1, (samples, 2))
        row = by[:, :1, None] + np.arange(rows)[:, None]
        column = by[:, 1:, None] + np.arange(columns)
        images = padded[np.arange(samples)[:, None, None], row, column]
    if noise:
        images = np.clip(_fractions(images) + rng.normal(0, noise, images.shape), 0, 1)
    return images


def pooled(images: np.ndarray, size: int) -> np.ndarray:
    """Mean intensity of squares of so many pixels, from 0 to 1, [samples, rows/size, columns/size]."""
    samples, rows, columns = images.shape
    squares = images.reshape(samples, rows // size, size, columns // size, size)
    return _fractions(squares).mean(axis=(2, 4))


def _fractions(images: np.ndarray) -> np.ndarray:
    """Intensities from 0 to 1, float32."""
    return images.astype(np.float32) / np.float32(255 if images.dtype == np.uint8 else 1)
