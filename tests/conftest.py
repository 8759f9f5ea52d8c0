"""What all tests share: NumPy code generation, and a build cache of their own."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import platform
import sys
from pathlib import Path

import hypothesis
import pytest
from support.fidelity import ledger, pytest_addoption, pytest_configure  # noqa: F401

from bioplast.machine import SHARE, all_cores

ROOT = Path(__file__).resolve().parent.parent
# One cache for all workers and runs of the tests, so that a network is compiled once; never the user's own.
os.environ.setdefault("BIOPLAST_CACHE", str(ROOT / ".pytest_cache" / "bioplast"))
# A worker of pytest-xdist compiles on its share of the cores, which the others leave it.
if (workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))) > 1:
    os.environ.setdefault(SHARE, str(max(all_cores() // workers, 1)))
# Batches of target jax are spread over devices; JAX reads this when it is imported.
os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")

# How long an example takes says more about the machine than about what is tested.
hypothesis.settings.register_profile("bioplast", deadline=None)
hypothesis.settings.load_profile("bioplast")

LEFT_OUT = {}
# `make test` installs NEST there (setup.cfg). That it has wheels for some releases of macOS, no marker may ask for: pip
# 24.2 compares a kernel's release as a version, which not every one is.
if (sys.platform, platform.machine()) != ("linux", "x86_64"):
    LEFT_OUT["models/test_nest.py"] = "NEST is installed on Linux on x86-64 only"
if importlib.util.find_spec("brian2cuda") is None:
    LEFT_OUT["program/cuda/test_program.py"] = "brian2cuda is missing, which `make test` installs with Python 3.12"
if not os.environ.get("BIOPLAST_DATA"):
    LEFT_OUT["dataset/test_real_files.py"] = "BIOPLAST_DATA names no folder with the real data sets, as it does in CI"
collect_ignore = list(LEFT_OUT)


def pytest_terminal_summary(terminalreporter):
    for file, reason in LEFT_OUT.items():
        terminalreporter.write_line(f"{file} is left out: {reason}")


@pytest.fixture(autouse=True, scope="module")
def _what_is_loaded_stays():
    """Brian2 collects garbage before each of its runs: spare it all that is loaded, JAX's modules above all."""
    importlib.import_module("jax.numpy")
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _integration_is_derived_once(request):
    """Plain runs of Brian2 find the schemes that programs have kept; tests/program asks Brian2 itself."""
    if "program" in request.path.relative_to(ROOT / "tests").parts:
        yield
        return
    from bioplast.program.network.integration import remembered_integration

    with remembered_integration():
        yield


@pytest.fixture(autouse=True)
def _numpy_code_generation():
    """Groups are made and indexed without compiling anything; the targets of programs are not touched by it."""
    import brian2

    brian2.prefs.codegen.target = "numpy"
    yield
    brian2.prefs.codegen.target = "numpy"
