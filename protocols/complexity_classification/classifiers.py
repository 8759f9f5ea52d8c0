"""One number decides the class: thresholds on the complexity of a word, or on how many spikes it has."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from bioplast import analysis

__all__ = ["Thresholds", "binned", "complexity", "counts", "linear"]


@dataclass(frozen=True)
class Thresholds:
    """Classes in the order of their means, and a threshold between any two neighbours.

    Attributes
    ----------
    order : array of int [classes]
    cuts : array [classes - 1]
        Rising. A number that is equal to a threshold belongs to the higher class.
    """

    order: np.ndarray
    cuts: np.ndarray

    @classmethod
    def fitted(cls, numbers: np.ndarray, classes: np.ndarray) -> Thresholds:
        """Each threshold has the fewest errors among the training samples of its two neighbours.

        Of several such places it is in the middle between the first and the last one.

        Parameters
        ----------
        numbers : array [samples]
        classes : array of int [samples]
        """
        means = np.array([numbers[classes == k].mean() for k in range(classes.max() + 1)])
        order = np.argsort(means, kind="stable")
        cuts = [_cut(numbers[classes == low], numbers[classes == high]) for low, high in itertools.pairwise(order)]
        return cls(order, np.maximum.accumulate(np.array(cuts)))

    def __call__(self, numbers: np.ndarray) -> np.ndarray:
        """The class of each number."""
        return self.order[np.searchsorted(self.cuts, numbers, side="right")]

    def accuracy(self, numbers: np.ndarray, classes: np.ndarray) -> float:
        return float(np.mean(self(numbers) == classes))


def _cut(low: np.ndarray, high: np.ndarray) -> float:
    values = np.unique(np.concatenate([low, high]))
    places = np.concatenate([values[:1] - 1, (values[:-1] + values[1:]) / 2, values[-1:] + 1])
    # the mean of both shares of errors, so that a larger class does not draw the threshold away
    errors = (np.searchsorted(np.sort(high), places) / len(high)) + 1 - np.searchsorted(np.sort(low), places) / len(low)
    best = places[np.isclose(errors, errors.min(), rtol=0, atol=1e-12)]
    return float((best[0] + best[-1]) / 2)


def binned(words: np.ndarray, width: int) -> np.ndarray:
    """Words of wider bins, [words, bits // width]: 1 where a bin has a spike. A bin that is not filled is left out."""
    bins = words.shape[1] // width
    return np.max(words[:, : bins * width].reshape(len(words), bins, width) != 0, axis=2).astype(np.uint8)


def complexity(words: np.ndarray, width: int = 1) -> np.ndarray:
    """Normalised Lempel-Ziv complexity of 1976 of each word [words], in bins of so many steps."""
    return np.asarray(analysis.lz76(binned(words, width), normalize=True))


def counts(words: np.ndarray) -> np.ndarray:
    """How many spikes each word has, [words]."""
    return words.sum(axis=1, dtype=np.int64)


def linear(words: np.ndarray, classes: np.ndarray, of_test: np.ndarray) -> np.ndarray:
    """The classes that a logistic regression on the bits gives, [words of the test part]."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000).fit(words, classes).predict(of_test)
