"""Members of a packed archive, read one after the other; nothing is unpacked onto the disk."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from .published import PublishedFile, unusable

__all__ = ["members"]

# Bytes that are read at a time.
_CHUNK = 1 << 20


def members(path: Path, file: PublishedFile, wanted: Callable[[str], object]) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the ordinary files of a ``.tar.gz`` that are wanted, in the order of the archive.

    Whether the archive is whole is known only when the last of them has been asked for.

    Raises
    ------
    BioplastError
        The archive is empty, no archive, cut short or damaged.
    """
    try:
        with gzip.open(path) as unpacked:
            with tarfile.open(fileobj=unpacked, mode="r|") as archive:
                for member in archive:
                    if member.isfile() and wanted(member.name):
                        stream = archive.extractfile(member)
                        assert stream is not None  # it is a file
                        yield member.name, stream.read()
            # to the end, where gzip compares its checksum
            while unpacked.read(_CHUNK):
                pass
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unusable(path, f"cannot be read ({error.strerror})", file) from error
        what = "is no .tar.gz, or cut short or damaged" if path.stat().st_size else "is empty"
        raise unusable(path, f"{what} ({error})", file) from None
