"""This machine: its C++ compiler, its processor, its cores."""

from __future__ import annotations

import functools
import os
import platform
import shutil
from pathlib import Path

from .errors import BioplastError, TargetUnavailable

# The environment variable that gives a process its share of the cores.
SHARE = "BIOPLAST_CORES"


def all_cores() -> int:
    """The cores of this machine that are not forbidden to us."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores() -> int:
    """The cores that this process may use: all, or as many as ``BIOPLAST_CORES`` says, the share of a worker.

    Raises
    ------
    BioplastError
        ``BIOPLAST_CORES`` is no whole number from 1.
    """
    share = os.environ.get(SHARE, "").strip()
    if not share:
        return all_cores()
    if not share.isdecimal() or int(share) < 1:
        raise BioplastError(f"{SHARE} is {share!r}: a whole number from 1 is accepted")
    return min(int(share), all_cores())


def find_compiler() -> str:
    """The command of the C++ compiler: what ``CXX`` says unless it is blank, else g++, else clang++.

    Returns
    -------
    command : str
        A program that exists and perhaps arguments, between blanks, such as "ccache g++".

    Raises
    ------
    TargetUnavailable
        When there is none.
    """
    chosen = os.environ.get("CXX", "").strip()
    if not set(chosen).isdisjoint("\"'\\"):
        raise TargetUnavailable(
            f"CXX is {chosen}: a command and its arguments between blanks are accepted, without quotes and backslashes"
        )
    for command in [chosen] if chosen else ["g++", "clang++"]:
        if shutil.which(command.split()[0]):
            return command
    raise TargetUnavailable(
        f"no C++ compiler ({f'CXX={chosen}' if chosen else 'g++ or clang++'} not found): install g++ (Debian and "
        "Ubuntu: apt install g++; Fedora: dnf install gcc-c++; macOS: xcode-select --install; conda: gxx) or set CXX "
        "to another compiler"
    )


@functools.lru_cache
def processor() -> str:
    """What -march=native depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    wanted = ("model name", "flags", "cpu family", "model", "stepping", "Features", "CPU part")
    facts = {line.split(":")[0].strip(): line for line in lines if line.split(":")[0].strip() in wanted}
    return f"{platform.machine()} {sorted(facts.values())}"
