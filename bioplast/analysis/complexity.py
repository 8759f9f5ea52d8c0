"""Complexity of symbolic words and of signals: Lempel-Ziv complexity, block entropy, permutation entropy.

A word is an array of integer labels 0 to k - 1, k the size of its alphabet, or of truth values; several of one length
are [words, symbols]. `bioplast.analysis.words` makes them of spikes, `bioplast.analysis.elephant.words` of a Neo
recording, and the raster of a program's output, [steps, neurons], is one when transposed: ``out.raster("spikes").T``.

>>> import numpy as np
>>> from bioplast import analysis
>>> word = np.array([1, 0, 0, 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 0])
>>> analysis.lz76(word), analysis.lz78(word)                            # 1.0.01.1110.1100.0010
(6, 8)
>>> analysis.lz76(np.stack([word, 1 - word]), normalize=True)
array([1.5, 1.5])

Public packages disagree with each other and with the definition of 1976. The same twelve words, in November 2026:

================== ===== ===== ======= ========= ====== =======
word               lz76  lz78  antropy neurokit2 lempel tsfresh
================== ===== ===== ======= ========= ====== =======
0                      1     1       1 error          1       1
00000000               2     4       2         2      3       3
01010101               3     5       3         3      4       4
0001                   2     3       2         2      3       3
1001111011000010       6     8       6         6      8       8
0110100110010110       7     8       7         7      7       7
0100101001001010       6     8       6         6      7       7
0000000100000001       3     6       3         3      6       6
012012012012           4     7       4         4      7       7
0120210121020120       8     9       8         8      9       9
00112233001122332      6    11       6         6     10      10
2222                   2     3       2         2      2       2
================== ===== ===== ======= ========= ====== =======

antropy 0.2.3 (`lziv_complexity`) and neurokit2 0.3.0 (`complexity_lempelziv(symbolize=None)`) count as in 1976.
Normalized, antropy takes as k the number of symbols that occur and neurokit2 always 2, so that 012012012012 is 0.754
there and 1.195 here, and 2222 is 1.0 in both where an alphabet of three gives 0.631; on a single symbol one divides by
zero and the other fails. lempel-ziv-complexity 0.2.2 and tsfresh 0.21.2 (times n) parse as in 1978 and leave out what
is left at the end. EntropyHub 2.0, infomeasure 0.6.3, ordpy 1.2.3, Elephant and SciPy have neither.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..errors import BioplastError
from ..machine import cores

__all__ = ["block_entropy", "entropy_rate", "lz76", "lz78", "permutation_entropy"]

# Symbols that are worth a thread of their own.
_WORTH = 1 << 15


def lz76(word: Any, alphabet: int = 2, normalize: bool = False) -> Any:
    """Lempel-Ziv complexity of 1976: the number of phrases of the exhaustive history.

    From left to right, the next phrase is the shortest part that does not occur in all that comes before its last
    symbol (an occurrence may overlap it). What is left at the end counts as a phrase.

    Parameters
    ----------
    word : array of integers or truth values [symbols] or [words, symbols]
        Labels from 0; see `bioplast.analysis.words` for spikes.
    alphabet : int
        The number of labels that could occur, at least 2.
    normalize : bool
        Multiply by log_k(n)/n, for n symbols of an alphabet of k: about 1 for a long word without any order, slowly
        from above. NaN for fewer than two symbols.

    Returns
    -------
    int, float if normalized, or ndarray of these [words]

    Raises
    ------
    BioplastError
        The word is empty, or has a symbol that is no whole number or outside the alphabet.

    Notes
    -----
    Linear in time and memory: at most 40 bytes a symbol. Words of a batch are shared out among all cores.

    References
    ----------
    Lempel and Ziv (1976), IEEE Trans. Inf. Theory 22:75, doi:10.1109/TIT.1976.1055501
    """
    return _complexity(_lz76_counts, word, alphabet, normalize)


def lz78(word: Any, alphabet: int = 2, normalize: bool = False) -> Any:
    """Lempel-Ziv complexity of 1978: the number of phrases of incremental parsing.

    From left to right, the next phrase is the shortest part that is no phrase yet. What is left at the end counts as a
    phrase.

    Parameters
    ----------
    word, alphabet, normalize
        As for `lz76`.

    Returns
    -------
    int, float if normalized, or ndarray of these [words]

    Raises
    ------
    BioplastError
        As `lz76`.

    References
    ----------
    Ziv and Lempel (1978), IEEE Trans. Inf. Theory 24:530, doi:10.1109/TIT.1978.1055934
    """
    return _complexity(_lz78_counts, word, alphabet, normalize)


def block_entropy(word: Any, length: int, alphabet: int = 2) -> Any:
    """Entropy of the blocks of some length that occur in a word, at every place: the plug-in estimate.

    Parameters
    ----------
    word, alphabet
        As for `lz76`.
    length : int
        Of a block, at least 1 and at most that of the word.

    Returns
    -------
    float or ndarray [words]
        In bits. Too low where blocks are many: a word should be much longer than there are blocks that may occur.

    Raises
    ------
    BioplastError
        As `lz76`; or the length does not fit.
    """
    words, alphabet, single = _words(word, alphabet)
    if not 1 <= _whole("length", length) <= words.shape[1]:
        raise BioplastError(f"length is {length!r}: 1 to {words.shape[1]}, that of the word, are accepted")
    found = np.array([_entropy(blocks) for blocks in _blocks(words, int(length), alphabet)])
    return float(found[0]) if single else found


def entropy_rate(word: Any, length: int, alphabet: int = 2) -> Any:
    """Entropy of a symbol when the ``length - 1`` before it are known: H(length) - H(length - 1) of the block entropy.

    Both are of the same places, so that it is never negative. With length 1 it is the entropy of single symbols; for a
    Markov chain of order m it is the entropy rate from length m + 1 on.

    Parameters
    ----------
    word, length, alphabet
        As for `block_entropy`.

    Returns
    -------
    float or ndarray [words]
        In bits for each symbol; too low where blocks are many.

    Raises
    ------
    BioplastError
        As `block_entropy`.

    References
    ----------
    Strong, Koberle, de Ruyter van Steveninck and Bialek (1998), Phys. Rev. Lett. 80:197, doi:10.1103/PhysRevLett.80.197
    """
    whole = block_entropy(word, length, alphabet)
    if length == 1:
        return whole
    words, alphabet, single = _words(word, alphabet)
    found = whole - np.array([_entropy(blocks) for blocks in _blocks(words[:, :-1], int(length) - 1, alphabet)])
    return max(float(found[0]), 0.0) if single else np.maximum(found, 0)


def permutation_entropy(signal: Any, order: int = 3, delay: int = 1, normalize: bool = False) -> Any:
    """Entropy of the orders in which neighbouring values of a signal rank.

    Parameters
    ----------
    signal : array of real numbers [samples] or [signals, samples]
    order : int
        How many values are ranked, at least 2. Of equal values the earlier one ranks lower.
    delay : int
        How many samples lie between them.
    normalize : bool
        Divide by log2(order!), that of white noise.

    Returns
    -------
    float or ndarray [signals]
        In bits, or from 0 to 1.

    Raises
    ------
    BioplastError
        The signal is too short for a single order, or has a value that is not finite.

    References
    ----------
    Bandt and Pompe (2002), Phys. Rev. Lett. 88:174102, doi:10.1103/PhysRevLett.88.174102
    """
    order, delay = _whole("order", order), _whole("delay", delay)
    if order < 2 or order > 20 or delay < 1:
        raise BioplastError(f"order {order} and delay {delay}: 2 to 20, and at least 1, are accepted")
    if np.ma.is_masked(signal):
        raise BioplastError("a signal is an array of real numbers without masked elements")
    try:
        signals = np.asarray(signal, dtype=float)
    except (TypeError, ValueError):
        raise BioplastError("a signal is an array of real numbers") from None
    if signals.ndim not in (1, 2):
        raise BioplastError(f"a signal has shape {signals.shape}: [samples] or [signals, samples] is accepted")
    if not np.isfinite(signals).all():
        raise BioplastError("a signal has a value that is not finite")
    span = (order - 1) * delay + 1
    if signals.shape[-1] < span:
        raise BioplastError(f"a signal of {signals.shape[-1]} samples: order and delay need at least {span}")
    windows = np.lib.stride_tricks.sliding_window_view(np.atleast_2d(signals), span, axis=1)[..., ::delay]
    # The rank of each value among those after it, which says the same as the permutation: the Lehmer code.
    code = np.zeros(windows.shape[:2], dtype=np.int64)
    for k in range(order - 1):
        code = code * (order - k) + (windows[..., k + 1 :] < windows[..., k, None]).sum(axis=-1)
    found = np.array([_entropy(row) for row in code])
    if normalize:
        found /= np.log2(np.arange(2, order + 1)).sum()
    return float(found[0]) if signals.ndim == 1 else found


def _complexity(count: Callable[[np.ndarray, int], np.ndarray], word: Any, alphabet: Any, normalize: bool) -> Any:
    words, alphabet, single = _words(word, alphabet)
    counts = count(words, alphabet)
    if not normalize:
        return int(counts[0]) if single else counts
    n = words.shape[1]
    found = counts * (np.log(n) / np.log(alphabet) / n) if n > 1 else np.full(len(counts), np.nan)
    return float(found[0]) if single else found


def _lz76_counts(words: np.ndarray, alphabet: int) -> np.ndarray:
    from . import lempel_ziv as kernels

    counts = np.empty(len(words), dtype=np.int64)

    def of(first: int, last: int) -> None:
        rows = range(first, last)
        if alphabet == 2:
            kernels.lz76_of_bits(words[first:last], counts[first:last])
            rows = [k for k in rows if counts[k] < 0]  # type: ignore[assignment]
        for k in rows:
            counts[k] = kernels.lz76_any(words[k].astype(np.int32), int(words[k].max()) + 1)

    _shared_out(of, *words.shape)
    return counts


def _lz78_counts(words: np.ndarray, alphabet: int) -> np.ndarray:
    from . import lempel_ziv as kernels

    counts = np.empty(len(words), dtype=np.int64)
    _shared_out(lambda first, last: kernels.lz78_of(words[first:last], alphabet, counts[first:last]), *words.shape)
    return counts


def _shared_out(of: Callable[[int, int], None], number: int, length: int) -> None:
    """Call `of` with ranges of words that cover all, on as many threads as there are cores to use."""
    worth = min(number, number * length // _WORTH)
    threads = min(cores(), worth) if worth > 1 else 1
    if threads < 2:
        of(0, number)
        return
    # several for each thread, since words differ in how long they take
    bounds = np.linspace(0, number, min(4 * threads, number) + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(of, bounds[:-1], bounds[1:]))


def _words(word: Any, alphabet: Any) -> tuple[np.ndarray, int, bool]:
    """Checked labels [words, symbols], the size of the alphabet, and whether one word was given."""
    from . import lempel_ziv as kernels

    alphabet = _whole("alphabet", alphabet)
    if not 2 <= alphabet < 2**31:
        raise BioplastError(f"alphabet is {alphabet}: a number of labels from 2 is accepted")
    if np.ma.is_masked(word):
        raise BioplastError("a word has masked elements: a symbol at every place is accepted")
    try:
        given = np.asarray(word)
    except ValueError:
        raise BioplastError("words of different lengths: one length for all is accepted, [words, symbols]") from None
    if given.dtype.kind not in "biu" and given.size:
        kind = "text" if given.dtype.kind in "US" else f"values of type {given.dtype}"
        raise BioplastError(
            f"a word of {kind}: whole numbers from 0 to {alphabet - 1}, or truth values, are accepted; "
            "bioplast.analysis.words makes them of spikes"
        )
    if given.ndim not in (1, 2):
        raise BioplastError(f"a word has shape {given.shape}: [symbols] or [words, symbols] is accepted")
    if not given.size:
        raise BioplastError(f"a word is empty (shape {given.shape}): at least one symbol is needed")
    rows = given.view(np.uint8) if given.dtype == bool else given
    if rows.dtype == np.uint64:
        rows = np.minimum(rows, np.uint64(2**62))
    if rows.dtype != np.uint8:
        rows = rows.astype(np.int64, copy=False)
    length = given.shape[-1]
    rows = rows.reshape(-1)  # a copy unless it lies in one piece
    labels = np.empty(rows.size, dtype=np.uint8 if alphabet <= 256 else np.int32)
    wrong = kernels.labels(rows, alphabet, labels)
    found = labels.reshape(-1, length)
    if wrong >= 0:
        row, symbol = divmod(wrong, length)
        where = f"symbol {symbol}" + (f" of word {row}" if given.ndim == 2 else "")
        raise BioplastError(f"{where} is {rows[wrong]}: 0 to {alphabet - 1} are accepted")
    if alphabet > found.size:  # the labels that occur, renamed: tables have a place for each
        _, renamed = np.unique(found, return_inverse=True)
        found = renamed.reshape(found.shape).astype(np.int32)
    return found, alphabet, given.ndim == 1


def _whole(name: str, number: Any) -> int:
    if isinstance(number, bool | np.bool_) or not hasattr(number, "__index__"):
        raise BioplastError(f"{name} is {number!r}: a whole number is accepted")
    return int(number)


def _blocks(words: np.ndarray, length: int, alphabet: int) -> np.ndarray:
    """A number for the block that begins at each place, [words, places]: the same for equal blocks only."""
    number = words.astype(np.int64)
    places = words.shape[1] - length + 1
    code, names = number[:, :places], alphabet
    for k in range(1, length):
        if names > 2**62 // alphabet:  # rename those that occur
            _, code = np.unique(code, return_inverse=True)
            code = code.reshape(len(words), places)
            names = int(code.max()) + 1
        code = code * alphabet + number[:, k : k + places]
        names *= alphabet
    return code


def _entropy(values: np.ndarray) -> float:
    """Entropy of how often each value occurs, in bits."""
    share = np.unique(values, return_counts=True)[1] / values.size
    return float(-(share * np.log2(share)).sum()) + 0.0
