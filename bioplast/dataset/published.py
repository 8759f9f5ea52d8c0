"""Files as their authors publish them: found in a folder or downloaded, and known by a checksum before they are read.

`BIOPLAST_DATA` names a folder with files that are there already, in a folder for each data set, such as
``mnist/train-images-idx3-ubyte.gz``. What is not there is downloaded into the user's cache folder. Either way a file is
used only if its checksum is the published one. Files of a `folder` that is given in a call are the user's own: a
part of a data set, or another one in the same format; only their format is checked.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import logging
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import BioplastError
from ..progress import Progress, progress_bar

__all__ = ["VARIABLE", "Folder", "PublishedFile", "at_hand", "locate", "read", "unusable"]

VARIABLE = "BIOPLAST_DATA"

# What a user may give as a folder.
Folder = str | os.PathLike[str] | None

# Bytes that are read at a time.
_CHUNK = 1 << 20


@dataclass(frozen=True)
class PublishedFile:
    """A file of a data set.

    Attributes
    ----------
    dataset : str
        The folder that it lies in, within that of `BIOPLAST_DATA` and within the cache.
    name : str
    urls : tuple of str
        Where it can be had, in the order in which they are tried; none for a file that has to be fetched by hand.
    checksum : str
        Of the file as it is downloaded, ``"md5:..."`` or ``"sha256:..."``.
    content : str, optional
        Of what is packed in a ``.gz``: it is the same, however it was packed, and for the unpacked file.
    page : str
        Where to read about the data set.
    """

    dataset: str
    name: str
    urls: tuple[str, ...]
    checksum: str
    content: str | None = None
    page: str = ""


def locate(file: PublishedFile, folder: Folder = None, progress: Progress = True) -> Path:
    """The path of a file, downloaded if need be; its checksum is known to be right unless it has one of its content.

    Parameters
    ----------
    file : PublishedFile
    folder : path, optional
        With files of the user's own.
    progress : bool or callable
        Of the download, as `bioplast.progress.progress_bar` takes it.

    Raises
    ------
    BioplastError
        The file is not there and cannot be had, or it is not the published one.
    """
    if folder is not None:
        return _required(Path(folder), file)
    if (path := _at_hand(file)) is not None:
        if file.content is None:
            _check(_digest_of_file(path, file.checksum), file.checksum, path, file)
        return path
    return _downloaded(file, progress)


def at_hand(file: PublishedFile) -> bool:
    """Whether a file is on this machine, in the folder of `BIOPLAST_DATA` or in the cache, right or not."""
    return _at_hand(file) is not None or (_cache(file) / file.name).exists()


def read(file: PublishedFile, folder: Folder = None, progress: Progress = True) -> tuple[bytes, Path]:
    """The content of a file, unpacked if it ends in ``.gz``, and where it lies; see `locate`.

    Raises
    ------
    BioplastError
        The file is missing, empty, cut short, damaged, or not the published one.
    """
    path = locate(file, folder, progress)
    with _readable(path, file):
        packed = path.read_bytes()
    if not packed:
        raise unusable(path, "is empty", file)
    content = _unpacked(packed, path, file) if path.suffix == ".gz" else packed
    if folder is None and file.content is not None:
        _check(_digest(content, file.content), file.content, path, file)
    return content, path


def unusable(path: Path, what: str, file: PublishedFile) -> BioplastError:
    """The error of a file that is not what it should be; `what` says why."""
    remedy = f"the {file.name} of {file.page} is accepted" if file.page else f"a {file.name} as published is accepted"
    return BioplastError(f"{file.dataset}: {path} {what}: {remedy}")


def _required(folder: Path, file: PublishedFile) -> Path:
    """A file in a folder of the user's own."""
    if not folder.is_dir():
        raise BioplastError(f"{file.dataset}: folder is {str(folder)!r}, which is no folder")
    if (path := _in(folder, file)) is None:
        raise BioplastError(f"{file.dataset}: {folder} has no {file.name}")
    return path


def _at_hand(file: PublishedFile) -> Path | None:
    """A file in the folder that the environment names, if there is one."""
    chosen = os.environ.get(VARIABLE)
    if not chosen:
        return None
    if not Path(chosen).is_dir():
        raise BioplastError(f"{VARIABLE} is {chosen!r}, which is no folder")
    return _in(Path(chosen) / file.dataset, file)


