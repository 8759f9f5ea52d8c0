"""From C++ sources to a program on disk: compiled once for the same sources, compiler, flags and processor."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ...errors import BuildError
from ...machine import cores, processor
from . import cache

#: The source that includes the headers of all units.
PRELUDE = "prelude.h"
# With these, gcc before 13 links code into a shared library that lets the thread that loads it, and all that it starts
# afterwards, take numbers below 2.2e-308 for zero: in Python it would do so to everything that the user computes.
_FLUSHING = frozenset({"-ffast-math", "-funsafe-math-optimizations", "-Ofast"})


@dataclass(frozen=True)
class Compiler:
    """A compiler and how it is called.

    Attributes
    ----------
    command : str
    flags, link_flags : tuple of str
    headers : tuple of Path
        The files of the user's that it will read.
    probed : bool
        Whether the compiler is tried with each flag and goes without those that it does not know.
    language : str
        What it compiles, for messages.
    """

    command: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...] = ()
    headers: tuple[Path, ...] = ()
    probed: bool = True
    language: str = "C++"


@functools.lru_cache
def _version(command: str) -> str:
    answer = subprocess.run([*command.split(), "--version"], capture_output=True, text=True).stdout
    return " ".join(line for line in answer.splitlines() if re.search(r"\d+\.\d+", line))


@functools.lru_cache
def accepts(command: str, *flags: str) -> bool:
    """Whether the compiler takes flags, all of them."""
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "empty.cpp"
        source.write_text("int main() { return 0; }\n")
        call = [*command.split(), *flags, "-o", str(Path(place) / "empty"), str(source)]
        return subprocess.run(call, capture_output=True).returncode == 0


def _linking(compiler: Compiler, flags: Sequence[str]) -> list[str]:
    shared = "-shared" in compiler.link_flags
    return [*(flag for flag in flags if not (shared and flag in _FLUSHING)), *compiler.link_flags]


def fingerprint(sources: dict[str, str], compiler: Compiler) -> str:
    """The name of a build: the content of all that it depends on."""
    linking = _linking(compiler, compiler.flags)
    parts = [_version(compiler.command), compiler.command, *compiler.flags, "|", *linking, processor()]
    digest = hashlib.sha256("\0".join(parts).encode())
    for name in sorted(sources):
        digest.update(f"\0{name}\0".encode())
        digest.update(sources[name].encode())
    for header in compiler.headers:
        digest.update(b"\0" + header.read_bytes())
    return digest.hexdigest()[:32]


def build(sources: dict[str, str], compiler: Compiler) -> tuple[Path, bool]:
    """The path of the compiled program and whether it had to be compiled now.

    Two processes that ask for the same build wait for one another; a build that was damaged is made again.

    Raises
    ------
    BuildError
        When the compiler refuses the sources; the log is kept and named.
    """
    name = fingerprint(sources, compiler)
    place = cache.builds() / name
    if _intact(place):
        os.utime(place / "main")
        return place / "main", False
    with cache.locked(name):
        if _intact(place):  # made by another process while this one waited
            return place / "main", False
        cache.remove_leftovers(name)
        work = place.parent
        try:
            work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=place.parent))
            _write(sources, work)
            _compile(sources, compiler, work)
            digest = hashlib.sha256((work / "main").read_bytes()).hexdigest()
            (work / "build.json").write_text(
                json.dumps({"sha256": digest, "compiler": _version(compiler.command), "flags": compiler.flags})
            )
            for leftover in [*work.rglob("*.o"), work / f"{PRELUDE}.gch"]:
                leftover.unlink(missing_ok=True)
            os.replace(work, place)
        except OSError as error:
            raise BuildError(f"cannot write the build cache {place.parent}: {error.strerror}") from error
        finally:
            if work != place.parent:
                shutil.rmtree(work, ignore_errors=True)
    cache.trim(keep=place)
    return place / "main", True


def _intact(place: Path) -> bool:
    try:
        recorded = json.loads((place / "build.json").read_text())["sha256"]
        return hashlib.sha256((place / "main").read_bytes()).hexdigest() == recorded
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(sources: dict[str, str], work: Path) -> None:
    for name, text in sources.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _compile(sources: dict[str, str], compiler: Compiler, work: Path) -> None:
    units = sorted(name for name in sources if name.endswith((".cpp", ".cu")))
    command = compiler.command.split()
    known = compiler.flags
    # tried only when something is compiled, and for each flag only if need be: each trial is a call of the compiler
    if compiler.probed and not accepts(compiler.command, *known):
        known = tuple(flag for flag in known if accepts(compiler.command, flag))
    flags = [*known, "-I."]

    workers = cores()
    precompiled: list[str] = []
    if PRELUDE in sources and len(units) > 5 * workers and "clang" not in _version(compiler.command):
        # Most of the time of a unit goes into reading headers. GCC can do that once, at the price of about three units,
        # of which each then takes less than half.
        header = [*command, *flags, "-x", "c++-header", PRELUDE, "-o", f"{PRELUDE}.gch"]
        _call(header, work, compiler.language)
        precompiled = ["-include", PRELUDE]

    def unit(name: str) -> str:
        target = name + ".o"
        _call([*command, *flags, *precompiled, "-c", name, "-o", target], work, compiler.language)
        return target

    # the largest first, so that no core waits for one at the end
    units.sort(key=lambda name: -len(sources[name]))
    with ThreadPoolExecutor(workers) as pool:
        objects = list(pool.map(unit, units))
    _call([*command, *sorted(objects), "-o", "main", *_linking(compiler, flags)], work, compiler.language)


def _call(call: Sequence[str], work: Path, language: str) -> None:
    done = subprocess.run(call, cwd=work, capture_output=True, text=True)
    if done.returncode:
        log = cache.folder() / "failed-build.log"
        with contextlib.suppress(OSError):
            log.write_text(" ".join(call) + "\n" + done.stderr)
        first = next(
            (line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip() or "no message"
        )
        raise BuildError(f"the {language} compiler failed: {first.strip()} (all of it in {log})")
