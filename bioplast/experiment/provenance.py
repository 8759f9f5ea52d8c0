"""What a run was made with: versions, machine, compiler, commit."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ..errors import TargetUnavailable
from ..machine import cores, find_compiler
from ..version import package_versions

__all__ = ["commit", "compiler", "machine", "versions"]


def versions() -> dict[str, str | None]:
    """The versions of Python, the packages and the C++ compiler; None for what is not there."""
    return {
        "python": platform.python_version(),
        **package_versions(["numpy", "brian2", "bioplast"]),
        "compiler": compiler(),
    }


def compiler() -> str | None:
    """The first line that the C++ compiler says of its version; None without a compiler."""
    try:
        return _first_line([*find_compiler().split(), "--version"])
    except TargetUnavailable:
        return None


def machine() -> dict[str, Any]:
    """Processor, number of cores that we may use, architecture and operating system."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "architecture": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def commit() -> str | None:
    """The git commit of the checkout that bioplast runs from, with "+changes" when files differ; None without one."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists() or shutil.which("git") is None:
        return None
    git = ["git", "-C", str(checkout)]
    head = _first_line([*git, "rev-parse", "HEAD"])
    changes = _first_line([*git, "status", "--porcelain", "--untracked-files=no"])
    return f"{head}+changes" if head and changes else head


def _first_line(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next(iter(done.stdout.splitlines()), None)
