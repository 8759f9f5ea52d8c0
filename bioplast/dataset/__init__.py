"""Data sets to learn from, each split without leakage: the test samples are the same for every seed.

>>> from bioplast.dataset import digits
>>> parts = digits.split(seed=0)
>>> parts["train"].images.shape, parts["validation"].images.shape, parts["test"].images.shape
((1197, 8, 8), (240, 8, 8), (360, 8, 8))
"""

from . import digits
from .samples import Samples

__all__ = ["Samples", "digits"]
