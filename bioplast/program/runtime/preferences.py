"""Brian2's preferences for a run with one of its own targets."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

from brian2.core.preferences import prefs

from ...machine import processor
from ..build import cache
from ..build.flags import compiler_flags


@contextlib.contextmanager
def runtime_target(target: str, fast_math: bool) -> Iterator[None]:
    """Let Brian2 run with its target "numpy" or "cython", called with these flags, until the end of the block.

    Brian2 keeps Cython's extensions without asking for their flags or for the processor, so ours have a folder of their
    own for each.
    """
    flags = compiler_flags(fast_math)
    fingerprint = hashlib.sha256("\0".join([*flags, processor()]).encode()).hexdigest()[:16]
    wanted = {
        "codegen.target": target,
        "codegen.cpp.extra_compile_args_gcc": flags,
        "codegen.runtime.cython.cache_dir": str(cache.folder() / "cython" / fingerprint),
    }
    saved = {name: prefs[name] for name in wanted}
    try:
        for name, value in wanted.items():
            prefs[name] = value
        yield
    finally:
        for name, value in saved.items():
            prefs[name] = value
