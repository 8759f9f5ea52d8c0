"""Which targets there are, and what each needs of the machine."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path

from ..errors import TargetUnavailable, UnknownName
from ..machine import find_compiler
from .build import build
from .cuda import toolkit

TARGETS = ("numpy", "cython", "cpp", "openmp", "cuda", "jax")


def available() -> dict[str, str | None]:
    """Every target, with None when it works here, else one line that says what is missing and how to get it."""
    return {target: missing(target) for target in TARGETS}


def require(target: str) -> None:
    """Refuse a target that does not exist or cannot work on this machine."""
    if target not in TARGETS:
        raise UnknownName("target", str(target), TARGETS)
    reason = missing(target)
    if reason is not None:
        raise TargetUnavailable(f"target {target!r} cannot work here: {reason}")


def missing(target: str) -> str | None:
    """What `target` lacks on this machine, in one line, or None.

    For "cuda" that is what compiling needs; running also needs a GPU (`toolkit.gpu`).
    """
    if target == "jax":
        found = importlib.util.find_spec("jax") is not None
        return None if found else "the package jax is missing: pip install 'bioplast[jax]'"
    try:
        command = find_compiler() if target != "numpy" else ""
    except TargetUnavailable as reason:
        return str(reason)
    if target == "cuda":
        return toolkit.missing()
    if target == "cython":
        if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
            return (
                "the header Python.h is missing: install Python's development files "
                "(Debian and Ubuntu: apt install python3-dev; Fedora: dnf install python3-devel)"
            )
        for module in ("Cython", "setuptools"):
            if importlib.util.find_spec(module) is None:
                return f"the package {module} is missing: pip install {module.lower()}"
    if target == "openmp" and not build.accepts(command, "-fopenmp"):
        return f"{command} does not accept -fopenmp: install a compiler with OpenMP (g++ has it)"
    return None