def _in(folder: Path, file: PublishedFile) -> Path | None:
    """A file in a folder, or what is packed in it."""
    names = (file.name, file.name.removesuffix(".gz")) if file.content else (file.name,)
    return next((folder / name for name in names if (folder / name).exists()), None)


def _cache(file: PublishedFile) -> Path:
    """The folder of what was downloaded; not that of the builds, which are removed when they take too much space."""
    import pooch

    return Path(pooch.os_cache("bioplast-data")) / file.dataset


def _downloaded(file: PublishedFile, progress: Progress) -> Path:
    """A file in the cache with the right checksum: pooch moves it there only when it is whole and right."""
    import pooch
    import requests

    folder, reasons = _cache(file), []
    with _quiet(pooch.get_logger()):
        for url in file.urls:
            try:
                with progress_bar(f"downloading {file.name}", progress) as update:
                    found = pooch.retrieve(
                        url,
                        known_hash=file.checksum,
                        fname=file.name,
                        path=folder,
                        downloader=pooch.HTTPDownloader(progressbar=_Bar(update), timeout=30),
                    )
                return Path(found)
            except requests.RequestException as error:
                reasons.append(f"{url}: {_reason(error)}")
            except ValueError:  # pooch has removed it
                reasons.append(f"{url}: what came has another checksum than the published file")
            except OSError as error:
                raise _unwritable(folder, file, error) from error
    tried = "; ".join(reasons) or "it has to be fetched by hand"
    more = f" from {file.page}" if file.page else ""
    raise BioplastError(
        f"{file.dataset}: no {file.name} ({tried}); without a network, put it{more} into the folder "
        f"{_own_folder(file)}{'' if os.environ.get(VARIABLE) else f' and set {VARIABLE}=FOLDER'}"
    )


def _own_folder(file: PublishedFile) -> Path:
    """Where a user puts a file."""
    return Path(os.environ.get(VARIABLE) or "FOLDER") / file.dataset


def _reason(error: Exception) -> str:
    """Why a download failed, in a few words."""
    import requests

    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the download broke off"
    return "no answer in time" if isinstance(error, requests.Timeout) else "no connection"


def _unwritable(folder: Path, file: PublishedFile, error: OSError) -> BioplastError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    what = f"no space is left in {folder}" if full else f"cannot write {folder} ({error.strerror or error})"
    return BioplastError(
        f"{file.dataset}: {what} for {file.name}; nothing of it is kept. Set XDG_CACHE_HOME to a folder with space, or "
        f"put the file into {_own_folder(file)} and set {VARIABLE}"
    )


class _Bar:
    """What pooch asks of a progress bar."""

    def __init__(self, update: Callable[[float], object]):
        self.total, self.done, self.call = 0, 0, update

    def update(self, size: int) -> None:
        self.done += size
        self.call(min(self.done / self.total, 1.0) if self.total else 0.0)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing: who made the bar ends it."""


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Without the messages of a logger: the bar and the errors say the same."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _readable(path: Path, file: PublishedFile) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unusable(path, f"cannot be read ({error.strerror or error})", file) from error


def _unpacked(packed: bytes, path: Path, file: PublishedFile) -> bytes:
    try:
        return gzip.decompress(packed)
    except EOFError:
        raise unusable(path, "is cut short", file) from None
    except gzip.BadGzipFile as error:
        what = "is no gzip file" if not packed.startswith(b"\x1f\x8b") else f"is damaged ({error})"
        raise unusable(path, what, file) from None
    except zlib.error as error:
        raise unusable(path, f"is damaged ({error})", file) from None


def _digest(content: bytes, expected: str) -> str:
    return hashlib.new(expected.partition(":")[0], content, usedforsecurity=False).hexdigest()


def _digest_of_file(path: Path, expected: str) -> str:
    """The checksum of a file that may be larger than memory."""
    found = hashlib.new(expected.partition(":")[0], usedforsecurity=False)
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                found.update(chunk)
    except OSError as error:
        raise BioplastError(f"{path} cannot be read ({error.strerror})") from error
    return found.hexdigest()


def _check(found: str, expected: str, path: Path, file: PublishedFile) -> None:
    kind, _, right = expected.partition(":")
    if found != right:
        of = "content has" if file.content else "file has"
        raise unusable(
            path,
            f"is not the published file, cut short or altered (its {of} {kind} {found[:12]}..., not {right[:12]}...; "
            "files of your own are read with folder=)",
            file,
        )
