"""What works on this machine, and how to get the rest: ``bioplast doctor``."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .errors import BioplastError, TargetUnavailable
from .machine import find_compiler

__all__ = ["Check", "Examination", "examine"]

PYTHONS = ((3, 11), (3, 13))
BRIAN2 = ((2, 9), (2, 11))


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
    works : bool
    found : str
        What there is.
    remedy : str
        How to get what is missing; "" when it works.
    """

    name: str
    works: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Examination:
    """All checks, and which targets work."""

    checks: list[Check] = field(default_factory=list)
    targets: list[Check] = field(default_factory=list)

    def text(self) -> str:
        """A line for each check, a second one for what helps."""
        width = max(len(check.name) for check in [*self.checks, *self.targets])
        lines = [_lines(check, width) for check in self.checks]
        if self.targets:
            lines += ["\ntargets\n", *(_lines(check, width) for check in self.targets)]
        return "".join(lines)


def _lines(check: Check, width: int) -> str:
    text = f"{'works ' if check.works else 'lacks '} {check.name:{width}}  {check.found}".rstrip() + "\n"
    return text + (f"{'':7}{'':{width}}  -> {check.remedy}\n" if check.remedy else "")


def examine() -> Examination:
    """Look at the machine. Nothing is installed or changed."""
    checks = [
        check_python(sys.version_info[:3]),
        check_brian2(_version("brian2"), _version("numpy"), sys.version_info[:2]),
        check_compiler(),
        check_openmp(),
        check_make(),
        check_header(Path(sysconfig.get_paths()["include"])),
        check_cython(),
        check_gpu(),
        check_cache(),
    ]
    return Examination(checks, check_targets())


def check_python(found: Sequence[int]) -> Check:
    """Python's version against those that bioplast is tested with."""
    low, high = PYTHONS
    works = low <= tuple(found[:2]) <= high
    remedy = "" if works else f"use Python {_dotted(low)} to {_dotted(high)}"
    return Check("Python", works, f"{_dotted(found)} ({sys.executable})", remedy)


def check_brian2(brian2: str | None, numpy: str | None, python: Sequence[int]) -> Check:
    """Brian2's version, and whether NumPy's goes with it.

    Parameters
    ----------
    brian2, numpy : str or None
        Their versions; None for what is not installed.
    python : sequence of int
        Python's version.
    """
    low, high = BRIAN2
    install = f"pip install 'brian2>={_dotted(low)},<{high[0]}.{high[1] + 1}'"
    if tuple(python) < (3, 12):
        install += " 'numpy<2.4'"
    if brian2 is None:
        return Check("Brian2", False, "not installed", install)
    found = f"{brian2} with NumPy {numpy or 'missing'}"
    if not low <= _numbers(brian2) <= high:
        return Check("Brian2", False, f"{found}; {_dotted(low)} to {_dotted(high)} are supported", install)
    if numpy is None:
        return Check("Brian2", False, found, install)
    if _numbers(brian2) == (2, 9) and _numbers(numpy) >= (2, 4):
        return Check("Brian2", False, f"{found}: Brian2 2.9 does not import with NumPy 2.4", "pip install 'numpy<2.4'")
    return Check("Brian2", True, found)


def check_compiler() -> Check:
    """Whether a C++17 program can be compiled and run."""
    try:
        command = find_compiler()
    except TargetUnavailable as error:
        found, _, remedy = str(error).partition(": ")
        return Check("C++ compiler", False, found, remedy)
    output = _compile_and_run(command, "#include <cstdio>\nint main() { std::puts(__VERSION__); }\n", "-std=c++17")
    if output is None:
        found = f"{command} cannot compile a C++17 program"
        return Check("C++ compiler", False, found, "install another one and set CXX to it")
    return Check("C++ compiler", True, f"{command}, {output.strip()}")


