"""Large arrays kept in files between calls, for programs to map instead of reading what they have read before."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path

import numpy as np

from ...errors import RunError

#: Smaller arrays are written anew for every call.
LARGE = 2**20  # bytes
_CHUNK = 2**16  # elements compared at once, so that they stay in the processor's cache


class Kept:
    """Large arrays of one program, each in a file of its own for as long as it does not change."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        self._paths: dict[int, str] = {}  # by the identity of an array that lives
        self._folder: Path | None = None
        self._count = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return Kept, ()  # a copy of a program keeps files of its own

    def array(self, name: str, value: np.ndarray) -> np.ndarray:
        """What `value` holds now: a copy where it is small, else a read-only map of a file, written if it has to be.

        Parameters
        ----------
        name : str
            Under which it is kept; another array of that name takes its place.
        value : array
            May change later.

        Raises
        ------
        RunError
            When the file cannot be written.
        """
        if value.nbytes < LARGE:
            return np.array(value)
        with self._lock:
            known = self._arrays.get(name)
            if known is None or not _equal(known, value):
                known = self._arrays[name] = self._write(value)
            return known

    def path(self, array: np.ndarray) -> str | None:
        """The file of an array that is kept: this very one, not a part or a copy of it."""
        return self._paths.get(id(array))

    def _write(self, value: np.ndarray) -> np.ndarray:
        try:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="bioplast-"))
                weakref.finalize(self, _forget, str(self._folder), os.getpid())
            self._count += 1
            path = str(self._folder / str(self._count))
            with open(path, "wb") as file:
                file.write(np.ascontiguousarray(value).data)
            array = np.memmap(path, dtype=value.dtype, mode="r", shape=value.shape)
        except OSError as error:
            raise RunError(f"cannot keep the data of the network: {error.strerror or error}") from error
        self._paths[id(array)] = path
        # not when another takes its place: a call that runs meanwhile may still have to open it
        weakref.finalize(array, self._paths.pop, id(array), None)
        weakref.finalize(array, _forget, path, os.getpid())
        return array


def _forget(place: str, process: int) -> None:
    """Remove a file or folder, unless this is a fork of the process that made it."""
    if os.getpid() == process:
        shutil.rmtree(place, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.unlink(place)


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are equal bit by bit, NaN included."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    bits = np.dtype(f"u{one.dtype.itemsize}")
    left, right = (np.ascontiguousarray(a).reshape(-1).view(bits) for a in (one, other))
    return all(np.array_equal(left[k : k + _CHUNK], right[k : k + _CHUNK]) for k in range(0, left.size, _CHUNK))
