"""What the target cuda needs of a machine: brian2cuda, NVIDIA's compiler, cuRAND and, to run, a GPU."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ...errors import TargetUnavailable

#: The release of brian2cuda whose projects are understood here, and the only Brian2 that it works with.
BRIAN2CUDA = "1.0b1"
BRIAN2 = "2.10.1"
_INSTALL = "pip install 'bioplast[cuda]'"


@dataclass(frozen=True)
class Gpu:
    """An NVIDIA GPU: its name and its compute capability, such as "9.0"."""

    name: str
    capability: str


@dataclass(frozen=True)
class Toolkit:
    """NVIDIA's compiler, and where cuRAND's headers and library are.

    Attributes
    ----------
    nvcc : str
    include : Path or None
        The folder of curand.h, when the compiler does not look there by itself.
    curand : Path or None
        The library, when the linker does not find it by itself.
    """

    nvcc: str
    include: Path | None
    curand: Path | None


def missing() -> str | None:
    """What compiling for CUDA lacks here, in one line that says how to get it, or None."""
    try:
        check_packages()
        find_toolkit()
    except TargetUnavailable as reason:
        return str(reason)
    return None


def check_packages() -> None:
    """Refuse to go on without brian2cuda and the Brian2 that it needs."""
    if sys.version_info < (3, 12):
        version = ".".join(map(str, sys.version_info[:2]))
        raise TargetUnavailable(
            f"brian2cuda needs Python 3.12 or newer, not {version}: in an environment of Python 3.12, {_INSTALL}"
        )
    if importlib.util.find_spec("brian2cuda") is None:
        raise TargetUnavailable(f"the package brian2cuda is missing: {_INSTALL}, which brings Brian2 {BRIAN2}")
    for package, wanted in (("brian2cuda", BRIAN2CUDA), ("brian2", BRIAN2)):
        found = metadata.version(package)
        if found != wanted:
            raise TargetUnavailable(
                f"brian2cuda {BRIAN2CUDA} with Brian2 {BRIAN2} is needed, not {package} {found}: {_INSTALL}"
            )


def find_toolkit() -> Toolkit:
    """The CUDA toolkit of ``CUDA_HOME`` or ``CUDA_PATH``, else the one whose nvcc is on the path.

    Raises
    ------
    TargetUnavailable
        When the compiler or cuRAND is missing.
    """
    nvcc = _nvcc()
    if nvcc is None:
        raise TargetUnavailable(
            "no CUDA compiler (nvcc not found): install NVIDIA's CUDA toolkit (developer.nvidia.com/cuda-downloads; "
            "conda: cuda-nvcc) and have nvcc on the PATH, or set CUDA_HOME"
        )
    root = Path(nvcc).resolve().parent.parent
    if any((root / place / "curand.h").is_file() for place in ("include", "targets/x86_64-linux/include")):
        return Toolkit(nvcc, None, None)
    for include in _wheels():
        libraries = sorted((include.parent / "lib").glob("libcurand.so*"))
        if (include / "curand.h").is_file() and libraries:
            return Toolkit(nvcc, include, libraries[0])
    raise TargetUnavailable(f"cuRAND is missing (no curand.h beside {nvcc}): {_INSTALL}")


def _nvcc() -> str | None:
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        if os.environ.get(variable):
            return shutil.which("nvcc", path=os.path.join(os.environ[variable], "bin"))
    return shutil.which("nvcc")


def _wheels() -> list[Path]:
    """The folders of headers that NVIDIA's wheels install."""
    spec = importlib.util.find_spec("nvidia")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    return [include for place in places for include in sorted(place.glob("cu*/include"))]


def gpu() -> Gpu | None:
    """The GPU that a program runs on, or None."""
    command = shutil.which("nvidia-smi")
    return None if command is None else _ask(command)


@functools.lru_cache
def _ask(command: str) -> Gpu | None:
    query = [command, "--query-gpu=name,compute_cap", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    name, _, capability = answer.stdout.partition("\n")[0].rpartition(", ")
    return Gpu(name.strip(), capability.strip()) if answer.returncode == 0 and name else None


@functools.lru_cache
def version(nvcc: str) -> str:
    """The version of CUDA that a compiler belongs to: "13.0"."""
    answer = subprocess.run([nvcc, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"release (\d+\.\d+)", answer)
    if found is None:
        raise TargetUnavailable(f"{nvcc} --version tells no release: install NVIDIA's CUDA toolkit")
    return found[1]


@functools.lru_cache
def lowest_capability(nvcc: str) -> str:
    """The oldest architecture that the compiler knows, for programs that are compiled where no GPU is: "7.5"."""
    answer = subprocess.run([nvcc, "--list-gpu-code"], capture_output=True, text=True).stdout.split()
    numbers = sorted(int(name.removeprefix("sm_")) for name in answer if name.removeprefix("sm_").isdigit())
    return f"{numbers[0] // 10}.{numbers[0] % 10}" if numbers else "7.5"
