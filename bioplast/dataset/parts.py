"""Which samples are for training, for validation and for the test."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BioplastError

__all__ = ["check_number", "check_part", "train_and_validation"]

# The part of a published training set that is for validation: 10,000 of the 60,000 of MNIST.
VALIDATION = 1 / 6


def check_number(name: str, given: Any, least: int) -> None:
    """BioplastError unless it is a whole number from `least`."""
    if isinstance(given, bool | np.bool_) or not (isinstance(given, int | np.integer) and given >= least):
        raise BioplastError(f"{name} is {given!r}: a whole number from {least} is accepted")


def check_part(part: Any) -> None:
    """BioplastError unless it is a part as published."""
    if part not in ("train", "test"):
        raise BioplastError(f"part is {part!r}: 'train' or 'test' is accepted")


def train_and_validation(labels: np.ndarray, seed: int, limit: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train and to validate with, in random order; every class has its share in both.

    Parameters
    ----------
    labels : ndarray of int [samples]
        Of a published training set.
    seed : int
        Governs which sixth of them is for validation.
    limit : int or None
        How many to train with at most.

    Returns
    -------
    train, validation : ndarray of int

    Raises
    ------
    BioplastError
        For a seed or limit that is no whole number of its range, or classes of too few samples to be in both parts.
    """
    from sklearn.model_selection import train_test_split

    check_number("seed", seed, 0)
    if limit is not None:
        check_number("limit", limit, 1)
    try:
        train, validation = train_test_split(
            np.arange(len(labels)), test_size=round(len(labels) * VALIDATION), stratify=labels, random_state=seed
        )
    except ValueError as error:  # of scikit-learn, on one line
        raise BioplastError(
            f"{len(labels)} samples of {len(np.unique(labels))} classes cannot be divided into training and "
            f"validation: {error}"
        ) from error
    return train[:limit], validation
