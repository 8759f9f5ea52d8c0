"""The folder where C++ builds and what JAX compiled are kept between runs and processes.

``BIOPLAST_CACHE`` names another folder, ``BIOPLAST_CACHE_LIMIT`` another size limit in bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ...errors import BioplastError
from ...machine import processor

DEFAULT_LIMIT = 1 << 30


def folder() -> Path:
    """The cache folder; it need not exist yet."""
    chosen = os.environ.get("BIOPLAST_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bioplast"


def limit() -> int:
    """The size in bytes above which the builds that were used least recently are removed."""
    text = os.environ.get("BIOPLAST_CACHE_LIMIT", "")
    if not text:
        return DEFAULT_LIMIT
    if not text.isdigit():
        raise BioplastError(f"BIOPLAST_CACHE_LIMIT is {text!r}: a whole number of bytes is accepted")
    return int(text)


def builds() -> Path:
    """The folder that holds one folder for each build, made when it is missing."""
    place = folder() / "builds"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(place, error) from error
    return place


def compilations() -> Path:
    """The folder of what JAX compiled for this processor, one file each; it need not exist yet.

    JAX itself takes what it finds there, also if it was compiled for a processor that knows more.
    """
    return folder() / "jax" / hashlib.sha256(processor().encode()).hexdigest()[:16]


def _unwritable(place: Path, error: OSError) -> BioplastError:
    return BioplastError(
        f"cannot write the build cache {place}: {error.strerror}; set BIOPLAST_CACHE to one that can be written"
    )


def remembered(question: str, answer: Callable[[], str]) -> str:
    """The answer to a question that is slow to work out, kept between processes; a damaged one is worked out again.

    Parameters
    ----------
    question : str
        All that the answer depends on.
    answer : callable
        Works it out.
    """
    place = folder() / "texts"
    path = place / hashlib.sha256(question.encode()).hexdigest()[:32]
    with contextlib.suppress(OSError, ValueError):
        checksum, text = path.read_text().split("\n", 1)
        if checksum == hashlib.sha256((question + text).encode()).hexdigest():
            return text
    text = answer()
    with contextlib.suppress(OSError):  # a cache that cannot be written only costs time
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place, delete=False) as file:
            file.write(hashlib.sha256((question + text).encode()).hexdigest() + "\n" + text)
        os.replace(file.name, path)
    return text


def _bytes(place: Path) -> int:
    with contextlib.suppress(OSError):
        if place.is_file():
            return place.stat().st_size
    total = 0
    for root, _, names in os.walk(place):
        for name in names:
            with contextlib.suppress(OSError):  # another process may remove it meanwhile
                total += (Path(root) / name).stat().st_size
    return total


def size() -> int:
    """Bytes that the cache takes."""
    return _bytes(folder())


def clear() -> int:
    """Remove every build that no process is making; returns the bytes freed."""
    before = size()
    for build in _finished(folder() / "builds"):
        _remove(build)
    for name in ("texts", "cython", "jax"):
        shutil.rmtree(folder() / name, ignore_errors=True)
    return before - size()


def trim(keep: Path | None = None) -> None:
    """Remove the builds and compilations used least recently until the rest fits the limit; `keep` stays."""
    by_age = sorted((_last_use(b), b) for b in [*_finished(folder() / "builds"), *_compilations()])
    total = sum(_bytes(build) for _, build in by_age)
    for _, build in by_age:
        if total <= limit():
            return
        if build != keep:
            total -= _bytes(build)
            _remove(build)


def _finished(place: Path) -> list[Path]:
    return [p for p in place.iterdir() if p.is_dir() and not p.name.startswith(".")] if place.exists() else []


def _compilations() -> list[Path]:
    """What JAX compiled, for any processor."""
    return list((folder() / "jax").glob("*/*-cache"))


def _last_use(build: Path) -> float:
    try:
        if build.parent.parent == folder() / "jax":  # JAX only reads what it finds
            return max(build.stat().st_atime, build.stat().st_mtime)
        return (build / "main").stat().st_mtime
    except OSError:
        return 0.0


def _remove(build: Path) -> None:
    if build.parent.parent == folder() / "jax":
        build.unlink(missing_ok=True)
        return
    with locked(build.name):
        remove_leftovers(build.name)


def remove_leftovers(name: str) -> None:
    """Remove a build whose lock is held, and what processes that were killed left of it."""
    for place in [builds() / name, *builds().glob(f".{name}.*")]:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of one build; it is freed by the system when the process ends, however it ends."""
    try:
        lock = open(builds() / f".{name}.lock", "w")  # noqa: SIM115 - closed below
    except OSError as error:
        raise _unwritable(builds(), error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