def check_openmp() -> Check:
    """Whether the compiler knows OpenMP."""
    try:
        command = find_compiler()
    except TargetUnavailable:
        return Check("OpenMP", False, "needs a C++ compiler", "see there")
    source = '#include <cstdio>\n#include <omp.h>\nint main() { std::printf("%d", omp_get_max_threads()); }\n'
    threads = _compile_and_run(command, source, "-fopenmp")
    if threads is None:
        remedy = "g++ has it; for clang++ on Debian, Ubuntu: apt install libomp-dev; macOS: brew install libomp"
        return Check("OpenMP", False, f"{command} -fopenmp fails", remedy)
    return Check("OpenMP", True, f"{threads} thread{'s' * (threads != '1')}")


def check_make() -> Check:
    """Whether there is a make, which Brian2's own C++ projects and exported ones are built with."""
    path = shutil.which("make")
    if path is None:
        return Check("make", False, "not found", "Debian, Ubuntu: apt install make; macOS: xcode-select --install")
    return Check("make", True, path)


def check_header(include: Path) -> Check:
    """Whether there is a Python.h, which Cython's code is compiled with."""
    header = include / "Python.h"
    if header.is_file():
        return Check("Python.h", True, str(header))
    remedy = "Debian, Ubuntu: apt install python3-dev; Fedora: dnf install python3-devel; the target cython needs it"
    return Check("Python.h", False, f"{header} is missing", remedy)


def check_cython() -> Check:
    """Whether Cython is installed."""
    if importlib.util.find_spec("Cython") is None:
        return Check("Cython", False, "not installed", "pip install cython setuptools")
    return Check("Cython", True, _version("Cython") or "")


def check_gpu() -> Check:
    """Whether there is an NVIDIA GPU, which programs of the target cuda run on."""
    try:
        from .program.cuda.toolkit import gpu

        found = gpu()
    except ImportError as error:
        return Check("GPU", False, f"cannot be told: {error}", "see Brian2")
    if found is None:
        remedy = "the target cuda compiles without one and runs where NVIDIA's driver and nvidia-smi are"
        return Check("GPU", False, "no NVIDIA GPU (nvidia-smi finds none)", remedy)
    return Check("GPU", True, f"{found.name}, compute capability {found.capability}")


def check_cache() -> Check:
    """Where compiled programs are kept, how much room they take, and whether it can be written."""
    try:
        from .program.build import cache

        folder = cache.folder()
        found = f"{folder}: {cache.size() / 1e6:.1f} MB of at most {cache.limit() / 1e6:.0f} MB"
    except BioplastError as error:
        return Check("build cache", False, str(error))
    except ImportError as error:
        return Check("build cache", False, f"cannot be told: {error}", "see Brian2")
    if not _can_be_written(folder):
        return Check("build cache", False, f"{folder} cannot be written", "set BIOPLAST_CACHE to a folder that can")
    return Check("build cache", True, found)


def check_targets() -> list[Check]:
    """Which targets work."""
    try:
        from .program.cuda.toolkit import gpu
        from .program.targets import available

        found = []
        for name, line in available().items():
            told, _, remedy = (line or "").partition(": ")
            if name == "cuda" and line is None and gpu() is None:
                told = "compiles only: there is no GPU to run on"
            found.append(Check(name, line is None, told, remedy))
        return found
    except ImportError as error:
        return [Check("all", False, f"cannot be told: {error}", "see Brian2")]


def _can_be_written(folder: Path) -> bool:
    """Whether a file can be made in the folder, or in the nearest one that exists, where the folder would be made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _compile_and_run(command: str, source: str, *flags: str) -> str | None:
    """What a small C++ program prints; None when it cannot be compiled or run."""
    with tempfile.TemporaryDirectory() as folder:
        file, program = Path(folder, "check.cpp"), Path(folder, "check")
        try:
            file.write_text(source)
            subprocess.run([*command.split(), *flags, str(file), "-o", str(program)], capture_output=True, check=True)
            return subprocess.run([str(program)], capture_output=True, check=True, text=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _dotted(numbers: Sequence[int]) -> str:
    return ".".join(map(str, numbers))
