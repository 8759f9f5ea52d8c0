"""Words from files: bits as text, rasters as NumPy arrays, spike trains as NIX or NWB; and how complex each is.

>>> import tempfile
>>> from pathlib import Path
>>> from bioplast.analysis import word_files
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder) / "words.txt"
...     _ = path.write_text("1001111011000010\\n0000 0000 0000 0000\\n")
...     for word in word_files.complexities(path):
...         print(word.name, word.symbols, word.lz76, word.lz78)
line 1 16 6 8
line 2 16 2 6
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import BioplastError
from ._trains import TOLERANCE, positive, seconds
from .complexity import entropy_rate, lz76, lz78
from .counts import words

__all__ = ["BIN", "BLOCK", "Complexity", "bin_width", "complexities", "read_words", "shortest"]

# The bin of spike trains in seconds, and the block of the entropy rate in symbols, unless others are asked for.
BIN = 1e-3
BLOCK = 4
# Symbols of a file: 40 bytes for each are needed.
MOST = 10**8
# How many times each possible block fits into a word whose entropy rate is worth a number.
_EACH = 16

_WHITESPACE = re.compile(rb"\s+")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}

Named = tuple[str, np.ndarray]


@dataclass(frozen=True)
class Complexity:
    """A word of a file, and what its symbols are like.

    Attributes
    ----------
    name : str
        Which word of the file it is.
    symbols, ones : int
        How many symbols it has, and how many of them are 1.
    lz76, lz78 : int
        Lempel-Ziv complexity of 1976 and of 1978.
    normalized : float
        That of 1976 times log2(n)/n; NaN for a single symbol.
    entropy_rate : float
        In bits for each symbol; NaN for a word that is too short for its blocks.
    """

    name: str
    symbols: int
    ones: int
    lz76: int
    lz78: int
    normalized: float
    entropy_rate: float


def complexities(path: Any, *, bin: Any = None, transpose: bool = False, block: int = BLOCK) -> list[Complexity]:
    """The complexity of every word of a file.

    Parameters
    ----------
    path, bin, transpose
        As for `read_words`.
    block : int
        Length of the blocks of the entropy rate, from 1; a word has one if it is at least ``16*2**block`` symbols long,
        since that of a shorter one would be too low.

    Raises
    ------
    BioplastError
        As `read_words`; or the length of a block is none.
    """
    if isinstance(block, bool) or not hasattr(block, "__index__") or not 1 <= block <= 24:
        raise BioplastError(f"a block of {block!r} symbols: a whole number from 1 to 24 is accepted")
    named = read_words(path, bin=bin, transpose=transpose)
    of_length: dict[int, list[int]] = {}
    for k, (_, word) in enumerate(named):
        of_length.setdefault(word.size, []).append(k)
    found: dict[int, Complexity] = {}
    for length, chosen in of_length.items():
        batch = np.stack([named[k][1] for k in chosen])
        rate = entropy_rate(batch, block) if length >= shortest(block) else np.full(len(batch), np.nan)
        columns = batch.sum(axis=1, dtype=np.int64), lz76(batch), lz78(batch), lz76(batch, normalize=True), rate
        for k, *row in zip(chosen, *(column.tolist() for column in columns), strict=True):
            found[k] = Complexity(named[k][0], length, *row)
    return [found[k] for k in range(len(named))]


def read_words(path: Any, *, bin: Any = None, transpose: bool = False) -> list[Named]:
    """The binary words of a file, each with a name.

    Parameters
    ----------
    path : str or Path
        ``.txt``, ``.bits``, ``.dat`` or no ending: text of 0 and 1, one word a line; blanks between symbols and empty
        lines mean nothing. ``.npy``: an array of one word [symbols], or [words, symbols], of truth values or of
        numbers that are 0 or 1. ``.nix`` (extra ``nix``) and ``.nwb`` (extra ``nwb``): spike trains, a word for each,
        1 where a bin has a spike; in NWB a word for each interval in which a unit was observed, and if these are not
        said, from 0 or the first spike to the last one of all.
    bin : float, optional
        Of spike trains, in seconds, which begins where a train does; 1 ms if not given. A last bin that is not full is
        left out.
    transpose : bool
        Of an array: it is [steps, neurons], as `Output.raster` has it.

    Returns
    -------
    list of tuple (str, ndarray of uint8 [symbols])

    Raises
    ------
    BioplastError
        The file is not there, cut short, of another kind, empty, larger than 100,000,000 symbols or has other symbols;
        what reads it is not installed; or an option does not belong to its kind. Nothing is ever unpickled.
    """
    path = Path(path)
    if path.is_dir() or not path.exists():
        raise BioplastError(f"{path}: {'a folder, not a file' if path.is_dir() else 'no such file'}")
    ending = path.suffix.lower()
    if ending not in _READERS:
        known = ", ".join(name for name in _READERS if name)
        raise BioplastError(f"{path}: files that end in {known} are accepted, or text of 0 and 1 without an ending")
    spikes = ending in (".nix", ".nwb")
    if bin is not None and not spikes:
        raise BioplastError(f"{path}: a bin belongs to spike trains (.nix, .nwb)")
    if transpose and ending != ".npy":
        raise BioplastError(f"{path}: only arrays (.npy) are transposed")
    try:
        if spikes:
            found = _whole(path, _READERS[ending](path, positive("the bin", BIN if bin is None else bin)))
        else:
            found = _whole(path, _READERS[ending](path, transpose))
    except OSError as error:
        raise BioplastError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not found:
        raise BioplastError(f"{path}: no {'spike train' if spikes else 'word'} in it")
    return found


def shortest(block: int) -> int:
    """How many symbols a word needs for an entropy rate of blocks of so many."""
    return _EACH << block


def bin_width(text: str) -> float:
    """A bin in seconds from text such as "1 ms"; BioplastError unless it is a positive time in s, ms or us."""
    match = re.fullmatch(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(s|ms|us)\s*", text)
    try:
        width = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    except ValueError:
        width = 0.0
    if not 0 < width < np.inf:
        raise BioplastError(f"a bin of {text!r}: a positive time in s, ms or us is accepted, such as '1 ms'")
    return width


def _whole(path: Path, each: Iterator[Named]) -> list[Named]:
    found, size = [], 0
    for name, word in each:
        found.append((name, word))
        if (size := size + word.size) > MOST:
            raise _too_large(path, size)
    return found


def _too_large(path: Path, size: float) -> BioplastError:
    return BioplastError(f"{path}: {size:,.0f} symbols or more: up to {MOST:,} are accepted")


def _of_text(path: Path, _: bool) -> Iterator[Named]:
    if (size := path.stat().st_size) > 2 * MOST:  # a blank for each symbol
        raise _too_large(path, size / 2)
    text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    for number, line in enumerate(text.splitlines(), 1):
        word = np.frombuffer(_WHITESPACE.sub(b"", line), dtype=np.uint8) - ord("0")
        if (wrong := np.flatnonzero(word > 1)).size:
            byte = (int(word[wrong[0]]) + ord("0")) % 256
            shown = repr(chr(byte)) if 32 < byte < 127 else f"the byte {byte:#04x}"
            raise BioplastError(f"{path}, line {number}: symbol {wrong[0] + 1} is {shown}: 0 and 1 are accepted")
        if word.size:
            yield f"line {number}", word


def _of_array(path: Path, transpose: bool) -> Iterator[Named]:
    try:
        # not numpy.load, which takes pickles and archives for arrays
        array = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError, SyntaxError) as error:
        if "Python objects" in str(error):
            raise BioplastError(f"{path}: Python objects are not read: an array of 0 and 1 is accepted") from None
        if "empty file" in str(error):
            raise BioplastError(f"{path}: the array is empty") from None
        raise BioplastError(f"{path}: no whole NumPy array (.npy): {' '.join(str(error).split())}") from None
    if array.dtype.kind not in "biuf":
        raise BioplastError(f"{path}: an array of {array.dtype}: truth values, or 0 and 1, are accepted")
    if array.ndim not in (1, 2) or (transpose and array.ndim == 1):
        accepted = "[steps, neurons]" if transpose else "[symbols] or [words, symbols]"
        raise BioplastError(f"{path}: an array of shape {array.shape}: {accepted} is accepted")
    if not array.size:
        raise BioplastError(f"{path}: the array is empty, of shape {array.shape}")
    if array.size > MOST:
        raise _too_large(path, array.size)
    rows = np.atleast_2d(array.T if transpose else array)
    wrong = np.argwhere((rows != 0) & (rows != 1))
    if wrong.size:
        row, symbol = wrong[0]
        where = f"symbol {symbol} of word {row}" if array.ndim == 2 else f"symbol {symbol}"
        raise BioplastError(f"{path}: {where} (from 0) is {rows[row, symbol]}: 0 and 1 are accepted")
    bits = rows.astype(np.uint8)
    for k, word in enumerate(bits):
        yield f"{'neuron' if transpose else 'word'} {k}" if array.ndim == 2 else "word", word


def _installed(path: Path, module: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError:
        raise BioplastError(
            f"{path}: {module} is needed to read it and is not installed: pip install 'bioplast[{extra}]'"
        ) from None


def _of_nix(path: Path, bin: float) -> Iterator[Named]:
    _installed(path, "nixio", "nix")
    from neo.io import NixIO

    def trains() -> list[tuple[str, Any]]:
        with NixIO(str(path), mode="ro") as file:
            blocks = file.read_all_blocks()
        found = []
        for b, block in enumerate(blocks):
            for s, segment in enumerate(block.segments):
                for k, train in enumerate(segment.spiketrains):
                    place = ([f"block {b}"] if len(blocks) > 1 else []) + (
                        [f"segment {s}"] if len(block.segments) > 1 else []
                    )
                    found.append((", ".join([*place, train.name or f"train {k}"]), train))
        return found

    for name, train in _by(path, "NIX", trains):
        yield name, _word(path, name, seconds(train), float(seconds(train.t_start)), float(seconds(train.t_stop)), bin)


def _of_nwb(path: Path, bin: float) -> Iterator[Named]:
    pynwb = _installed(path, "pynwb", "nwb")

    def units() -> list[tuple[str, np.ndarray, np.ndarray | None]]:
        with pynwb.NWBHDF5IO(str(path), mode="r", load_namespaces=True) as file:
            table = file.read().units
            if table is None or "spike_times" not in table.colnames:
                return []
            observed = "obs_intervals" in table.colnames
            return [
                (
                    f"unit {number}",
                    np.asarray(table.get_unit_spike_times(row), dtype=float),
                    np.reshape(table.get_unit_obs_intervals(row), (-1, 2)).astype(float) if observed else None,
                )
                for row, number in enumerate(table.id[:])
            ]

    found = _by(path, "NWB", units)
    every = np.concatenate([times for _, times, _ in found] or [np.empty(0)])
    for name, times, intervals in found:
        if intervals is not None:
            for start, stop in intervals:
                inside = (times >= start - TOLERANCE) & (times <= stop)
                of = name if len(intervals) == 1 else f"{name}, {start:g} to {stop:g} s"
                yield of, _word(path, of, times[inside], start, stop, bin)
        elif every.size and np.isfinite(every).all():
            start = min(float(every.min()), 0.0)
            bins = np.floor((every.max() - start + TOLERANCE) / bin) + 1
            yield name, _word(path, name, times, start, start + bins * bin, bin)
        else:
            raise BioplastError(f"{path}: no unit has a spike, or a time is not finite")


def _by(path: Path, kind: str, read: Callable[[], list[Any]]) -> list[Any]:
    """What a reader of others gives; whatever it cannot do ends in one line."""
    try:
        return read()
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise BioplastError(f"{path}: cannot be read as {kind}: {said[:200]}") from None


def _word(path: Path, name: str, times: np.ndarray, start: float, stop: float, bin: float) -> np.ndarray:
    if (stop - start) / bin > MOST:
        raise _too_large(path, (stop - start) / bin)
    try:
        return words(times, np.zeros(len(times), dtype=int), 1, stop - start, bin, start)[0]
    except BioplastError as error:
        raise BioplastError(f"{path}, {name}: {error}") from None


_READERS: dict[str, Callable[[Path, Any], Iterator[Named]]] = {
    "": _of_text,
    ".txt": _of_text,
    ".bits": _of_text,
    ".dat": _of_text,
    ".npy": _of_array,
    ".nix": _of_nix,
    ".nwb": _of_nwb,
}
