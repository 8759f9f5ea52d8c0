"""Data sets to learn from, each split without leakage: the test samples are the same for every seed.

`digits` comes with scikit-learn. The others are read in the formats of their authors: from the folder that the
environment variable `BIOPLAST_DATA` names, or downloaded, and known by their checksums (see `published`).

>>> from bioplast.dataset import digits
>>> parts = digits.split(seed=0)
>>> parts["train"].images.shape, parts["validation"].images.shape, parts["test"].images.shape
((1197, 8, 8), (240, 8, 8), (360, 8, 8))
"""

from . import cifar10, digits, dvs_gesture, fashion_mnist, mnist, nmnist, shd
from .recordings import Recordings
from .samples import Samples

__all__ = ["Recordings", "Samples", "cifar10", "digits", "dvs_gesture", "fashion_mnist", "mnist", "nmnist", "shd"]
