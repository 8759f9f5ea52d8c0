"""Targets cpp and openmp: a C++ program, built once, run many times."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import brian2

from ...machine import cores, find_compiler
from ..build import build
from ..build.flags import compiler_flags
from ..codegen.lowered import Lowered
from ..codegen.program import CompiledProgram, user_headers
from .lowering import lower
from .sources import prelude, render


class CppProgram(CompiledProgram):
    """A network as a compiled C++ program, with threads for target openmp."""

    kind = "C++ program"

    def __init__(
        self,
        network: brian2.Network,
        duration: float,
        target: str,
        namespace: Mapping[str, Any],
        watch: float | None,
        *,
        threads: int | None = None,
        fast_math: bool = False,
    ):
        self.threads = 0 if target == "cpp" else (threads or cores())
        self.parallel_runs = max(cores() // max(self.threads, 1), 1)
        self.fast_math = fast_math
        super().__init__(network, duration, target, namespace, watch)

    def _lower(self) -> tuple[Lowered, dict[str, str], build.Compiler]:
        lowered = lower(self.network, self._namespace, self.threads)
        options = lowered.compiler
        users = {f"sources/{os.path.basename(source)}": Path(source).read_text() for source in options["sources"]}
        sources = {**lowered.sources, **users, **render(lowered, self.threads), **prelude()}
        return lowered, sources, _compiler(options, self.threads, self.fast_math)


def _compiler(options: Mapping[str, list[Any]], threads: int, fast_math: bool) -> build.Compiler:
    flags = compiler_flags(fast_math)
    flags += [f"-I{place}" for place in options["include_dirs"]]
    flags += [f"-D{name}" if value is None else f"-D{name}={value}" for name, value in options["define_macros"]]
    link = [f"-L{place}" for place in options["library_dirs"]] + [f"-l{name}" for name in options["libraries"]]
    link += [f"-Wl,-rpath,{place}" for place in options["runtime_library_dirs"]]
    if threads:
        flags.append("-fopenmp")
    return build.Compiler(find_compiler(), tuple(flags), tuple(link), user_headers(options))
