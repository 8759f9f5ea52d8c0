"""The words to be classified: what the study draws, two tasks in which the number of spikes says nothing, real data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import Hz, ms

from bioplast import stimulus

__all__ = ["DT", "PARTS", "TASKS", "Part", "Task", "cancer_words", "draw"]

# The duration of a bit.
DT = 1 * ms
# How a search scores networks was settled with test words of an earlier draw in sight; these are others.
_DRAW = 1
PARTS = ("train", "validation", "test")
# Of a bit in the word of a tumour, for the lowest and the highest value of a feature among training samples.
LOWEST, HIGHEST = 0.02, 0.4

Source = Callable[[int, int, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Part:
    """Words [words, bits] of 0 and 1, and their classes [words], counted from 0."""

    words: np.ndarray
    classes: np.ndarray


@dataclass(frozen=True)
class Task:
    """What is told apart.

    Attributes
    ----------
    title : str
    classes : mapping of str to callable
        ``source(words, bits, rng) -> array [words, bits]`` of each class; none where the data are real.
    """

    title: str
    classes: Mapping[str, Source | None]


def _bernoulli(p: float) -> Source:
    return lambda words, bits, rng: stimulus.bernoulli(p, bits, words, rng=rng).T


def _markov(p: float, correlation: float) -> Source:
    """Of a Markov chain, given that the word has as many spikes as a Bernoulli word: their number is binomial.

    Otherwise the number varies (1 + r)/(1 - r) times as much, which a threshold on it makes use of.
    """

    def words_of(words: int, bits: int, rng: np.random.Generator) -> np.ndarray:
        wanted = rng.binomial(bits, p, words)
        found = np.empty((words, bits), dtype=bool)
        missing = np.arange(words)
        while missing.size:
            drawn = stimulus.markov(p, correlation, bits, 16 * words, rng=rng).T
            free: dict[int, list[int]] = {}
            for row, number in enumerate(drawn.sum(axis=1).tolist()):
                free.setdefault(number, []).append(row)
            left = []
            for k in missing:
                if free.get(int(wanted[k])):
                    found[k] = drawn[free[int(wanted[k])].pop()]
                else:
                    left.append(k)
            missing = np.array(left, dtype=np.int64)
        return found

    return words_of


def _refractory(p: float, refractory: Any) -> Source:
    def words_of(words: int, bits: int, rng: np.random.Generator) -> np.ndarray:
        # no two spikes fall into one bit, so that the rate is that of the bits
        trains = stimulus.poisson(p / float(DT) * Hz, bits * DT, words, refractory=refractory, rng=rng)
        return trains.raster(DT).T

    return words_of


TASKS: dict[str, Task] = {
    "poisson2": Task(
        "two Poisson rates, a spike in a bit with probability 0.05 or 0.10",
        {f"p = {p:.2f}": _bernoulli(p) for p in (0.05, 0.10)},
    ),
    "poisson4": Task(
        "four Poisson rates, 0.05 to 0.20", {f"p = {p:.2f}": _bernoulli(p) for p in (0.05, 0.10, 0.15, 0.20)}
    ),
    "rate-matched": Task(
        "Bernoulli against Markov of as many spikes, both p = 0.2, neighbouring bits correlated by 0.5",
        {"Bernoulli": _bernoulli(0.2), "Markov": _markov(0.2, 0.5)},
    ),
    "refractory": Task(
        "Poisson against Poisson with a refractory period of 6 ms, both p = 0.1",
        {"Poisson": _bernoulli(0.1), "refractory": _refractory(0.1, 6 * ms)},
    ),
    "breast-cancer": Task(
        "tumours of the Wisconsin data set, 30 features as the rates of a word's 30 parts",
        {"malignant": None, "benign": None},
    ),
}


def draw(task: str, sizes: Mapping[str, int], bits: int, seed: int) -> dict[str, Part]:
    """The parts of a task, in random order of the classes.

    Parameters
    ----------
    task : str
    sizes : mapping of str to int
        Words of each class in the parts "train", "validation" and "test". Real data give what they have: a fifth each
        for validation and test, with the same test samples for every seed.
    bits : int
    seed : int

    Returns
    -------
    dict of Part
        Each part has random numbers of its own: another size of one leaves the others as they are.
    """
    number = list(TASKS).index(task)
    if task == "breast-cancer":
        return cancer_words(bits, seed, sizes)
    found = {}
    for k, part in enumerate(PARTS):
        rng = np.random.default_rng([seed, number, k, _DRAW])
        each = [source(sizes[part], bits, rng) for source in TASKS[task].classes.values() if source is not None]
        order = rng.permutation(sizes[part] * len(each))
        classes = np.repeat(np.arange(len(each)), sizes[part])
        found[part] = Part(np.concatenate(each)[order].astype(np.uint8), classes[order])
    return found


def cancer_words(bits: int, seed: int, sizes: Mapping[str, int]) -> dict[str, Part]:
    """Breast cancer (Wisconsin, diagnostic; scikit-learn) as words: each feature sets the rate of a part of the word.

    A feature's value is scaled by the least and the greatest one of the training samples and clipped to between them;
    what is left of the word after 30 equal parts is silent. At most ``2*sizes[part]`` samples of a part are taken.
    """
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    features, classes = load_breast_cancer(return_X_y=True)
    rest, test = train_test_split(np.arange(len(classes)), test_size=0.2, stratify=classes, random_state=0)
    train, validation = train_test_split(rest, test_size=0.25, stratify=classes[rest], random_state=seed)
    low, high = features[train].min(axis=0), features[train].max(axis=0)
    each = bits // features.shape[1]
    found = {}
    for k, (part, chosen) in enumerate(zip(PARTS, (train, validation, test), strict=True)):
        chosen = chosen[: 2 * sizes[part]]
        scaled = np.clip((features[chosen] - low) / (high - low), 0, 1)
        p = np.repeat(LOWEST + (HIGHEST - LOWEST) * scaled, each, axis=1)
        words = np.zeros((len(chosen), bits), dtype=np.uint8)
        words[:, : p.shape[1]] = np.random.default_rng([seed, 99, k]).random(p.shape) < p
        found[part] = Part(words, classes[chosen])
    return found
