"""HDF5 files that anybody may have made: opened, looked through and read within bounds, nothing outside of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..errors import BioplastError

__all__ = ["LARGEST", "flat_error", "numbers", "opened", "text", "unusable"]

#: What the arrays of a file may take in memory together, in bytes: a few kilobytes can claim any size.
LARGEST = 2 << 30
_OBJECTS = 200_000
_DEPTH = 32
# The attributes of a file that no file of another format has, and their values where these count.
_MARKS: dict[str, tuple[str, str | None]] = {
    "NIX": ("format", "nix"), "NWB": ("nwb_version", None), "SONATA": ("magic", None)
}  # fmt: skip
_DAMAGED = (OSError, RuntimeError, TypeError, ValueError, KeyError, AttributeError, OverflowError, MemoryError)


def unusable(path: Any, why: str) -> BioplastError:
    """The error for a file that cannot be used."""
    return BioplastError(f"{os.fspath(path)}: {why}")


def flat_error(error: BaseException) -> str:
    """What an error of a library says, in one line of bounded length."""
    said = " ".join(str(error).split()) or type(error).__name__
    return said if len(said) <= 200 else said[:197] + "..."


@contextmanager
def opened(
    path: str | os.PathLike[str], format: str, *, soft_links: bool = False, shared: bool = False
) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading once all of it has been looked through.

    Parameters
    ----------
    path : path
    format : str
        What the file is to be, for messages, such as "NIR".
    soft_links : bool
        Whether links to other places of the same file are accepted.
    shared : bool
        Whether a group may lie in several places of the file.

    Yields
    ------
    h5py.File

    Raises
    ------
    BioplastError
        If it is missing, no HDF5 file, cut short or damaged, if it refers to other files, holds more than `LARGEST`
        bytes, or more objects or levels than a file of this kind can need; also if what is done with it inside the
        block fails as it does on a damaged file.
    """
    path = Path(path)
    if not path.exists():
        raise unusable(path, f"there is no such file; a {format} file is accepted")
    if not path.is_file():
        raise unusable(path, f"is no file; a {format} file is accepted")
    try:
        with h5py.File(path, "r") as file:
            for other, (mark, value) in _MARKS.items():
                if other != format and mark in file.attrs and value in (None, file.attrs[mark]):
                    raise unusable(path, f"is no {format} file but a {other} file, which read_{other.lower()} reads")
            _look_through(file, path, soft_links, shared)
            yield file
    except BioplastError:
        raise
    except _DAMAGED as error:
        raise unusable(path, f"is no {format} file, or cut short or damaged ({flat_error(error)})") from None


def _look_through(file: h5py.File, path: Path, soft_links: bool, shared: bool) -> None:
    total, objects = 0, 0
    seen: set[int] = set()
    waiting: list[tuple[h5py.Group, int]] = [(file, 0)]
    while waiting:
        group, depth = waiting.pop()
        for name in group:
            where = f"{group.name.rstrip('/')}/{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise unusable(path, f"{where} is a link to another file, which is not followed")
            if isinstance(link, h5py.SoftLink):
                if soft_links:
                    continue  # what it leads to is looked through where it lies
                raise unusable(path, f"{where} is a link to another place, which no file of this format has")
            objects += 1
            if objects > _OBJECTS or depth > _DEPTH:
                raise unusable(path, f"more than {_OBJECTS} objects, or nested deeper than {_DEPTH} levels")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                if isinstance(item, h5py.Group) and not shared:
                    raise unusable(path, f"{where} is a group that contains itself, or lies in two places")
                continue
            seen.add(address)
            if isinstance(item, h5py.Group):
                waiting.append((item, depth + 1))
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise unusable(path, f"{where} keeps its content in another file, which is not read")
                total += item.size * item.dtype.itemsize if item.size else 0
                if total > LARGEST:
                    size = f"{total / 2**30:.3g} GiB with {where} of the shape {item.shape}"
                    raise unusable(path, f"holds {size}: at most {LARGEST / 2**30:g} GiB are read")


def numbers(item: Any, path: Any, where: str, dimensions: int | None = None) -> np.ndarray:
    """A dataset of finite real numbers.

    Parameters
    ----------
    item : object
        What lies there; a dataset is accepted.
    path, where
        For messages.
    dimensions : int, optional
        How many dimensions it must have.

    Returns
    -------
    ndarray
        Integers as int64 or uint64, others as float64.

    Raises
    ------
    BioplastError
        For a group, text, complex numbers, NaN, infinity or another number of dimensions.
    """
    if not isinstance(item, h5py.Dataset):
        raise unusable(path, f"{where} is a group: an array of numbers is accepted")
    if item.dtype.kind not in "fiub":
        raise unusable(path, f"{where} holds {_kind(item.dtype)}: an array of numbers is accepted")
    found = np.asarray(item[()])
    found = found.astype(np.float64) if found.dtype.kind == "f" else found
    if dimensions is not None and found.ndim != dimensions:
        raise unusable(path, f"{where} has the shape {found.shape}: {dimensions} dimensions are accepted")
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise unusable(path, f"{where} holds NaN or infinity: finite numbers are accepted")
    return found


def text(item: Any, path: Any, where: str) -> str:
    """A dataset that is one text."""
    if isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None and item.shape == ():
        found = item[()]
        return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)
    raise unusable(path, f"{where} is no text")


def _kind(dtype: np.dtype[Any]) -> str:
    names = {"O": "text or references", "S": "text", "U": "text", "c": "complex numbers", "V": "compound values"}
    return names.get(dtype.kind, str(dtype))
