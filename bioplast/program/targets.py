"""The targets: what each takes and needs, in one table that everything else asks."""

from __future__ import annotations

import importlib
import importlib.util
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BioplastError, TargetUnavailable, UnknownName
from ..machine import find_compiler
from .build import build
from .cuda import toolkit
from .program import Program

#: What `compile` may be asked for beside what every target takes, and what stands for "not asked for".
OPTIONS: Mapping[str, Any] = {
    "threads": None,
    "fast_math": False,
    "surrogate": None,
    "detach_reset": False,
    "dtype": None,
    "remat": False,
}


@dataclass(frozen=True)
class Target:
    """Where a network can run.

    Attributes
    ----------
    name : str
    folder, program : str
        Its folder in bioplast.program, and the class of its programs there, in the file ``program``.
    options : frozenset of str
        Those of `OPTIONS` that it takes.
    lacks : callable
        Says in one line what it lacks on this machine, or returns None.
    assesses : bool
        Whether neurons are assessed there: runs of any number of steps, without compiling each.
    """

    name: str
    folder: str
    program: str
    options: frozenset[str]
    lacks: Callable[[], str | None]
    assesses: bool = True

    def load(self) -> type[Program]:
        """The class of its programs, imported now: a target that is not used costs nothing."""
        return getattr(importlib.import_module(f".{self.folder}.program", __package__), self.program)

    def chosen(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The options that it takes.

        Parameters
        ----------
        asked : mapping
            All of `OPTIONS`, some with other values than those there.

        Raises
        ------
        BioplastError
            For an option that is asked for and means nothing here, by its name.
        """
        for name, value in asked.items():
            if name not in self.options and value is not OPTIONS[name]:
                takers = ", ".join(repr(target.name) for target in TARGETS.values() if name in target.options)
                raise BioplastError(f"target {self.name!r} takes no option {name}: it is for {takers}")
        return {name: value for name, value in asked.items() if name in self.options}


def available() -> dict[str, str | None]:
    """Every target, with None when it works here, else one line that says what is missing and how to get it."""
    return {name: missing(name) for name in TARGETS}


def find(name: str) -> Target:
    """A target by its name; one that does not exist is refused."""
    if not isinstance(name, str) or name not in TARGETS:
        raise UnknownName("target", str(name), TARGETS)
    return TARGETS[name]


def require(name: str) -> None:
    """Refuse a target that does not exist or cannot work on this machine."""
    reason = find(name).lacks()
    if reason is not None:
        raise TargetUnavailable(f"target {name!r} cannot work here: {reason}")


def missing(name: str) -> str | None:
    """What a target lacks on this machine, in one line, or None.

    For "cuda" that is what compiling needs; running also needs a GPU (`bioplast.program.cuda.toolkit.gpu`).
    """
    return TARGETS[name].lacks()


def _nothing() -> str | None:
    return None


def _compiler() -> str | None:
    try:
        find_compiler()
    except TargetUnavailable as reason:
        return str(reason)
    return None


def _openmp() -> str | None:
    reason = _compiler()
    if reason is None and not build.accepts(find_compiler(), "-fopenmp"):
        return f"{find_compiler()} does not accept -fopenmp: install a compiler with OpenMP (g++ has it)"
    return reason


def _cython() -> str | None:
    reason = _compiler()
    if reason is not None:
        return reason
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        return (
            "the header Python.h is missing: install Python's development files "
            "(Debian and Ubuntu: apt install python3-dev; Fedora: dnf install python3-devel)"
        )
    for module in ("Cython", "setuptools"):
        if importlib.util.find_spec(module) is None:
            return f"the package {module} is missing: pip install {module.lower()}"
    return None


def _cuda() -> str | None:
    return _compiler() or toolkit.missing()


def _jax() -> str | None:
    found = importlib.util.find_spec("jax") is not None
    return None if found else "the package jax is missing: pip install jax"


_FOR_JAX = frozenset({"surrogate", "detach_reset", "dtype", "remat"})
_FOR_NATIVE = frozenset({"threads", "fast_math", "surrogate", "detach_reset", "dtype"})

TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target("numpy", "runtime", "RuntimeProgram", frozenset(), _nothing),
        Target("cython", "runtime", "RuntimeProgram", frozenset({"fast_math"}), _cython),
        Target("cpp", "cpp", "CppProgram", frozenset({"fast_math"}), _compiler),
        Target("openmp", "cpp", "CppProgram", frozenset({"threads", "fast_math"}), _openmp),
        Target("cuda", "cuda", "CudaProgram", frozenset({"fast_math"}), _cuda, assesses=False),
        Target("jax", "jax", "JaxProgram", _FOR_JAX, _jax, assesses=False),
        Target("native", "native", "NativeProgram", _FOR_NATIVE, _compiler),
    )
}
