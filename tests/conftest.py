"""What all tests share: NumPy code generation, a build cache of their own, and the networks of the benchmarks."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from pathlib import Path

import pytest
from fidelity import ledger, pytest_addoption, pytest_configure  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
# One cache for all workers and runs of the tests, so that a network is compiled once; never the user's own.
os.environ.setdefault("BIOPLAST_CACHE", str(ROOT / ".pytest_cache" / "bioplast"))
# brian2cuda is part of the development tools with Python 3.12 alone; `bioplast doctor` says so elsewhere.
collect_ignore = [] if importlib.util.find_spec("brian2cuda") else ["program/test_cuda.py"]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests" / "program")]

# NEST has wheels for Linux on x86-64 and macOS 15 on ARM, where `make test` installs it (setup.cfg).
NEST = {("linux", "x86_64"): True, ("darwin", "arm64"): platform.release() >= "24"}
collect_ignore = [] if NEST.get((sys.platform, platform.machine())) else ["test_nest.py"]


def pytest_terminal_summary(terminalreporter):
    for file in collect_ignore:
        terminalreporter.write_line(f"{file} is left out: NEST has no wheel for this machine")


@pytest.fixture(autouse=True)
def _numpy_code_generation():
    """Groups are made and indexed without compiling anything; the targets of programs are not touched by it."""
    import brian2

    brian2.prefs.codegen.target = "numpy"
    yield
    brian2.prefs.codegen.target = "numpy"
