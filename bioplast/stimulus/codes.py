"""A binary word as symbols of k bits, and as spikes of several neurons; and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BioplastError, UnknownName
from . import _checks

__all__ = ["bits_of", "decode", "encode", "symbols_of"]

CODES = ("parallel", "one-hot")


def symbols_of(word: Any, k: int) -> np.ndarray:
    """Each k bits of a word as one symbol, the first bit the most significant.

    Parameters
    ----------
    word : array of truth values, or of 0 and 1 [..., bits]
        Its length is a multiple of k.
    k : int
        From 1 to 62.

    Returns
    -------
    ndarray of int [..., bits/k]
        From 0 to ``2**k - 1``: a word over an alphabet of that size.

    Raises
    ------
    BioplastError
        The word is of something else, or its length is no multiple of k.

    Examples
    --------
    >>> symbols_of([1, 0, 0, 1, 1, 1], 2).tolist()
    [2, 1, 3]
    >>> bits_of([2, 1, 3], 2).tolist()
    [1, 0, 0, 1, 1, 1]
    """
    groups = _groups(word, k)
    return groups @ (1 << np.arange(groups.shape[-1])[::-1])


def bits_of(symbols: Any, k: int) -> np.ndarray:
    """The inverse of `symbols_of`.

    Parameters
    ----------
    symbols : array of int [..., symbols]
        From 0 to ``2**k - 1``.
    k : int

    Returns
    -------
    ndarray of int [..., symbols*k]

    Raises
    ------
    BioplastError
        A symbol has more than k bits.
    """
    k = _size(k)
    given = np.asarray(symbols)
    if given.dtype.kind not in "biu" or not given.ndim or (given.size and not 0 <= given.min() <= given.max() < 1 << k):
        raise BioplastError(f"symbols are whole numbers from 0 to {(1 << k) - 1}")
    found = given[..., None].astype(np.int64) >> np.arange(k)[::-1] & 1
    return found.reshape(*given.shape[:-1], -1)


def encode(word: Any, k: int, code: str = "parallel") -> np.ndarray:
    """A word as a raster: k bits in each step.

    Parameters
    ----------
    word : array of truth values, or of 0 and 1 [..., bits]
        Its length is a multiple of k.
    k : int
    code : "parallel" or "one-hot"
        Parallel: k neurons, each spikes where its bit is 1. One-hot: 2**k neurons, in each step that one spikes which
        the k bits name, so that the number of spikes says nothing; k is at most 16.

    Returns
    -------
    ndarray of bool [..., bits/k, neurons]

    Raises
    ------
    BioplastError
        As `symbols_of`.
    UnknownName
        There is no such code.
    """
    groups = _groups(word, _size(k, code))
    if code == "parallel":
        return groups.astype(bool)
    return symbols_of(word, k)[..., None] == np.arange(1 << k)


def decode(raster: Any, code: str = "parallel") -> np.ndarray:
    """The inverse of `encode`.

    Parameters
    ----------
    raster : array of truth values, or of 0 and 1 [..., steps, neurons]
    code : "parallel" or "one-hot"

    Returns
    -------
    ndarray of int [..., bits]

    Raises
    ------
    BioplastError
        It is no raster of that code: in one-hot exactly one of 2**k neurons spikes in each step.
    UnknownName
        There is no such code.
    """
    given = np.asarray(raster)
    if given.ndim < 2 or not given.shape[-1] or not np.isin(given, (0, 1)).all():
        raise BioplastError(
            f"a raster is [..., steps, neurons] of truth values, not {given.dtype} of shape {given.shape}"
        )
    k = _size(given.shape[-1] if code == "parallel" else max(given.shape[-1].bit_length() - 1, 1), code)
    if code == "parallel":
        return given.reshape(*given.shape[:-2], -1).astype(np.int64)
    if given.shape[-1] != 1 << k or not (given.sum(axis=-1) == 1).all():
        raise BioplastError("one-hot: exactly one of 2**k neurons spikes in each step")
    return bits_of(given.argmax(axis=-1), k)


def _size(k: Any, code: str = "parallel") -> int:
    if code not in CODES:
        raise UnknownName("code", str(code), CODES)
    most = 62 if code == "parallel" else 16
    if _checks.whole("k", k) > most:
        raise BioplastError(f"k is {k}: 1 to {most} bits are accepted")
    return int(k)


def _groups(word: Any, k: Any) -> np.ndarray:
    """The bits, [..., bits/k, k]."""
    k = _size(k)
    given = np.asarray(word)
    if given.dtype.kind not in "biu" or not given.ndim or not given.size or not np.isin(given, (0, 1)).all():
        raise BioplastError(f"a word is of truth values, or of 0 and 1, not {given.dtype} of shape {given.shape}")
    if given.shape[-1] % k:
        raise BioplastError(f"a word of {given.shape[-1]} bits is no multiple of {k}")
    return given.astype(np.int64).reshape(*given.shape[:-1], -1, k)
